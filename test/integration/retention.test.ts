import { describe, expect, it } from '@jest/globals';
import { lockDays } from '../../src/ops/drain/sql/claim.sql.js';
import { DAY_8, dayAgo, hourOf, isoDates, KEEP_5, RetentionScene } from '../support/retention-scene.js';
import { useTimeZone } from '../support/test-database.js';

// Days in this zone are not UTC days.
const scene = new RetentionScene(
  'retention',
  {},
  { prepare: (dataSource) => useTimeZone(dataSource, 'Asia/Kolkata') },
);

describe('the maintenance job', () => {
  it('keeps everything unless told otherwise', async () => {
    const before = [await scene.hourly(), await scene.daily()];
    expect(await scene.maintain()).toMatchObject({
      droppedHourlyRows: 0,
      droppedDistributions: 0,
      droppedDailyRows: 0,
      keptDays: 0,
    });
    expect([await scene.hourly(), await scene.daily()]).toEqual(before);
  });

  it('drops hourly rows of whole days past their retention, and nothing else', async () => {
    const [raw, daily] = [await scene.rawRows(), await scene.daily()];
    const old = (await scene.hourly()).filter((row) => row.bucket_start < dayAgo(5).toISOString());
    const keeper = await scene.start(KEEP_5);

    const tick = await keeper.refresh.maintain();

    expect(tick).toMatchObject({ droppedHourlyRows: old.length, droppedDailyRows: 0, keptDays: 0 });
    expect(await scene.daysIn('hourly')).toEqual(isoDates(5, 4, 1));
    expect(await scene.daily()).toEqual(daily);
    expect(await scene.rawRows()).toEqual(raw);
    // No day is taken for stale because its hours are gone.
    expect(await keeper.refresh.tick()).toMatchObject({
      differingHours: 0,
      differingDays: 0,
      drainedDays: 0,
    });
    expect(await keeper.refresh.maintain()).toMatchObject({ droppedHourlyRows: 0 });
    expect(await scene.daily()).toEqual(daily);
  });

  it('drops daily rows past theirs, and neither table comes back', async () => {
    const raw = await scene.rawRows();
    const keeper = await scene.start({ ...KEEP_5, dailyRetentionDays: 7 });
    await keeper.refresh.maintain();
    for (let tick = 0; tick < 2; tick += 1) {
      expect(await scene.daysIn('hourly')).toEqual(isoDates(5, 4, 1));
      expect(await scene.daysIn('daily')).toEqual(isoDates(7, 5, 4, 1));
      expect(await keeper.refresh.tick()).toMatchObject({
        differingHours: 0,
        differingDays: 0,
        drainedDays: 0,
      });
      expect(await keeper.refresh.maintain()).toMatchObject({ droppedDailyRows: 0 });
    }
    expect(await scene.rawRows()).toEqual(raw);
  });

  it('drops daily rows alone, without recomputing them from the hours that stay', async () => {
    const keeper = await scene.start({ dailyRetentionDays: 7 });
    const hourly = await scene.hourly();
    await keeper.refresh.maintain();
    expect(await scene.daysIn('daily')).toEqual(isoDates(7, 5, 4, 1));
    expect(await keeper.refresh.tick()).toMatchObject({ differingDays: 0, drainedDays: 0 });
    expect(await keeper.refresh.maintain()).toMatchObject({ droppedDailyRows: 0 });
    expect(await scene.hourly()).toEqual(hourly);
    const report = await keeper.verify.verify(dayAgo(9), dayAgo(0));
    expect(report).toMatchObject({ differenceCount: 0, hours: 9 * 24 });
  });
});

describe('hourly rows are kept', () => {
  const hoursOfDay8 = async () =>
    (await scene.hourly()).filter((row) => row.bucket_start.startsWith(isoDates(8)[0] ?? '-'));

  it.each([
    ['missing', 'DELETE FROM ops_metrics_daily WHERE bucket_date = $1'],
    ['missing at one level', 'DELETE FROM ops_metrics_daily WHERE bucket_date = $1 AND group_id = 3'],
    [
      'noted as stale',
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason)
       VALUES ('day', $1::date::timestamp AT TIME ZONE 'UTC', 'hours')`,
    ],
  ])('while the daily rows of their day are %s', async (_what, attack) => {
    await scene.query(attack, isoDates(8));
    const before = await hoursOfDay8();
    expect(await scene.retain()).toMatchObject({ keptDays: 1 });
    expect(await hoursOfDay8()).toEqual(before);
    expect(await scene.daysIn('hourly')).toEqual(isoDates(8, 5, 4, 1));

    await scene.app.preagg.upsertDailyMetrics(dayAgo(8), dayAgo(7)); // makes the daily rows right, and notes them
    expect(await scene.retain()).toMatchObject({ keptDays: 1 });
    expect(await scene.tick()).toMatchObject({ drainedDays: 1 });
    expect(await scene.retain()).toMatchObject({ droppedHourlyRows: before.length, keptDays: 0 });
    expect(await scene.dailyRequests(8)).toBe(DAY_8);
  });

  it.each([
    ['stale', '{}'],
    ['failing', '{"attempts": 3, "next_attempt_at": "2999-01-01T00:00:00Z"}'],
    ['held back', '{"suspicious_at": "2020-01-01T00:00:00Z"}'],
  ])('while one of them is %s, and their daily rows too', async (_what, state) => {
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, attempts, next_attempt_at, suspicious_at)
       SELECT $1::timestamptz, 'verify', COALESCE(attempts, 0), COALESCE(next_attempt_at, now()), suspicious_at
       FROM jsonb_to_record($2::jsonb) AS s(attempts int, next_attempt_at timestamptz, suspicious_at timestamptz)`,
      [hourOf(8, 7), state],
    );
    const before = await hoursOfDay8();
    const result = await scene.retain({ ...KEEP_5, dailyRetentionDays: 6 });
    expect(result).toMatchObject({ keptDays: 1 });
    expect(await hoursOfDay8()).toEqual(before);
    expect(await scene.daysIn('daily')).toEqual(isoDates(8, 5, 4, 1));
  });

  it('while another instance has the day', async () => {
    const other = await scene.begin();
    const { text, values } = lockDays([dayAgo(8).toISOString()], 'shared');
    await other.query(text, values);
    const before = await hoursOfDay8();
    expect(await scene.retain()).toMatchObject({ keptDays: 1 });
    expect(await hoursOfDay8()).toEqual(before);
  });
});

