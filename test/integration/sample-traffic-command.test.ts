import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SAMPLE_GROUPS } from '../../src/gateway/sample-traffic/catalog.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const METRICS = ['ops_metrics_hourly', 'ops_metrics_daily'] as const;
const RAW = ['groups', 'usage_logs', 'ops_error_logs'] as const;

/** Everything a table holds but what only says when it was written. */
const contents = (database: TestDatabase, table: string): Promise<unknown> =>
  database.dataSource.query(
    `SELECT to_jsonb(t) - '{id,computed_at,created_at,written_at,updated_at}'::text[] AS row FROM ${table} t ORDER BY 1`,
  );
const snapshot = async (database: TestDatabase, tables: readonly string[]): Promise<unknown[]> =>
  Promise.all(tables.map((table) => contents(database, table)));
const count = async (database: TestDatabase, table: string): Promise<number> => {
  const [row] = await database.dataSource.query<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${table}`);
  return row?.n ?? NaN;
};

describe('sample-traffic in a database of its own', () => {
  let database: TestDatabase;
  const ops = (...args: string[]): Promise<CommandResult> => runCommand(database.url, args);

  beforeAll(async () => {
    database = await createTestDatabase('sample_own');
  });
  afterAll(async () => {
    await database.drop();
  });

  it('writes, writes more, and takes all of it out again', async () => {
    for (const seed of ['7', '8']) {
      expect(await ops('sample-traffic', '--days', '2', '--rows', '500', '--seed', seed)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^Wrote 500 requests and \d+ errors in /),
      });
    }
    expect(await count(database, 'usage_logs')).toBe(1_000);
    expect(await ops('refresh')).toMatchObject({ code: 0 });
    expect(await count(database, 'ops_metrics_hourly')).toBeGreaterThan(50);

    const removed = await ops('sample-traffic', '--remove');
    expect(removed).toMatchObject({ code: 0, stderr: '' });
    expect(removed.stdout).toMatch(/^Removed 1000 requests, \d+ errors and 40 groups\n/);
    expect(await Promise.all([...RAW, ...METRICS].map((table) => count(database, table)))).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect(await ops('sample-traffic', '--remove')).toMatchObject({
      code: 0,
      stdout: 'Removed 0 requests, 0 errors and 0 groups\n',
    });
  });
});

describe('sample-traffic in a database of others', () => {
  let database: TestDatabase;
  const ops = (...args: string[]): Promise<CommandResult> => runCommand(database.url, args);
  const write = ['sample-traffic', '--days', '2', '--rows', '3000'] as const;
  /** A closed hour of yesterday, in which both others and the sample have rows. */
  const hour = new Date(Math.floor(Date.now() / HOUR_MS - 20) * HOUR_MS).toISOString();

  beforeAll(async () => {
    database = await createTestDatabase('sample_others');
    const { dataSource } = database;
    await dataSource.query(`INSERT INTO groups (id, name, platform) VALUES (1000, 'one', 'openai')`);
    // As many as the sample has in no hour: also the hours with fewer of them than of the sample must come right.
    await dataSource.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, request_id, model, group_id, input_tokens, duration_ms, created_at)
       SELECT 1, 1, 1, CASE WHEN n % 2 = 0 THEN 'sample-' || n END, 'm', 1000, n, n, $1::timestamptz + n * interval '10 min'
       FROM generate_series(0, 60) AS n`,
      [hour],
    );
    await dataSource.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, platform, status_code, request_id, created_at)
       VALUES ('auth', 'none', 'openai', 500, 'req_1', $1::timestamptz), ('auth', 'none', NULL, 401, NULL, $1)`,
      [hour],
    );
  });
  afterAll(async () => {
    await database.drop();
  });

  it('is refused and changes nothing, whichever table has their rows', async () => {
    const before = await snapshot(database, RAW);
    const refused = await ops(...write);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^error: the database ops_test_sample_others_\w+ holds rows or groups that are no sample traffic: nothing was written; --yes-into-this-database [^\n]*\n$/,
    );
    expect(await snapshot(database, RAW)).toEqual(before);

    const empty = await createTestDatabase('sample_groups');
    try {
      await empty.dataSource.query(`INSERT INTO groups (name, platform) VALUES ('theirs', 'openai')`);
      expect(await runCommand(empty.url, write)).toMatchObject({ code: 2 });
      await empty.dataSource.query('DELETE FROM groups');
      await empty.dataSource.query(
        `INSERT INTO ops_error_logs (error_phase, error_type) VALUES ('auth', 'none')`,
      );
      expect(await runCommand(empty.url, write)).toMatchObject({ code: 2 });
      expect(await count(empty, 'groups')).toBe(0);
    } finally {
      await empty.drop();
    }
  });

  it('goes in when it is said so, and comes out again, rows, groups and metrics, and nothing else', async () => {
    expect(await ops('refresh')).toMatchObject({ code: 0 });
    const raw = await snapshot(database, RAW);
    const metrics = await snapshot(database, METRICS);

    expect(await ops(...write, '--yes-into-this-database')).toMatchObject({ code: 0 });
    expect(await ops('refresh')).toMatchObject({ code: 0 });
    expect(await count(database, 'groups')).toBe(1 + SAMPLE_GROUPS.length);
    expect(await snapshot(database, METRICS)).not.toEqual(metrics);

    expect(await ops('sample-traffic', '--remove')).toMatchObject({ code: 0, stderr: '' });
    expect(await snapshot(database, RAW)).toEqual(raw);
    expect(await snapshot(database, METRICS)).toEqual(metrics);
    const [from, to] = [Date.now() - 50 * HOUR_MS, Date.now()].map((time) => new Date(time).toISOString());
    expect(await ops('verify', '--from', from ?? '', '--to', to ?? '')).toMatchObject({ code: 0 });
  });

  it('leaves a group that others have taken into use', async () => {
    expect(await ops(...write, '--yes-into-this-database')).toMatchObject({ code: 0 });
    const [taken, referenced] = SAMPLE_GROUPS.slice(5, 7).map(({ name }) => name);
    await database.dataSource.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id)
       SELECT 1, 1, 1, 'm', id FROM groups WHERE name = $1`,
      [taken],
    );
    await database.dataSource.query(
      'CREATE TABLE api_keys (group_id bigint REFERENCES groups (id)); ' +
        `INSERT INTO api_keys SELECT id FROM groups WHERE name = '${referenced ?? ''}'`,
    );
    const removed = await ops('sample-traffic', '--remove');
    expect(removed).toMatchObject({ code: 0, stderr: '' });
    expect(removed.stdout).toContain('and 38 groups\n');
    expect(await database.dataSource.query('SELECT name FROM groups ORDER BY name')).toEqual(
      ['one', taken, referenced].toSorted().map((name) => ({ name })),
    );
  });

  it('recomputes no hour whose raw rows may be gone: its history stays', async () => {
    const keepsOneDay = { OPS_USAGE_RETENTION_DAYS: '1' };
    const old = new Date(Math.floor(Date.now() / HOUR_MS - 40) * HOUR_MS).toISOString();
    const history = `SELECT success_count FROM ops_metrics_hourly WHERE bucket_start = $1 AND platform IS NULL`;
    await database.dataSource.query('DELETE FROM ops_metrics_hourly WHERE bucket_start = $1', [old]);
    await database.dataSource.query(
      'INSERT INTO ops_metrics_hourly (bucket_start, success_count) VALUES ($1, 7)',
      [old],
    );
    expect(await ops(...write, '--yes-into-this-database')).toMatchObject({ code: 0 });
    expect(await runCommand(database.url, ['refresh'], keepsOneDay)).toMatchObject({ code: 0 });
    expect(await runCommand(database.url, ['sample-traffic', '--remove'], keepsOneDay)).toMatchObject({
      code: 0,
    });
    expect(await database.dataSource.query(history, [old])).toEqual([{ success_count: '7' }]);
  });
});
