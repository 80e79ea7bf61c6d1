import { describe, expect, it, jest } from '@jest/globals';
import request, { type Response } from 'supertest';
import { resolveOptions } from '../../src/ops/options/ops.options.js';
import { ReadTransactions } from '../../src/ops/read/read-transactions.js';
import { AdminClient } from '../support/admin-client.js';
import { DatabaseScene } from '../support/database-scene.js';
import { createReadApp } from '../support/read/read-app.js';

const YEAR = 'from=2025-01-01T00:00Z&to=2026-01-01T00:00Z';
/** No two of them are the same. */
const read = (index: number): string =>
  [
    `overview?${YEAR}&groupId=${index + 1}`,
    `breakdown?${YEAR}&by=group&limit=${index + 1}`,
    `trend?${YEAR}&bucket=day&groupId=${index + 1}`,
    `latency-distribution?${YEAR}&metric=ttft&groupId=${index + 1}`,
  ][index % 4] ?? '';

/** What a dashboard asks. */
const VIEW = [
  `overview?${YEAR}`,
  `trend?${YEAR}&bucket=day`,
  `breakdown?${YEAR}&by=platform`,
  `breakdown?${YEAR}&by=group`,
  `latency-distribution?${YEAR}&metric=ttft`,
];

describe('many or slow reads', () => {
  const scene = new DatabaseScene('read_load');
  let client: AdminClient;

  const start = async (variables: Record<string, string>): Promise<void> => {
    client = await AdminClient.start(scene.url, variables);
    scene.defer(() => client.close());
  };
  const send = async (count: number): Promise<Response[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => client.send('get', `/admin/ops/${read(index)}`)),
    );
  const codeOf = ({ status, body }: Response): string =>
    status === 200 ? '200' : `${status} ${(body as { code: string }).code}`;

  /** While nobody can read usage_logs. */
  async function whileLocked(work: () => Promise<void>): Promise<void> {
    const other = await scene.begin('LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE');
    await work();
    await other.query('ROLLBACK');
  }

  it('leave connections for readiness and metrics behind a locked table, and answer 503', async () => {
    await start({ OPS_READ_TIMEOUT_MS: '1000' });
    await whileLocked(async () => {
      const reading = send(12);
      const [ready, metrics] = await Promise.all([
        client.anonymous('get', '/ready'),
        client.anonymous('get', '/metrics'),
      ]);
      expect([ready.status, metrics.status]).toEqual([200, 200]);
      expect(metrics.text).toContain('ops_rollup_up 1');
      for (const response of await reading) {
        expect(codeOf(response)).toBe('503 READ_TIMEOUT');
        expect(response.headers['retry-after']).toBe('5');
      }
    });
    expect((await send(4)).map(codeOf)).toEqual(['200', '200', '200', '200']);
  });

  it('never take the last connection of a small pool', async () => {
    await start({ DATABASE_POOL_SIZE: '2', OPS_MAX_CONCURRENT_READS: '8', OPS_READ_TIMEOUT_MS: '600' });
    await whileLocked(async () => {
      const reading = send(6);
      expect((await client.anonymous('get', '/ready')).status).toBe(200);
      expect(new Set((await reading).map(codeOf))).toEqual(new Set(['503 READ_TIMEOUT']));
    });
  });

  it('are refused at once when more are waiting than the queue takes, and served otherwise', async () => {
    await start({ OPS_MAX_CONCURRENT_READS: '1', OPS_READ_TIMEOUT_MS: '400' });
    await whileLocked(async () => {
      const responses = await send(60);
      const busy = responses.filter((response) => codeOf(response) === '503 READS_BUSY');
      expect(busy.length).toBeGreaterThan(0);
      expect(busy[0]?.headers['retry-after']).toBe('2');
      expect(new Set(responses.map(codeOf))).toEqual(new Set(['503 READS_BUSY', '503 READ_TIMEOUT']));
    });
    expect(new Set((await send(20)).map(codeOf))).toEqual(new Set(['200']));
  });

  it('answer 200 or 503, and nothing else, when 200 year-long ones come at the same moment', async () => {
    await start({});
    const [responses, ready] = await Promise.all([send(200), client.anonymous('get', '/ready')]);
    expect(ready.status).toBe(200);
    const codes = responses.map(codeOf);
    expect(codes.filter((code) => code === '200').length).toBeGreaterThanOrEqual(104);
    expect(codes.filter((code) => code !== '200' && code !== '503 READS_BUSY')).toEqual([]);
  });

  it('are read once where 100 viewers ask the same five at the same moment', async () => {
    let arrived = 0;
    let open: (admitted: boolean) => void = () => undefined;
    const all = new Promise<boolean>((resolve) => {
      open = resolve;
    });
    const canActivate = (): Promise<boolean> => {
      arrived += 1;
      if (arrived === 500) open(true);
      return all;
    };
    const app = await createReadApp(scene.dataSource, { canActivate });
    scene.defer(() => app.close());
    const reading = jest.spyOn(ReadTransactions.prototype, 'run');
    scene.defer(() => {
      reading.mockRestore();
    });
    const viewers = Array.from({ length: 100 }, async () =>
      Promise.all(VIEW.map((path) => request(app.getHttpServer()).get(`/admin/ops/${path}`))),
    );
    const answers = await Promise.all(viewers);
    expect(new Set(answers.flat().map(codeOf))).toEqual(new Set(['200']));
    expect(reading).toHaveBeenCalledTimes(5);
    VIEW.forEach((_path, index) => {
      expect(new Set(answers.map((view) => view[index]?.text)).size).toBe(1);
    });
  });

  it('are given up after readTimeoutMs', async () => {
    await start({ OPS_READ_TIMEOUT_MS: '200' });
    await scene.query(`
      ALTER TABLE ops_metrics_invalidations RENAME TO invalidations;
      CREATE VIEW ops_metrics_invalidations AS
        SELECT i.* FROM pg_sleep(30) LEFT JOIN invalidations i ON true`);
    try {
      const responses = [...(await send(4)), await client.send('get', '/admin/ops/status')];
      expect(responses.map(codeOf)).toEqual(Array<string>(5).fill('503 READ_TIMEOUT'));
    } finally {
      await scene.query(`
        DROP VIEW ops_metrics_invalidations;
        ALTER TABLE invalidations RENAME TO ops_metrics_invalidations`);
    }
  });

  it('run read-only, READ COMMITTED, under limits that end with their transaction', async () => {
    await start({});
    const names = [
      'transaction_isolation',
      'transaction_read_only',
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
      'jit',
    ];
    const text = `SELECT ARRAY[${names.map((name) => `current_setting('${name}')`).join(', ')}] AS settings,
      pg_backend_pid() AS pid`;
    const { dataSource } = scene;
    const stricter = 'ALTER DATABASE CURRENT SET default_transaction_isolation';
    await dataSource.query(
      stricter.replace('CURRENT', new URL(scene.url).pathname.slice(1)) + ` = 'serializable'`,
    );
    const reads = new ReadTransactions(dataSource, resolveOptions({ readTimeoutMs: 3000 }));
    const [row] = await reads.run((manager) => manager.query<{ settings: string[]; pid: number }[]>(text));
    expect(row?.settings).toEqual(['read committed', 'on', '3s', '1500ms', '30s', 'off']);
    const [after] = await dataSource.query<{ settings: string[]; pid: number }[]>(text);
    expect(after?.pid).toBe(row?.pid);
    expect(after?.settings.slice(1, 4)).toEqual(['off', '0', '0']);
  });
});
