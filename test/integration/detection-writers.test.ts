import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import {
  createEmptyDatabase,
  createTestDatabase,
  dropDatabase,
  urlOf,
  type TestDatabase,
} from '../support/test-database.js';

const INHERITED = `CREATE TABLE usage_logs_new () INHERITS (usage_logs);
ALTER TABLE usage_logs_new ADD PRIMARY KEY (id); CREATE INDEX ON usage_logs_new (created_at)`;

/** More than one transaction of detection looks at. */
const BACKLOG = 450_000;

describe('detection beside writers', () => {
  let database: TestDatabase;
  let app: OpsApp;
  let writers: pg.Client[];

  beforeEach(async () => {
    database = await createTestDatabase('detection_writers');
    // Without the audit, which would find what detection misses.
    app = await createOpsApp(database.url, { auditPercent: 0 });
    await scene.resetScene(database.dataSource);
    writers = [];
  });
  afterEach(async () => {
    for (const writer of writers) await writer.end();
    await app.close();
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);

  async function begin(): Promise<pg.Client> {
    const writer = await scene.connect(database.url);
    writers.push(writer);
    await writer.query('BEGIN');
    return writer;
  }

  const expectAllRight = async (): Promise<void> =>
    expectRight(database.url, await ago(60 * 24), await ago(0));

  it('waits for a transaction on a child of the table, whose rows come below ids that have been seen', async () => {
    await database.dataSource.query(INHERITED);
    await scene.insertRequests(database.dataSource, await ago(50));
    await app.refresh.tick();
    const before = await scene.safeId(database.dataSource);
    const writer = await begin();
    await writer.query(
      `INSERT INTO usage_logs_new (user_id, api_key_id, account_id, model, group_id, created_at)
       VALUES (1, 1, 1, 'm', 1, $1::timestamptz)`,
      [(await ago(30)).toISOString()],
    );
    await scene.insertRequests(database.dataSource, await ago(20));
    await app.refresh.tick();
    expect(await scene.safeId(database.dataSource)).toBe(before);
    await writer.query('COMMIT');
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, await ago(30))).toBe(1);
    await expectAllRight();
  });

  it('finds the rows of each transaction when it ends, while another that is forgotten holds the mark back', async () => {
    await scene.insertRequests(database.dataSource, await ago(50));
    await app.refresh.tick();
    const forgotten = await begin();
    await scene.insertRequests(forgotten, await ago(49), 1);
    for (const hours of [40, 30, 20]) {
      const writer = await begin();
      await scene.insertRequests(writer, await ago(hours), 2);
      await scene.insertRequests(database.dataSource, await ago(hours + 1), 1);
      await app.refresh.tick();
      expect(await scene.storedRequests(database.dataSource, await ago(hours))).toBeNull();
      await writer.query('COMMIT');
      await app.refresh.tick();
      expect(await scene.storedRequests(database.dataSource, await ago(hours))).toBe(2);
      // What has been seen is not looked at again for the sake of the forgotten one.
      expect(await app.refresh.tick()).toMatchObject({ detectedHours: 0, drainedHours: 0 });
    }
    await forgotten.query('COMMIT');
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, await ago(49))).toBe(1);
    await expectAllRight();
  });

  it('says since when, and by whom, it is held back: in the status, the metrics and the log', async () => {
    await app.refresh.tick();
    expect((await app.status.status()).rawTables.map(({ heldSince, heldBy }) => [heldSince, heldBy])).toEqual(
      [
        [null, null],
        [null, null],
      ],
    );
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const writer = await begin();
    await scene.insertRequests(writer, await ago(10), 1);
    for (let tick = 0; tick < 3; tick += 1) {
      await scene.insertRequests(database.dataSource, await ago(9), 1);
      await app.refresh.tick();
    }
    const warnings = warn.mock.calls.map(([message]) => String(message));
    warn.mockRestore();
    const [usage, errors] = (await app.status.status()).rawTables;
    expect(usage?.heldBy).toMatch(/^pid \d+ \(test-writer\), .*in transaction since \d{4}-/);
    expect(Date.parse(usage?.heldSince ?? '')).toBeGreaterThan(Date.now() - 3_600_000);
    expect(errors).toMatchObject({ heldSince: null, heldBy: null });
    expect(warnings.filter((text) => text.includes('held back by pid'))).toHaveLength(1);

    await writer.query('COMMIT');
    await app.refresh.tick();
    expect((await app.status.status()).rawTables[0]).toMatchObject({ heldSince: null, heldBy: null });
    await expectAllRight();
  });

  it('notes the backfill of a first run beside a writer twice, and not with every tick', async () => {
    for (const hours of [700, 300, 20]) await scene.insertRequests(database.dataSource, await ago(hours));
    const writer = await begin();
    await scene.insertRequests(writer, await ago(500), 2);
    expect((await app.refresh.tick()).detectedHours).toBeGreaterThanOrEqual(700);
    for (let tick = 0; tick < 3; tick += 1) {
      expect(await app.refresh.tick()).toMatchObject({ detectedHours: 0, drainedHours: 0 });
    }
    await writer.query('COMMIT');
    expect((await app.refresh.tick()).detectedHours).toBeGreaterThanOrEqual(700);
    expect(await app.refresh.tick()).toMatchObject({ detectedHours: 0 });
    expect(await scene.storedRequests(database.dataSource, await ago(500))).toBe(2);
    await expectAllRight();
  });

  it('takes a large backlog in several transactions, each of which is kept', async () => {
    await scene.insertRequests(database.dataSource, await ago(3), 1);
    await app.refresh.tick();
    const before = (await scene.safeId(database.dataSource)) ?? 0n;
    await database.dataSource.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, created_at)
       SELECT 1, 1, 1, 'm', 1, $1::timestamptz + (i % 20) * interval '1 hour' FROM generate_series(1, $2::int) AS i`,
      [(await ago(30)).toISOString(), BACKLOG],
    );
    await database.dataSource.query(`CREATE TABLE moves (safe_id bigint);
      CREATE FUNCTION remember_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO moves VALUES (NEW.safe_id); RETURN NEW;
      END $$;
      CREATE TRIGGER remember_move AFTER UPDATE ON ops_detect_state FOR EACH ROW
        WHEN (NEW.raw_table = 'usage_logs') EXECUTE FUNCTION remember_move()`);
    expect(await app.refresh.tick()).toMatchObject({ lateRows: BACKLOG, drainedHours: 20 });
    const moves = await database.dataSource.query<{ safe_id: string }[]>('SELECT safe_id FROM moves');
    expect(moves.length).toBeGreaterThanOrEqual(3);
    const steps = moves.map(
      ({ safe_id }, index) =>
        BigInt(safe_id) - (index === 0 ? before : BigInt(moves[index - 1]?.safe_id ?? 0)),
    );
    expect(steps.every((step) => step <= 200_000n)).toBe(true);
    expect(await scene.safeId(database.dataSource)).toBe(before + BigInt(BACKLOG));
  });
});

describe('a raw table that cannot be followed', () => {
  const cleanups: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  async function emptyDatabase(): Promise<string> {
    const name = await createEmptyDatabase('unfollowed');
    cleanups.push(() => dropDatabase(name));
    return urlOf(name);
  }

  const COLUMNS = `id bigserial PRIMARY KEY, user_id bigint, api_key_id bigint, account_id bigint, request_id varchar(64),
    model varchar(100), group_id bigint, input_tokens bigint, output_tokens numeric, cache_creation_tokens double precision,
    cache_read_tokens bigint, total_cost numeric, actual_cost numeric, stream boolean, duration_ms int, first_token_ms int`;

  it.each([
    [
      'a view',
      `CREATE TABLE real_logs (${COLUMNS}, created_at timestamptz); CREATE VIEW usage_logs AS TABLE real_logs`,
      /usage_logs is not a table/,
    ],
    [
      'a time without a zone',
      `CREATE TABLE usage_logs (${COLUMNS}, created_at timestamp)`,
      /created_at of usage_logs is timestamp without time zone, and must be timestamptz/,
    ],
    ['a date', `CREATE TABLE usage_logs (${COLUMNS}, created_at date)`, /created_at of usage_logs is date/],
  ])('is refused by migrate, with a line: %s', async (_what, ddl, line) => {
    const dataSource = await createDataSource(await emptyDatabase()).initialize();
    cleanups.push(() => dataSource.destroy());
    await dataSource.query(ddl);
    await expect(migrate(dataSource)).rejects.toThrow(line);
    const [{ tables } = { tables: -1 }] = await dataSource.query<{ tables: number }[]>(
      `SELECT count(*)::int AS tables FROM pg_class WHERE relname LIKE 'ops_metrics%'`,
    );
    expect(tables).toBe(0);
  });

  it('is refused by the tick where it has become one since', async () => {
    const database = await createTestDatabase('unfollowed');
    cleanups.push(() => database.drop());
    await database.dataSource.query(
      'ALTER TABLE usage_logs RENAME TO real_logs; CREATE VIEW usage_logs AS TABLE real_logs',
    );
    const app = await createOpsApp(database.url);
    cleanups.push(() => app.close());
    await expect(app.refresh.tick()).rejects.toMatchObject({ name: 'OpsRawTableError' });
    expect((await app.status.status()).jobs).toMatchObject([
      { lastError: expect.stringMatching(/usage_logs is not a table/) },
    ]);
  });

  it('is not one with bigint, double and numeric columns', async () => {
    const url = await emptyDatabase();
    const dataSource = await createDataSource(url).initialize();
    cleanups.push(() => dataSource.destroy());
    await dataSource.query(
      `CREATE TABLE usage_logs (${COLUMNS}, created_at timestamptz); CREATE INDEX ON usage_logs (created_at)`,
    );
    await migrate(dataSource);
    await dataSource.query(`INSERT INTO groups (id, name, platform) VALUES (1, 'one', 'openai')`);
    const hour = await hoursAgo(dataSource, 5);
    await dataSource.query(
      `INSERT INTO usage_logs (group_id, input_tokens, output_tokens, cache_creation_tokens, cache_read_tokens, duration_ms, created_at)
       VALUES (1, 3000000000, 4000000000, 5, 6, 100, $1)`,
      [hour.toISOString()],
    );
    const app = await createOpsApp(url);
    cleanups.push(() => app.close());
    expect(await app.refresh.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
    const rows = await dataSource.query<object[]>(
      'SELECT success_count AS n, token_consumed AS tokens FROM ops_metrics_hourly WHERE platform IS NULL',
    );
    expect(rows).toEqual([{ n: '1', tokens: '7000000011' }]);
    expect(
      (await app.verify.verify(await hoursAgo(dataSource, 9), await hoursAgo(dataSource, 0))).differences,
    ).toEqual([]);
  });
});
