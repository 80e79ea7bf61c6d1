import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFINITION_VERSION } from '../../src/ops/definitions/definition-version.js';
import { OPS_TABLES, opsTables } from '../../src/ops/definitions/ops-tables.js';
import { OpsOptionsError, resolveOptions, type OpsModuleOptions } from '../../src/ops/options/ops.options.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { createOpsService } from '../support/ops-service.js';
import * as scene from '../support/refresh-scene.js';
import { hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;

describe('raw rows that do not count', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('raw_filters');
  });
  beforeEach(async () => {
    await database.dataSource.query('ALTER TABLE ops_error_logs DROP COLUMN IF EXISTS is_count_tokens');
    await scene.resetScene(database.dataSource);
  });
  afterAll(async () => {
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);
  const query = <T>(text: string, values: unknown[] = []): Promise<T[]> =>
    database.dataSource.query<T[]>(text, values);
  const addColumn = (): Promise<unknown> =>
    query('ALTER TABLE ops_error_logs ADD COLUMN is_count_tokens boolean');

  async function withApp<T>(options: OpsModuleOptions, work: (app: OpsApp) => Promise<T>): Promise<T> {
    const app = await createOpsApp(database.url, options);
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  }

  /** Four requests and four failures, one hour; in the next hour four failures, of a platform of their own. */
  async function twoHours(): Promise<{ mixed: Date; alone: Date }> {
    const [mixed, alone, oldest] = [await ago(30), await ago(29), await ago(60)];
    await scene.insertRequests(database.dataSource, oldest);
    await scene.insertFailures(database.dataSource, oldest);
    await scene.insertRequests(database.dataSource, mixed, 4);
    await scene.insertFailures(database.dataSource, mixed, 4);
    await scene.insertFailures(database.dataSource, alone, 4, 'counting');
    return { mixed, alone };
  }

  /** Of the first hour all failures but one, of the second all. */
  const mark = ({ mixed, alone }: { mixed: Date; alone: Date }): Promise<unknown> =>
    query(
      `UPDATE ops_error_logs SET is_count_tokens = true
        WHERE created_at = $2::timestamptz
           OR id IN (SELECT id FROM ops_error_logs WHERE created_at = $1::timestamptz ORDER BY id LIMIT 3)`,
      [mixed.toISOString(), alone.toISOString()],
    );

  /** Requests and errors of each level of the hour; `-` for none. */
  async function levels(hour: Date): Promise<string[]> {
    const rows = await query<{ level: string }>(
      `SELECT concat_ws(' ', COALESCE(platform, '-'), COALESCE(group_id::text, '-'), success_count, error_count_total) AS level
         FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz ORDER BY platform NULLS FIRST, group_id NULLS FIRST`,
      [hour.toISOString()],
    );
    return rows.map(({ level }) => level);
  }

  async function expectRight(app: OpsApp): Promise<void> {
    // The oldest hour keeps what it has: its rows might be on their way out.
    const report = await app.verify.verify(await ago(50), await ago(0));
    expect([report.differences, report.unjudged]).toEqual([[], []]);
    expect(await app.refresh.tick()).toMatchObject({
      drainedHours: 0,
      differingHours: 0,
      differingDays: 0,
      suspiciousHours: 0,
      pendingHours: 0,
    });
  }

  const MARKED = { mixed: ['- - 4 1', 'openai - 4 1', 'openai 1 4 0'], alone: [] };

  it('are those of is_count_tokens: for the rollup, the audit and verify', async () => {
    await addColumn();
    const hours = await twoHours();
    await mark(hours);
    await withApp({}, async (app) => {
      await app.refresh.tick();
      expect(await levels(hours.mixed)).toEqual(MARKED.mixed);
      expect(await levels(hours.alone)).toEqual(MARKED.alone);
      await expectRight(app);
    });
  });

  it('are left out by the service alone, in a transaction of the caller’s too', async () => {
    await addColumn();
    const hours = await twoHours();
    await mark(hours);
    const end = new Date(hours.alone.getTime() + HOUR_MS);
    await createOpsService(database.dataSource).upsertHourlyMetrics(hours.mixed, end);
    expect([await levels(hours.mixed), await levels(hours.alone)]).toEqual([MARKED.mixed, MARKED.alone]);
    await query('TRUNCATE ops_metrics_hourly');
    await database.dataSource.transaction((manager) =>
      createOpsService(database.dataSource).upsertHourlyMetrics(hours.mixed, end, manager),
    );
    expect([await levels(hours.mixed), await levels(hours.alone)]).toEqual([MARKED.mixed, MARKED.alone]);
  });

  it('are left out of answers from raw rows, and make no hour that is missing', async () => {
    await addColumn();
    const hours = await twoHours();
    await mark(hours);
    for (const back of [10, 9, 8, 7, 6]) {
      await scene.insertFailures(database.dataSource, await ago(back), 1, 'counting');
    }
    await query(`UPDATE ops_error_logs SET is_count_tokens = true WHERE platform = 'counting'`);
    const reads = new ReadService(database.dataSource, OPS_TABLES, resolveOptions({ safeDelaySeconds: 0 }));
    const ragged = { from: hours.mixed, to: new Date(hours.mixed.getTime() + 60_000) };
    expect(await reads.overview(ragged)).toMatchObject({ requestCountTotal: 5, errorCountTotal: 1 });
    expect((await reads.overview({ from: await ago(11), to: await ago(0) })).freshness).toMatchObject({
      missingHours: 0,
    });
    // And by a filter of the options.
    const filtered = new ReadService(
      database.dataSource,
      opsTables({ usageFilter: 'u.stream', errorFilter: `e.error_owner = 'client'` }),
      resolveOptions({ safeDelaySeconds: 0 }),
    );
    expect(await filtered.overview(ragged)).toMatchObject({ requestCountTotal: 2, errorCountTotal: 0 });
    expect((await filtered.overview({ from: await ago(31), to: await ago(29) })).freshness).toMatchObject({
      missingHours: 0,
    });
  });

  it('are recomputed when the column comes while the app runs, even where nothing is left', async () => {
    const hours = await twoHours();
    await withApp({}, async (app) => {
      await app.refresh.tick();
      expect(await levels(hours.mixed)).toEqual(['- - 4 4', 'openai - 4 4', 'openai 1 4 0']);
      expect(await levels(hours.alone)).toEqual(['- - 0 4', 'counting - 0 4']);
      await addColumn();
      await mark(hours);
      expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 3 });
      expect(await app.refresh.tick()).toMatchObject({ drainedHours: 3, suspiciousHours: 0 });
      expect([await levels(hours.mixed), await levels(hours.alone)]).toEqual([MARKED.mixed, MARKED.alone]);
      await expectRight(app);
      expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
    });
  });

  it('are recomputed where the hour was stale already when its definition changed', async () => {
    const hours = await twoHours();
    await withApp({}, (app) => app.refresh.tick());
    await addColumn();
    await mark(hours);
    for (const hour of [hours.mixed, hours.alone]) {
      await query(
        `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ('hour', $1::timestamptz, 'new_rows')`,
        [hour.toISOString()],
      );
    }
    await withApp({}, async (app) => {
      expect(await app.refresh.tick()).toMatchObject({ drainedHours: 2, suspiciousHours: 0 });
      expect([await levels(hours.mixed), await levels(hours.alone)]).toEqual([MARKED.mixed, MARKED.alone]);
    });
  });

  it('are those that a filter of the options leaves out; another filter recomputes, back and forth', async () => {
    const { mixed, alone } = await twoHours();
    const filters = { usageFilter: 'u.stream -- half', errorFilter: `e.platform = 'openai'` };
    for (const [options, mixedLevels, aloneLevels] of [
      [{}, ['- - 4 4', 'openai - 4 4', 'openai 1 4 0'], ['- - 0 4', 'counting - 0 4']],
      [filters, ['- - 2 4', 'openai - 2 4', 'openai 1 2 0'], []],
      [{ usageFilter: 'false' }, ['- - 0 4', 'openai - 0 4'], ['- - 0 4', 'counting - 0 4']],
      [{}, ['- - 4 4', 'openai - 4 4', 'openai 1 4 0'], ['- - 0 4', 'counting - 0 4']],
    ] as const) {
      await withApp(options, async (app) => {
        await app.refresh.maintain();
        expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 0, pendingHours: 0 });
        expect(await levels(mixed)).toEqual(mixedLevels);
        // An hour of which no row counts any more is not there.
        expect(await levels(alone)).toEqual(aloneLevels);
        await expectRight(app);
        expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
      });
    }
    expect(await query('SELECT DISTINCT definition_version AS version FROM ops_metrics_hourly')).toEqual([
      { version: DEFINITION_VERSION },
    ]);
  });

  it('leave hours alone that a newer release has computed, with or without filters', async () => {
    const { mixed } = await twoHours();
    await withApp({}, async (app) => {
      await app.refresh.tick();
      const [newer, filtered, old] = [DEFINITION_VERSION + 1, 7_001 + DEFINITION_VERSION, 7_000 + 2];
      for (const [version, found] of [
        [newer, 0],
        [filtered, 0],
        [old, 1],
      ]) {
        await query(
          'UPDATE ops_metrics_hourly SET definition_version = $2 WHERE bucket_start = $1::timestamptz',
          [mixed.toISOString(), version],
        );
        expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: found });
      }
    });
  });

  it.each([
    ['errorFilter', 'e.nothing = 1'],
    ['errorFilter', 'e.id'],
    ['usageFilter', 'u.id > 3)'],
  ])('are not decided by a wrong %s: %s', async (option, filter) => {
    const { mixed } = await twoHours();
    await withApp({ [option]: filter }, async (app) => {
      await expect(app.refresh.tick()).rejects.toMatchObject({
        name: 'OpsFilterError',
        message: expect.stringMatching(new RegExp(`^${option} must be a condition`)),
      });
      expect(await levels(mixed)).toEqual([]);
      expect((await app.status.status()).jobs).toMatchObject([
        { lastError: expect.stringContaining(option) },
      ]);
    });
    expect(() => resolveOptions({ [option]: '' })).toThrow(OpsOptionsError);
  });
});
