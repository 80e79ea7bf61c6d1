import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  OpsRequestsTimeoutError,
  OpsRequestsUnservedError,
  type RequestsQuery,
} from '../../src/ops/index.js';
import { OpsScene } from '../support/ops-scene.js';

const HOUR = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T01:00:00Z' };
const DAY = { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' };

describe('a list of requests that no index serves', () => {
  const scene = new OpsScene('requests_refused', {}, { each: 'test' });

  beforeEach(async () => {
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, request_id, created_at)
       SELECT 1, 1, n, 'm', 1, 'r' || n, timestamptz '2026-03-01T00:00:00Z' + n * interval '1 minute' FROM generate_series(1, 9) AS n`,
    );
    await scene.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, request_id, created_at) VALUES ('p', 't', 'r1', '2026-03-01T00:30:00Z')`,
    );
  });

  /** Another instance, which has not looked yet. */
  const counted = async (query: Partial<RequestsQuery> = {}): Promise<number> => {
    const app = await scene.start();
    return (await app.requests.list({ ...HOUR, ...query })).items.length;
  };
  const unserved = async (query: Partial<RequestsQuery>, message: string): Promise<void> => {
    const refused = counted(query);
    await expect(refused).rejects.toBeInstanceOf(OpsRequestsUnservedError);
    await expect(refused).rejects.toMatchObject({ status: 409, message: expect.stringContaining(message) });
  };

  it.each([
    ['nothing', ''],
    ['only a part of the table', `CREATE INDEX ON usage_logs (created_at) WHERE model = 'm'`],
    ['something else first', 'CREATE INDEX ON usage_logs (model, created_at)'],
    ['no order', 'CREATE INDEX ON usage_logs USING brin (created_at)'],
    ['another order', 'CREATE INDEX ON usage_logs (created_at DESC NULLS LAST)'],
  ])('is refused where the index on created_at has %s', async (_what, index) => {
    await scene.query('DROP INDEX idx_usage_logs_created_at');
    if (index !== '') await scene.query(index);
    await unserved({}, 'usage_logs (created_at)');
    expect(await counted({ kind: 'error' })).toBe(1);
  });

  it.each(['(created_at DESC)', '(created_at, id)'])('is served by an index on %s', async (columns) => {
    await scene.query('DROP INDEX idx_usage_logs_created_at');
    await scene.query(`CREATE INDEX ON usage_logs ${columns}`);
    expect(await counted()).toBe(10);
  });

  it.each([
    [
      'partitioned',
      'PARTITION BY RANGE (created_at)',
      `PARTITION OF parted FOR VALUES FROM ('2026-01-01Z') TO ('2027-01-01Z')`,
    ],
    ['inherited', '', '(LIKE parted) INHERITS (parted)'],
  ])('needs the index on each part of a table that is %s', async (_what, how, part) => {
    await scene.query(`CREATE TABLE parted (LIKE usage_logs INCLUDING DEFAULTS) ${how}`);
    await scene.query(`CREATE TABLE parted_1 ${part}`);
    await scene.query('INSERT INTO parted_1 SELECT * FROM usage_logs');
    await scene.query('ALTER TABLE usage_logs RENAME TO before');
    await scene.query('ALTER TABLE parted RENAME TO usage_logs');
    await unserved({}, 'usage_logs (created_at)');
    await scene.query('CREATE INDEX ON parted_1 (created_at)');
    expect(await counted()).toBe(10);
  });

  it('looks for a request id within an hour, and in more with an index', async () => {
    expect(await counted({ requestId: 'r1' })).toBe(2);
    await unserved({ ...DAY, requestId: 'r1' }, 'ops_error_logs (request_id)');
    await scene.query('CREATE INDEX ON ops_error_logs USING hash (request_id)');
    await unserved({ ...DAY, requestId: 'r1' }, 'usage_logs (request_id)');
    await scene.query('CREATE INDEX ON usage_logs (request_id) WHERE request_id IS NOT NULL');
    expect(await counted({ ...DAY, requestId: 'r1' })).toBe(2);
  });

  it('has null for columns that the tables lack, and is refused by them', async () => {
    await scene.query(
      'ALTER TABLE usage_logs DROP COLUMN account_id, DROP COLUMN total_cost, DROP COLUMN stream',
    );
    await scene.query('ALTER TABLE ops_error_logs DROP COLUMN severity, DROP COLUMN error_message');
    const { items } = await (await scene.start()).requests.list(HOUR);
    expect(items).toContainEqual(
      expect.objectContaining({ accountId: null, totalCost: null, stream: null, actualCost: '0.0000000000' }),
    );
    expect(items).toContainEqual(expect.objectContaining({ severity: null, message: null }));
    await unserved({ accountId: '1' }, 'usage_logs has no column account_id');
    expect(await counted({ accountId: '(none)', kind: 'error' })).toBe(1);
  });

  it.each<[Partial<RequestsQuery>, RegExp]>([
    [
      { accountId: '4' },
      /serve: ops_error_logs \(account_id, created_at\), usage_logs \(account_id, created_at\)$/,
    ],
    [
      { accountId: '4', model: 'm', minDurationMs: 7 },
      /serve: usage_logs \(model, account_id, created_at, duration_ms\)$/,
    ],
    [{ groupId: '1', kind: 'success' }, /serve: usage_logs \(group_id, created_at\)$/],
    [{}, /given up after 100 ms \(readTimeoutMs\): ask for a shorter range$/],
  ])('says which index would serve where it takes too long: %j', async (query, message) => {
    const app = await scene.start({
      readTimeoutMs: 100,
      usageFilter: `pg_sleep(CASE WHEN user_id = 1 THEN 0.2 ELSE 0 END)::text = ''`,
    });
    await scene.query('UPDATE usage_logs SET account_id = 4, duration_ms = 7');
    const late = app.requests.list({ ...HOUR, ...query });
    await expect(late).rejects.toBeInstanceOf(OpsRequestsTimeoutError);
    await expect(late).rejects.toMatchObject({
      status: 503,
      code: 'READ_TIMEOUT',
      message: expect.stringMatching(message),
    });
  });
});
