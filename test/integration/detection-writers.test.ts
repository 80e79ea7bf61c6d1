import { describe, expect, it } from '@jest/globals';
import { migrate } from '../../src/database/migrate.js';
import { OpsScene } from '../support/ops-scene.js';
import { DatabaseScene } from '../support/database-scene.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { insertRequests } from '../support/refresh-scene.js';
import { createUnmigratedDatabase } from '../support/test-database.js';

const INHERITED = `CREATE TABLE usage_logs_new () INHERITS (usage_logs);
ALTER TABLE usage_logs_new ADD PRIMARY KEY (id); CREATE INDEX ON usage_logs_new (created_at)`;

/** More than one transaction of detection looks at. */
const BACKLOG = 450_000;

describe('detection beside writers', () => {
  // Without the audit, which would find what detection misses; some of these change the raw table.
  const scene = new OpsScene('detection_writers', { auditPercent: 0 }, { each: 'test' });
  const { ago } = scene;

  it('waits for a transaction on a child of the table, whose rows come below ids that have been seen', async () => {
    await scene.query(INHERITED);
    await scene.insertRequests(await ago(50));
    await scene.tick();
    const before = await scene.safeId();
    const writer = await scene.begin();
    await writer.query(
      `INSERT INTO usage_logs_new (user_id, api_key_id, account_id, model, group_id, created_at)
       VALUES (1, 1, 1, 'm', 1, $1::timestamptz)`,
      [await ago(30)],
    );
    await scene.insertRequests(await ago(20));
    await scene.tick();
    expect(await scene.safeId()).toBe(before);
    await writer.query('COMMIT');
    await scene.tick();
    expect(await scene.storedRequests(await ago(30))).toBe(1);
    await scene.expectRight();
  });

  it('finds the rows of each transaction when it ends, while another that is forgotten holds the mark back', async () => {
    await scene.insertRequests(await ago(50));
    await scene.tick();
    const forgotten = await scene.begin();
    await insertRequests(forgotten, await ago(49), 1);
    for (const hours of [40, 30, 20]) {
      const writer = await scene.begin();
      await insertRequests(writer, await ago(hours), 2);
      await scene.insertRequests(await ago(hours + 1), 1);
      await scene.tick();
      expect(await scene.storedRequests(await ago(hours))).toBeNull();
      await writer.query('COMMIT');
      await scene.tick();
      expect(await scene.storedRequests(await ago(hours))).toBe(2);
      // What has been seen is not looked at again for the sake of the forgotten one.
      expect(await scene.tick()).toMatchObject({ detectedHours: 0, drainedHours: 0 });
    }
    await forgotten.query('COMMIT');
    await scene.tick();
    expect(await scene.storedRequests(await ago(49))).toBe(1);
    await scene.expectRight();
  });

  it('says since when, and by whom, it is held back: in the status, the metrics and the log', async () => {
    await scene.tick();
    expect((await scene.status()).rawTables.map(({ heldSince, heldBy }) => [heldSince, heldBy])).toEqual([
      [null, null],
      [null, null],
    ]);
    const warnings = scene.warnings();
    const writer = await scene.begin();
    await insertRequests(writer, await ago(10), 1);
    for (let tick = 0; tick < 3; tick += 1) {
      await scene.insertRequests(await ago(9), 1);
      await scene.tick();
    }
    const [usage, errors] = (await scene.status()).rawTables;
    expect(usage?.heldBy).toMatch(/^pid \d+ \(test-writer\), .*in transaction since \d{4}-/);
    expect(Date.parse(usage?.heldSince ?? '')).toBeGreaterThan(Date.now() - 3_600_000);
    expect(errors).toMatchObject({ heldSince: null, heldBy: null });
    expect(warnings.filter((text) => text.includes('held back by pid'))).toHaveLength(1);

    await writer.query('COMMIT');
    await scene.tick();
    expect((await scene.status()).rawTables[0]).toMatchObject({ heldSince: null, heldBy: null });
    await scene.expectRight();
  });

  it('notes the backfill of a first run beside a writer twice, and not with every tick', async () => {
    for (const hours of [700, 300, 20]) await scene.insertRequests(await ago(hours));
    const writer = await scene.begin();
    await insertRequests(writer, await ago(500), 2);
    expect((await scene.tick()).detectedHours).toBeGreaterThanOrEqual(700);
    for (let tick = 0; tick < 3; tick += 1) {
      expect(await scene.tick()).toMatchObject({ detectedHours: 0, drainedHours: 0 });
    }
    await writer.query('COMMIT');
    expect((await scene.tick()).detectedHours).toBeGreaterThanOrEqual(700);
    expect(await scene.tick()).toMatchObject({ detectedHours: 0 });
    expect(await scene.storedRequests(await ago(500))).toBe(2);
    await scene.expectRight();
  });

  it('takes a large backlog in several transactions, each of which is kept', async () => {
    await scene.insertRequests(await ago(3), 1);
    await scene.tick();
    const before = (await scene.safeId()) ?? 0n;
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, created_at)
       SELECT 1, 1, 1, 'm', 1, $1::timestamptz + (i % 20) * interval '1 hour' FROM generate_series(1, $2::int) AS i`,
      [await ago(30), BACKLOG],
    );
    await scene.query(`CREATE TABLE moves (safe_id bigint);
      CREATE FUNCTION remember_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO moves VALUES (NEW.safe_id); RETURN NEW;
      END $$;
      CREATE TRIGGER remember_move AFTER UPDATE ON ops_detect_state FOR EACH ROW
        WHEN (NEW.raw_table = 'usage_logs') EXECUTE FUNCTION remember_move()`);
    expect(await scene.tick()).toMatchObject({ lateRows: BACKLOG, drainedHours: 20 });
    const moves = await scene.query<{ safe_id: string }>('SELECT safe_id FROM moves');
    expect(moves.length).toBeGreaterThanOrEqual(3);
    const steps = moves.map(
      ({ safe_id }, index) =>
        BigInt(safe_id) - (index === 0 ? before : BigInt(moves[index - 1]?.safe_id ?? 0)),
    );
    expect(steps.every((step) => step <= 200_000n)).toBe(true);
    expect(await scene.safeId()).toBe(before + BigInt(BACKLOG));
  });
});

describe('a raw table that cannot be followed', () => {
  const scene = new DatabaseScene('unfollowed', {
    each: 'test',
    create: () => createUnmigratedDatabase('unfollowed'),
  });
  async function start(): Promise<OpsApp> {
    const app = await createOpsApp(scene.url);
    scene.defer(() => app.close());
    return app;
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
    await scene.query(ddl);
    await expect(migrate(scene.dataSource)).rejects.toThrow(line);
    expect(await scene.query(`SELECT FROM pg_class WHERE relname LIKE 'ops_metrics%'`)).toEqual([]);
  });

  it('is refused by the tick where it has become one since', async () => {
    await migrate(scene.dataSource);
    await scene.query(
      'ALTER TABLE usage_logs RENAME TO real_logs; CREATE VIEW usage_logs AS TABLE real_logs',
    );
    const app = await start();
    await expect(app.refresh.tick()).rejects.toMatchObject({ name: 'OpsRawTableError' });
    expect((await app.status.status()).jobs).toMatchObject([
      { lastError: expect.stringMatching(/usage_logs is not a table/) },
    ]);
  });

  it('is not one with bigint, double and numeric columns', async () => {
    await scene.query(
      `CREATE TABLE usage_logs (${COLUMNS}, created_at timestamptz); CREATE INDEX ON usage_logs (created_at)`,
    );
    await migrate(scene.dataSource);
    await scene.query(`INSERT INTO groups (id, name, platform) VALUES (1, 'one', 'openai')`);
    const hour = await scene.ago(5);
    await scene.query(
      `INSERT INTO usage_logs (group_id, input_tokens, output_tokens, cache_creation_tokens, cache_read_tokens, duration_ms, created_at)
       VALUES (1, 3000000000, 4000000000, 5, 6, 100, $1)`,
      [hour],
    );
    const app = await start();
    expect(await app.refresh.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
    const rows = await scene.query(
      'SELECT success_count AS n, token_consumed AS tokens FROM ops_metrics_hourly WHERE platform IS NULL',
    );
    expect(rows).toEqual([{ n: '1', tokens: '7000000011' }]);
    expect((await app.verify.verify(await scene.ago(9), await scene.ago(0))).differences).toEqual([]);
  });
});
