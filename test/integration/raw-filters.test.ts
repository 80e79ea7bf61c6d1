import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpsPreaggService } from '../../src/ops/index.js';
import { DEFINITION_VERSION } from '../../src/ops/definitions/definition-version.js';
import { OPS_TABLES, opsTables } from '../../src/ops/definitions/ops-tables.js';
import { OpsOptionsError, resolveOptions } from '../../src/ops/options/ops.options.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import type { OpsApp } from '../support/ops-app.js';
import { OpsScene } from '../support/ops-scene.js';

const HOUR_MS = 3_600_000;

describe('raw rows that do not count', () => {
  const scene = new OpsScene('raw_filters');
  const { ago } = scene;

  beforeEach(async () => {
    await scene.query('ALTER TABLE ops_error_logs DROP COLUMN IF EXISTS is_count_tokens');
  });

  const addColumn = (): Promise<unknown> =>
    scene.query('ALTER TABLE ops_error_logs ADD COLUMN is_count_tokens boolean');

  /** Four requests and four failures, one hour; in the next hour four failures, of a platform of their own. */
  async function twoHours(): Promise<{ mixed: Date; alone: Date }> {
    const [mixed, alone, oldest] = [await ago(30), await ago(29), await ago(60)];
    await scene.insertRequests(oldest);
    await scene.insertFailures(oldest);
    await scene.insertRequests(mixed, 4);
    await scene.insertFailures(mixed, 4);
    await scene.insertFailures(alone, 4, 'counting');
    return { mixed, alone };
  }

  /** Of the first hour all failures but one, of the second all. */
  const mark = ({ mixed, alone }: { mixed: Date; alone: Date }): Promise<unknown> =>
    scene.query(
      `UPDATE ops_error_logs SET is_count_tokens = true
        WHERE created_at = $2::timestamptz
           OR id IN (SELECT id FROM ops_error_logs WHERE created_at = $1::timestamptz ORDER BY id LIMIT 3)`,
      [mixed, alone],
    );

  /** Requests and errors of each level of the hour; `-` for none. */
  async function levels(hour: Date): Promise<string[]> {
    const rows = await scene.query<{ level: string }>(
      `SELECT concat_ws(' ', COALESCE(platform, '-'), COALESCE(group_id::text, '-'), success_count, error_count_total) AS level
         FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz ORDER BY platform NULLS FIRST, group_id NULLS FIRST`,
      [hour],
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

  async function expectMarked({ mixed, alone }: { mixed: Date; alone: Date }): Promise<void> {
    expect(await levels(mixed)).toEqual(['- - 4 1', 'openai - 4 1', 'openai 1 4 0']);
    expect(await levels(alone)).toEqual([]);
  }

  it('are those of is_count_tokens: for the rollup, the audit and verify', async () => {
    await addColumn();
    const hours = await twoHours();
    await mark(hours);
    const app = await scene.start();
    await app.refresh.tick();
    await expectMarked(hours);
    await expectRight(app);
  });

  it('are left out by the service alone, in a transaction of the caller’s too', async () => {
    await addColumn();
    const hours = await twoHours();
    await mark(hours);
    const end = new Date(hours.alone.getTime() + HOUR_MS);
    await new OpsPreaggService(scene.dataSource).upsertHourlyMetrics(hours.mixed, end);
    await expectMarked(hours);
    await scene.query('TRUNCATE ops_metrics_hourly');
    await scene.dataSource.transaction((manager) =>
      new OpsPreaggService(scene.dataSource).upsertHourlyMetrics(hours.mixed, end, manager),
    );
    await expectMarked(hours);
  });

  it('are left out of answers from raw rows, and make no hour that is missing', async () => {
    await addColumn();
    const hours = await twoHours();
    await mark(hours);
    for (const back of [10, 9, 8, 7, 6]) {
      await scene.insertFailures(await ago(back), 1, 'counting');
    }
    await scene.query(`UPDATE ops_error_logs SET is_count_tokens = true WHERE platform = 'counting'`);
    const reads = new ReadService(scene.dataSource, OPS_TABLES, resolveOptions({ safeDelaySeconds: 0 }));
    const ragged = { from: hours.mixed, to: new Date(hours.mixed.getTime() + 60_000) };
    expect(await reads.overview(ragged)).toMatchObject({ requestCountTotal: 5, errorCountTotal: 1 });
    expect((await reads.overview({ from: await ago(11), to: await ago(0) })).freshness).toMatchObject({
      missingHours: 0,
    });
    // And by a filter of the options.
    const filtered = new ReadService(
      scene.dataSource,
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
    const app = await scene.start();
    await app.refresh.tick();
    expect(await levels(hours.mixed)).toEqual(['- - 4 4', 'openai - 4 4', 'openai 1 4 0']);
    expect(await levels(hours.alone)).toEqual(['- - 0 4', 'counting - 0 4']);
    await addColumn();
    await mark(hours);
    expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 3 });
    expect(await app.refresh.tick()).toMatchObject({ drainedHours: 3, suspiciousHours: 0 });
    await expectMarked(hours);
    await expectRight(app);
    expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
  });

  it('are recomputed where the hour was stale already when its definition changed', async () => {
    const hours = await twoHours();
    await (await scene.start()).refresh.tick();
    await addColumn();
    await mark(hours);
    for (const hour of [hours.mixed, hours.alone]) await scene.note(hour, 'new_rows');
    const app = await scene.start();
    expect(await app.refresh.tick()).toMatchObject({ drainedHours: 2, suspiciousHours: 0 });
    await expectMarked(hours);
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
      const app = await scene.start(options);
      await app.refresh.maintain();
      expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 0, pendingHours: 0 });
      expect(await levels(mixed)).toEqual(mixedLevels);
      // An hour of which no row counts any more is not there.
      expect(await levels(alone)).toEqual(aloneLevels);
      await expectRight(app);
      expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
    }
    expect(
      await scene.query('SELECT DISTINCT definition_version AS version FROM ops_metrics_hourly'),
    ).toEqual([{ version: DEFINITION_VERSION }]);
  });

  it('leave hours alone that a newer release has computed, with or without filters', async () => {
    const { mixed } = await twoHours();
    const app = await scene.start();
    await app.refresh.tick();
    const [newer, filtered, old] = [DEFINITION_VERSION + 1, 7_001 + DEFINITION_VERSION, 7_000 + 2];
    for (const [version, found] of [
      [newer, 0],
      [filtered, 0],
      [old, 1],
    ]) {
      await scene.query(
        'UPDATE ops_metrics_hourly SET definition_version = $2 WHERE bucket_start = $1::timestamptz',
        [mixed, version],
      );
      expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: found });
    }
  });

  it.each([
    ['errorFilter', 'e.nothing = 1'],
    ['errorFilter', 'e.id'],
    ['usageFilter', 'u.id > 3)'],
  ])('are not decided by a wrong %s: %s', async (option, filter) => {
    const { mixed } = await twoHours();
    const app = await scene.start({ [option]: filter });
    await expect(app.refresh.tick()).rejects.toMatchObject({
      name: 'OpsFilterError',
      message: expect.stringMatching(new RegExp(`^${option} must be a condition`)),
    });
    expect(await levels(mixed)).toEqual([]);
    expect((await app.status.status()).jobs).toMatchObject([{ lastError: expect.stringContaining(option) }]);
    expect(() => resolveOptions({ [option]: '' })).toThrow(OpsOptionsError);
  });
});