describe('distributions', () => {
  const KEEP_DISTRIBUTIONS_5 = { distributionRetentionDays: 5 };
  const DISTRIBUTIONS = 'duration_values, duration_counts, ttft_values, ttft_counts';

  const hoursWithOne = (): Promise<{ day: string; rows: number }[]> =>
    scene.query(
      `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*)::int AS rows
       FROM ops_metrics_hourly WHERE duration_values IS NOT NULL GROUP BY 1 ORDER BY 1`,
    );
  const daysWith = (): Promise<unknown[]> =>
    scene.query(
      `SELECT bucket_date::text, platform, group_id, ${DISTRIBUTIONS} FROM ops_metrics_daily ORDER BY 1, 2, 3`,
    );
  const requestsInDistribution = async (day: number): Promise<number> => {
    const [row] = await scene.query<{ count: string }>(
      `SELECT (SELECT sum(n) FROM unnest(duration_counts) AS n)::text AS count FROM ops_metrics_daily
       WHERE bucket_date = $1::date AND platform IS NULL`,
      isoDates(day),
    );
    return Number(row?.count);
  };

  it('of old hours are dropped, and everything else is kept', async () => {
    const [hourly, days] = [await scene.hourly(), await daysWith()];
    const keeper = await scene.start(KEEP_DISTRIBUTIONS_5);
    const tick = await keeper.refresh.maintain();
    expect(tick).toMatchObject({ droppedHourlyRows: 0, droppedDailyRows: 0, keptDays: 0 });
    expect(tick.droppedDistributions).toBeGreaterThan(0);
    expect((await hoursWithOne()).map(({ day }) => day)).toEqual(isoDates(5, 4, 1));
    expect(await scene.hourly()).toEqual(hourly);
    expect(await daysWith()).toEqual(days);
    expect(await keeper.refresh.maintain()).toMatchObject({ droppedDistributions: 0 });
    expect(await daysWith()).toEqual(days);
  });

  it('of a day stay whole when a late row comes', async () => {
    await scene.retain(KEEP_DISTRIBUTIONS_5);
    const keeper = await scene.start(KEEP_DISTRIBUTIONS_5);
    await scene.insertRequests(hourOf(8, 20), 5);
    // The day's other hour with latencies comes first: else part of the day would pass for the whole.
    expect(await keeper.refresh.tick()).toMatchObject({ lateRows: 5, drainedHours: 2, drainedDays: 1 });
    expect(await requestsInDistribution(8)).toBe(12 + 2 + 5);
    await keeper.refresh.maintain(); // drops those of the hours again
    expect((await hoursWithOne()).map(({ day }) => day)).toEqual(isoDates(5, 4, 1));
    expect(await requestsInDistribution(8)).toBe(12 + 2 + 5);
  });

  it.each([
    ['missing', 'DELETE FROM ops_metrics_daily WHERE bucket_date = $1'],
    [
      'without one',
      'UPDATE ops_metrics_daily SET duration_values = NULL, duration_counts = NULL WHERE bucket_date = $1',
    ],
    [
      'noted as stale',
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason)
       VALUES ('day', $1::date::timestamp AT TIME ZONE 'UTC', 'hours')`,
    ],
  ])('are kept while the daily rows are %s', async (_what, attack) => {
    await scene.query(attack, isoDates(8));
    const before = (await hoursWithOne()).filter(({ day }) => isoDates(8).includes(day));
    expect(await scene.retain(KEEP_DISTRIBUTIONS_5)).toMatchObject({ keptDays: 1 });
    expect((await hoursWithOne()).filter(({ day }) => isoDates(8).includes(day))).toEqual(before);
  });
});
