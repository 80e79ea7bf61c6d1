import { beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { resolveOptions } from '../../src/ops/options/ops.options.js';
import { planSegments } from '../../src/ops/read/read-plan.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import { readPieces } from '../../src/ops/read/sql/read-pieces.sql.js';
import { error, GROUPS, usage } from '../support/oracle/samples.js';
import * as rows from '../support/raw-rows.js';
import { scansOf, type Scan } from '../support/read/plan-scans.js';
import { RollupScene } from '../support/rollup-scene.js';

const DAY = { from: new Date('2025-03-09T00:00:00Z'), to: new Date('2025-03-10T00:00:00Z') };
const MORNING = { from: DAY.from, to: new Date('2025-03-09T08:00:00Z') };
/** Ends inside the hour that has rows. */
const RAGGED = { from: DAY.from, to: new Date('2025-03-09T07:45:00Z') };
const NO_PERCENTILES = { p50: null, p90: null, p95: null, p99: null, percentilesComplete: false };

describe('what an answer rests on', () => {
  const scene = new RollupScene('read_states', { prepare: rows.loosenUsage });
  let reads: ReadService;

  beforeEach(async () => {
    reads = scene.reads();
    await rows.truncateMetrics(scene.dataSource);
    await scene.replaceRaw({
      groups: GROUPS,
      usage: [
        usage({ durationMs: 100, createdAt: '2025-03-09T07:10:00Z' }),
        usage({ durationMs: 400, createdAt: '2025-03-09T07:50:00Z' }),
        usage({ durationMs: 900, groupId: 2, createdAt: '2025-03-09T20:00:00Z' }),
      ],
      errors: [error({ createdAt: '2025-03-09T07:20:00Z' })],
    });
    await scene.rollUp(DAY.from, DAY.to);
    // What is upserted by hand is noted.
    await scene.query('TRUNCATE ops_metrics_invalidations');
  });

  const note = (bucket: string, tier = 'hour'): Promise<unknown[]> =>
    scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ($2, $1::timestamptz, 'new_rows')`,
      [bucket, tier],
    );
  const insertLateRow = (): Promise<void> =>
    rows.insertUsage(scene.dataSource, [usage({ durationMs: 5000, createdAt: '2025-03-09T07:15:00Z' })]);
  const requests = async (range: { from: Date; to: Date }): Promise<number> =>
    (await reads.overview(range)).requestCountTotal;
  /** How many raw rows each read of the range touched. */
  const rawRowsRead = async (range: { from: Date; to: Date }): Promise<number> =>
    (await scansIn(range))
      .filter(({ table }) => ['usage_logs', 'ops_error_logs'].includes(table))
      .reduce((sum, { rowsRead }) => sum + rowsRead, 0);
  const scansIn = async ({ from, to }: { from: Date; to: Date }): Promise<readonly Scan[]> => {
    const { text, values } = readPieces(OPS_TABLES, {
      plan: planSegments([from, to]),
      level: {},
      safeDelaySeconds: 0,
      freshFrom: 0,
      rates: true,
      bucketByBucket: null,
    });
    return scansOf(scene.dataSource, text, values);
  };

  it('reads no raw row of a bucket that is rolled up, and only those of the ragged end otherwise', async () => {
    expect(await rawRowsRead(DAY)).toBe(0);
    expect(await rawRowsRead(MORNING)).toBe(0);
    expect(await rawRowsRead(RAGGED)).toBe(2);
  });

  it('answers a stale hour from its row, and says that it is stale', async () => {
    await insertLateRow();
    await note('2025-03-09T07:00:00Z');
    expect(await reads.overview(DAY)).toMatchObject({
      requestCountTotal: 4,
      freshness: { freshThrough: '2025-03-09T07:00:00.000Z', pendingHours: 1 },
    });
    expect((await reads.overview({ ...DAY, from: MORNING.to })).freshness).toEqual({
      asOf: '2025-03-10T00:00:00.000Z',
      recent: null,
      freshThrough: '2025-03-10T00:00:00.000Z',
      pendingHours: 0,
      missingHours: 0,
      missingFrom: null,
      unsliced: null,
    });
  });

  it('reads an hour live that is noted but was never rolled up', async () => {
    await scene.query(`DELETE FROM ops_metrics_hourly WHERE bucket_start = '2025-03-09T07:00:00Z'`);
    await insertLateRow();
    await note('2025-03-09T07:00:00Z');
    expect(await reads.overview(DAY)).toMatchObject({
      requestCountTotal: 5,
      peakRequestsPerSecond: 4 / 3600,
      freshness: { freshThrough: '2025-03-10T00:00:00.000Z', pendingHours: 1 },
    });
  });

  it('does not trust a row that was computed while its hour was still running', async () => {
    await insertLateRow();
    await scene.query(
      `UPDATE ops_metrics_hourly SET computed_at = bucket_start + interval '30 minutes'
       WHERE bucket_start = '2025-03-09T07:00:00Z'`,
    );
    expect(await requests(MORNING)).toBe(4);
    // The day's row tells of it until the hour is noted.
    expect(await requests(DAY)).toBe(4);
    await note('2025-03-09T07:00:00Z');
    expect(await requests(DAY)).toBe(5);
  });

  it('does not trust a daily row that was computed while its day was still running', async () => {
    await insertLateRow();
    await scene.rollup.upsertHourlyMetrics(MORNING.from, MORNING.to);
    await scene.query(`UPDATE ops_metrics_daily SET computed_at = bucket_date + interval '23 hours'`);
    expect(await requests(DAY)).toBe(5);
  });

  it.each([
    ['the day', 'day', '2025-03-09T00:00:00Z'],
    ['one of its hours', 'hour', '2025-03-09T20:00:00Z'],
  ])('answers a day from its hours while %s is noted', async (_what, tier, bucket) => {
    await insertLateRow();
    await scene.rollup.upsertHourlyMetrics(MORNING.from, MORNING.to);
    expect(await requests(DAY)).toBe(4);
    await note(bucket, tier);
    expect(await reads.overview(DAY)).toMatchObject({ requestCountTotal: 5, duration: { max: 5000 } });
  });

  it('lets no time of computation decide what is stale: a clock that ran ahead leaves nothing wrong behind', async () => {
    await scene.query(`UPDATE ops_metrics_daily SET computed_at = now() + interval '26 hours'`);
    await insertLateRow();
    await scene.rollup.upsertHourlyMetrics(MORNING.from, MORNING.to);
    await note('2025-03-09T00:00:00Z', 'day');
    expect(await requests(DAY)).toBe(5);
  });

  it('takes a day from its daily row alone, and looks at no hour of it but for the busiest', async () => {
    const scans = (
      await scansIn({ from: new Date(DAY.from.getTime() - 30 * 86_400_000), to: DAY.to })
    ).filter(({ table }) => table === 'ops_metrics_hourly');
    // The days without a row are looked at hour by hour; of this one only the busiest hour is wanted.
    expect(scans.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBe(2);
    expect(await requests(DAY)).toBe(4);
  });

  it('counts the newest three hours that are not rolled up live, and says how many others are missing', async () => {
    await rows.insertUsage(
      scene.dataSource,
      Array.from({ length: 8 }, (_, hour) =>
        usage({ durationMs: 10, createdAt: `2025-03-08T1${hour}:30:00Z` }),
      ),
    );
    // A row of no group counts nowhere: its hour is not missing.
    await rows.insertUsage(scene.dataSource, [usage({ groupId: null, createdAt: '2025-03-08T05:00:00Z' })]);
    const saturday = { from: new Date('2025-03-08T00:00:00Z'), to: DAY.from };
    const freshness = {
      freshThrough: '2025-03-08T10:00:00.000Z',
      pendingHours: 0,
      missingHours: 5,
      missingFrom: '2025-03-08T10:00:00.000Z',
    };
    expect(await reads.overview(saturday)).toMatchObject({ successCount: 3, freshness });
    const { points } = await reads.trend({ ...saturday, bucket: 'hour' });
    expect(points.slice(10, 18).map(({ successCount }) => successCount)).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
    expect(await reads.breakdown({ ...saturday, by: 'group', limit: 5 })).toMatchObject({
      items: [{ groupId: '1', successCount: 3 }],
      freshness,
    });
    expect(await rawRowsRead(saturday)).toBeLessThan(3 + 2 * 8 + 3);
    expect(await reads.overview(DAY)).toMatchObject({
      freshness: { missingHours: 0, missingFrom: null },
      previous: { successCount: 3, missingHours: 5 },
    });
  });

  it('answers from the rolled-up rows where the raw rows are gone; a ragged end then has none', async () => {
    await scene.query('TRUNCATE usage_logs, ops_error_logs');
    expect(await requests(DAY)).toBe(4);
    expect(await requests(MORNING)).toBe(3);
    expect(await requests(RAGGED)).toBe(0);
  });

  it('has the percentiles of whole days still, where the hours have lost their distributions', async () => {
    await scene.query(`UPDATE ops_metrics_hourly SET duration_values = NULL, duration_counts = NULL,
      ttft_values = NULL, ttft_counts = NULL`);
    expect((await reads.overview(DAY)).duration).toMatchObject({ p50: 400, percentilesComplete: true });
    expect((await reads.overview(MORNING)).duration).toEqual({
      ...NO_PERCENTILES,
      avg: 250,
      max: 400,
      samples: 2,
    });
    const { points } = await reads.trend({ ...MORNING, bucket: 'hour' });
    expect(points.at(-1)?.duration).toMatchObject({ p50: 250, percentilesComplete: true });
  });

  it('does not pass off rows from before distributions as rows without samples', async () => {
    await scene.query(`UPDATE ops_metrics_hourly SET duration_values = NULL, duration_counts = NULL,
      duration_sum_ms = 0, duration_samples = 0`);
    expect((await reads.overview(MORNING)).duration).toMatchObject({
      ...NO_PERCENTILES,
      avg: null,
      max: 400,
    });
  });

  it('ends at now: what has not happened is empty, and does not dilute the rates', async () => {
    const now = Date.now();
    const at = (offsetMs: number): Date => new Date(Math.floor((now + offsetMs) / 60_000) * 60_000);
    const late = [
      usage({ createdAt: new Date(now - 60_000).toISOString() }),
      usage({ createdAt: new Date(now + 600_000).toISOString() }),
      usage({ createdAt: new Date(now + 3 * 3_600_000).toISOString() }),
    ];
    await scene.replaceRaw({ groups: GROUPS, usage: late });
    const range = { from: at(-7_200_000), to: at(86_400_000) };
    const overview = await reads.overview(range);
    expect(overview.requestCountTotal).toBe(1);
    const passed = 1 / (overview.requestsPerSecond ?? NaN);
    expect(passed).toBeGreaterThanOrEqual((now - range.from.getTime()) / 1000 - 1);
    expect(passed).toBeLessThan(86_400);
    expect(overview.freshness.freshThrough < range.to.toISOString()).toBe(true);
    expect(await requests({ ...range, to: at(720_000) })).toBe(1);
    const { points } = await reads.trend({ ...range, bucket: 'hour' });
    expect(points.reduce((sum, { requestCountTotal }) => sum + requestCountTotal, 0)).toBe(1);
    expect(points.length).toBeLessThanOrEqual(4);
    const future = { from: at(3_600_000), to: at(7_200_000) };
    const none = { requestCountTotal: 0, requestsPerSecond: null, peakRequestsPerSecond: null };
    expect(await reads.overview(future)).toMatchObject(none);
    expect((await reads.trend({ ...future, bucket: 'hour' })).points).toEqual([]);
  });

  it('does not depend on the time zone or the date style of the session', async () => {
    const options = '-c TimeZone=America/St_Johns -c DateStyle=German,DMY -c IntervalStyle=sql_standard';
    const elsewhere = new DataSource({ ...dataSourceOptions(scene.url), extra: { options } });
    await elsewhere.initialize();
    scene.defer(() => elsewhere.destroy());
    const there = new ReadService(elsewhere, OPS_TABLES, resolveOptions({ safeDelaySeconds: 0 }));
    const from = new Date('2025-03-07T05:30:00Z');
    const range = { from, to: new Date('2025-03-10T07:45:00Z') };
    expect(await there.overview(range)).toEqual(await reads.overview(range));
    const here = await reads.trend({ ...range, bucket: 'day' });
    expect(await there.trend({ ...range, bucket: 'day' })).toEqual(here);
    expect(here.points.map(({ requestCountTotal }) => requestCountTotal)).toEqual([0, 0, 4, 0]);
  });
});
