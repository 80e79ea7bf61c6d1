import { describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import type { RetentionResult } from '../../src/ops/retention/retention.schema.js';
import { RetentionService } from '../../src/ops/retention/retention.service.js';
import { SPLIT_COLUMNS } from '../../src/ops/definitions/columns.js';
import { DimensionScene } from '../support/dimension-scene.js';
import { dayAgo, hourOf } from '../support/retention-scene.js';

const scene = new DimensionScene('dimensions_history');
const { ago } = scene;

/** Requests of two models and a failure in two hours of each of some days, rolled up. */
async function writeDays(days = [9, 8, 7, 4, 1]): Promise<void> {
  for (const at of days.flatMap((day) => [hourOf(day, 3), hourOf(day, 20)])) {
    await scene.slice({ at, count: 3 }, { at, model: 'b', account: 2, count: 2 });
    await scene.fail(at);
  }
  await scene.settle();
}

const retain = (options: OpsModuleOptions): Promise<RetentionResult> =>
  new RetentionService(scene.dataSource, OPS_TABLES, resolveOptions(options)).run();

/** Every row of a set's table, as a text that is the same where nothing has changed. */
const frozen = async (grain: 'hourly' | 'daily'): Promise<string> => {
  const [row] = await scene.query<{ rows: string }>(
    `SELECT json_agg(m ORDER BY m.id)::text AS rows FROM ops_metrics_dimension_${grain} m`,
  );
  return row?.rows ?? '';
};

/** How many rows of the sets have each distribution, before the start of a day. */
const distributions = async (before: Date): Promise<unknown> => {
  const [row] = await scene.query(
    `SELECT count(duration_values)::int AS duration, count(ttft_values)::int AS ttft, count(output_speed_values)::int AS speed
     FROM (SELECT bucket_start, duration_values, ttft_values, output_speed_values FROM ops_metrics_dimension_hourly
       UNION ALL SELECT bucket_start, duration_values, ttft_values, output_speed_values FROM ops_metrics_hourly) m
     WHERE bucket_start < $1::timestamptz`,
    [before],
  );
  return row;
};

describe('the retention', () => {
  it('drops the rows of sets with those of their hours, and then of their days', async () => {
    await writeDays();
    const days = await frozen('daily');
    expect(await scene.sets()).toEqual({ model: 10, account: 10, error: 10 });
    expect(await retain({ hourlyRetentionDays: 5 })).toMatchObject({ keptDays: 0 });
    expect(await scene.sets()).toEqual({ model: 4, account: 4, error: 4 });
    expect(await frozen('daily')).toBe(days);
    await retain({ hourlyRetentionDays: 5, dailyRetentionDays: 8 });
    expect(await scene.sets('daily')).toEqual({ model: 4, account: 4, error: 4 });
    await scene.expectSets();
  });

  it('drops the distributions of old hours everywhere, and keeps those of days', async () => {
    await writeDays();
    const days = await frozen('daily');
    expect(await retain({ distributionRetentionDays: 5 })).toMatchObject({ keptDays: 0 });
    expect(await distributions(dayAgo(5))).toEqual({ duration: 0, ttft: 0, speed: 0 });
    expect(await distributions(dayAgo(0))).not.toEqual({ duration: 0, ttft: 0, speed: 0 });
    expect(await frozen('daily')).toBe(days);
    await scene.expectSets();

    // A late row: the other hours of its day come first, or the day's would be a part that passes for the whole.
    await scene.slice({ at: hourOf(8, 20), model: 'late' });
    await scene.tick();
    await scene.settle();
    await scene.expectSets();
    const rows = await scene.query(
      `SELECT key, cardinality(duration_values) AS durations, cardinality(output_speed_values) AS speeds
       FROM ops_metrics_dimension_daily WHERE bucket_date = $1::date AND dimension = 'model' ORDER BY key`,
      [dayAgo(8)],
    );
    expect(rows).toEqual([
      { key: 'a', durations: 6, speeds: 6 },
      { key: 'b', durations: 4, speeds: 4 },
      { key: 'late', durations: 1, speeds: 1 },
    ]);
  });

  it.each([
    ['lack a set', `DELETE FROM ops_metrics_dimension_daily WHERE bucket_date = $1 AND dimension = 'model'`],
    [
      'lack a distribution of a key',
      `UPDATE ops_metrics_dimension_daily SET output_speed_values = NULL WHERE bucket_date = $1 AND key = 'b'`,
    ],
    [
      'lack a distribution of the output speed',
      'UPDATE ops_metrics_daily SET output_speed_values = NULL, output_speed_counts = NULL WHERE bucket_date = $1',
    ],
  ])('keeps distributions of a day whose daily rows %s', async (_what, attack) => {
    await writeDays();
    await scene.query(attack, [dayAgo(8).toISOString().slice(0, 10)]);
    const before = await distributions(dayAgo(0));
    expect(await retain({ distributionRetentionDays: 7 })).toMatchObject({ keptDays: 1 });
    expect(await distributions(dayAgo(0))).not.toEqual(before); // those of the day before
    expect(await distributions(dayAgo(7))).not.toEqual({ duration: 0, ttft: 0, speed: 0 });
  });

  it('keeps hours whose set should be in the day and is not, and lets those go that never will', async () => {
    await writeDays();
    const day = dayAgo(8).toISOString().slice(0, 10);
    await scene.query(
      `DELETE FROM ops_metrics_dimension_daily WHERE bucket_date = $1 AND dimension = 'model'`,
      [day],
    );
    const before = await frozen('hourly');
    expect(await retain({ hourlyRetentionDays: 7 })).toMatchObject({ keptDays: 1 });
    expect(await frozen('hourly')).not.toBe(before);
    expect(await scene.keys('model', hourOf(8, 3))).toEqual(['a 3 1', 'b 2 0']);
    // As where the set began in the middle of the day.
    await scene.query(
      `DELETE FROM ops_metrics_dimension_hourly WHERE bucket_start = $1::timestamptz AND dimension = 'model'`,
      [hourOf(8, 3)],
    );
    expect(await retain({ hourlyRetentionDays: 7 })).toMatchObject({ keptDays: 0 });
    expect(await scene.keys('model', hourOf(8, 20))).toEqual([]);
  });
});

describe('history from before measures and sets were kept', () => {
  /** As the version before leaves it: none of the measures, no rows of sets, and its number. */
  async function forget(): Promise<void> {
    const none = [...SPLIT_COLUMNS, 'output_speed_values', 'output_speed_counts'];
    for (const table of ['ops_metrics_minutely', 'ops_metrics_hourly', 'ops_metrics_daily']) {
      await scene.query(
        `UPDATE ${table} SET definition_version = 3, ${none.map((column) => `${column} = NULL`).join(', ')}`,
      );
    }
    await scene.query('TRUNCATE ops_metrics_dimension_hourly, ops_metrics_dimension_daily');
  }

  /** Of the overall rows: which buckets have the measures. */
  const known = (grain: 'hourly' | 'daily'): Promise<{ known: boolean; buckets: number }[]> =>
    scene.query(
      `SELECT input_tokens IS NOT NULL AS known, count(*)::int AS buckets FROM ops_metrics_${grain}
       WHERE platform IS NULL AND (num_nulls(${SPLIT_COLUMNS.join(', ')}) IN (0, ${SPLIT_COLUMNS.length})) GROUP BY 1 ORDER BY 1`,
    );

  it('is computed again where its raw rows are', async () => {
    await scene.slice({ at: await ago(600) }); // an older raw row: no purge is at work at the edge
    await writeDays();
    await forget();
    await scene.settle();
    await scene.settle();
    expect(await known('hourly')).toEqual([{ known: true, buckets: 11 }]);
    expect(await known('daily')).toEqual([{ known: true, buckets: 6 }]);
    await scene.expectSets();
    expect(await scene.sets()).toEqual({ model: 11, account: 11, error: 10 });
  });

  it('below the raw floor stays unknown, and so does a day that is both', async () => {
    const keeper = await scene.start({ rawRetentionDays: { usageLogs: 8, errorLogs: 8 } });
    await writeDays();
    await forget();
    await scene.query('DELETE FROM usage_logs WHERE created_at < $1::timestamptz', [hourOf(8, 12)]);
    await scene.query('DELETE FROM ops_error_logs WHERE created_at < $1::timestamptz', [hourOf(8, 12)]);
    await scene.settle(keeper);
    await scene.settle(keeper);
    const rows = await scene.query<{ hour: Date }>(
      `SELECT bucket_start AS hour FROM ops_metrics_hourly
       WHERE platform IS NULL AND input_tokens IS NULL AND bucket_start < $1::timestamptz ORDER BY 1`,
      [hourOf(8, 12)], // the floor is as far into its day as it is now: late in the day a later hour is below it too
    );
    expect(rows.map(({ hour }) => hour)).toEqual([hourOf(9, 3), hourOf(9, 20), hourOf(8, 3)]);
    expect(await scene.keys('model', hourOf(8, 3))).toEqual([]);
    expect(await scene.keys('model', hourOf(7, 3))).toEqual(['a 3 1', 'b 2 0']);
    expect(await known('daily')).toEqual([
      { known: false, buckets: 2 },
      { known: true, buckets: 3 },
    ]);
    for (const day of [9, 8]) {
      expect(await scene.keys('model', dayAgo(day), 'daily')).toEqual([]);
      expect(await scene.keys('error', dayAgo(day), 'daily')).toEqual([]);
    }
    expect(await scene.keys('model', dayAgo(7), 'daily')).toEqual(['a 6 2', 'b 4 0']);
    await scene.expectAddedUp();
  });

  it('keeps the sets of a side whose raw rows were purged, and adds late rows of the other to them', async () => {
    await writeDays();
    await scene.query('DELETE FROM ops_error_logs WHERE created_at < $1::timestamptz', [dayAgo(3)]);
    await scene.slice({ at: hourOf(7, 3), model: 'late', count: 2 });
    await scene.settle();
    await scene.expectAddedUp();
    expect(await scene.keys('model', hourOf(7, 3))).toEqual(['a 3 1', 'b 2 0', 'late 2 0']);
    expect(await scene.keys('model', dayAgo(7), 'daily')).toEqual(['a 6 2', 'b 4 0', 'late 2 0']);
    expect(await scene.keys('error', hourOf(7, 3))).toHaveLength(1);
  });
});
