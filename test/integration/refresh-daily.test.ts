import { beforeEach, describe, expect, it } from '@jest/globals';
import { noteDay } from '../support/refresh-scene.js';
import { OpsScene } from '../support/ops-scene.js';
import { databaseNow } from '../support/rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 12;

/**
 * In one snapshot: days that have daily rows, those of them that are not the sum of their hours, and those of these that
 * nobody has noted.
 */
const DISAGREEING = `SELECT count(DISTINCT bucket_date)::int AS days,
  (count(DISTINCT bucket_date) FILTER (WHERE disagrees))::int AS disagreeing,
  (count(DISTINCT bucket_date) FILTER (WHERE disagrees AND NOT EXISTS (
    SELECT FROM ops_metrics_invalidations i
    WHERE i.tier = 'day' AND i.bucket_start = bucket_date::timestamp AT TIME ZONE 'UTC')))::int AS unnoted
FROM (SELECT d.bucket_date, (d.success_count <> h.success_count OR d.error_count_total <> h.error_count_total
    OR d.token_consumed <> h.token_consumed OR d.duration_max_ms IS DISTINCT FROM h.duration_max_ms) AS disagrees
FROM ops_metrics_daily d
JOIN (
  SELECT (bucket_start AT TIME ZONE 'UTC')::date AS bucket_date, COALESCE(platform, '') AS platform_key,
    COALESCE(group_id, 0) AS group_key, sum(success_count) AS success_count, sum(token_consumed) AS token_consumed,
    sum(error_count_total) AS error_count_total, max(duration_max_ms) AS duration_max_ms
  FROM ops_metrics_hourly GROUP BY 1, 2, 3
) h ON h.bucket_date = d.bucket_date AND h.platform_key = COALESCE(d.platform, '')
   AND h.group_key = COALESCE(d.group_id, 0)) compared`;

describe('daily rows', () => {
  const scene = new OpsScene('refresh_daily');
  let today: Date;

  beforeEach(async () => {
    today = new Date(Math.floor((await databaseNow(scene.dataSource)).getTime() / DAY_MS) * DAY_MS);
    await writeEveryDay(1);
    await scene.tick();
    await scene.maintain();
  });

  const dayAt = (days: number, hour = 0): Date => new Date(today.getTime() - days * DAY_MS + hour * HOUR_MS);
  const dateOf = (days: number): string => dayAt(days).toISOString().slice(0, 10);

  async function writeEveryDay(count: number): Promise<void> {
    for (let days = 0; days <= DAYS; days += 1) {
      for (const hour of [0, 11, 23]) {
        await scene.insertRequests(dayAt(days, hour), count, 1 + ((days + hour) % 3));
        await scene.insertFailures(dayAt(days, hour), count);
      }
    }
  }

  /** When each day was last computed, in days ago. */
  async function computedAt(): Promise<Map<string, string>> {
    const rows = await scene.query<{ date: string; at: string }>(
      `SELECT bucket_date::text AS date, min(computed_at)::text AS at FROM ops_metrics_daily GROUP BY 1`,
    );
    return new Map(rows.map(({ date, at }) => [date, at]));
  }

  it('are noted in the transaction of their hours: no snapshot ever sees them disagree without a note', async () => {
    interface Look {
      readonly days: number;
      readonly disagreeing: number;
      readonly unnoted: number;
    }
    // Each round changes every hour of every day, so that a day written apart from its hours would show.
    const looks: Look[] = [];
    for (let round = 0; round < 4; round += 1) {
      await writeEveryDay(2);
      const end = new AbortController();
      const ended = scene.tick().finally(() => {
        end.abort();
      });
      while (!end.signal.aborted) looks.push(...(await scene.query<Look>(DISAGREEING)));
      expect(await ended).toMatchObject({ failedBuckets: 0, drainedDays: DAYS, pendingDays: 0 });
    }
    // Some of the looks fell between an hour and its day.
    expect(looks.some(({ disagreeing }) => disagreeing > 0)).toBe(true);
    expect(looks.filter(({ unnoted }) => unnoted > 0)).toEqual([]);
    expect(Math.min(...looks.map(({ days }) => days))).toBeGreaterThanOrEqual(DAYS);
    await scene.expectRight(dayAt(DAYS), today);
  });

  it('cost no other hour of their day a recomputation when one of its hours changes', async () => {
    const hours = (): Promise<{ hour: number; at: string }[]> =>
      scene.query(
        `SELECT (extract(epoch FROM bucket_start - $1::timestamptz) / 3600)::int AS hour, max(computed_at)::text AS at
           FROM ops_metrics_hourly
          WHERE bucket_start >= $1::timestamptz AND bucket_start < $1::timestamptz + interval '24 hours'
          GROUP BY 1 ORDER BY 1`,
        [dayAt(4)],
      );
    const before = await hours();
    await scene.insertRequests(dayAt(4, 11), 1, 3);
    expect(await scene.tick()).toMatchObject({ drainedHours: 1, drainedDays: 1 });
    const after = await hours();
    expect(after.map(({ hour }) => hour)).toEqual([0, 11, 23]);
    expect(after.filter(({ at }, i) => at !== before[i]?.at).map(({ hour }) => hour)).toEqual([11]);
    await scene.expectRight(dayAt(DAYS), today);
  });

  it('are found by the audit where they are missing or not the sum of their hours, and nowhere else', async () => {
    const before = await computedAt();
    expect([...before.keys()].toSorted()).toEqual(Array.from({ length: DAYS }, (_, i) => dateOf(DAYS - i)));
    expect(await scene.tick()).toMatchObject({ differingDays: 0, drainedDays: 0 });

    await scene.query('DELETE FROM ops_metrics_daily WHERE bucket_date = $1::date', [dateOf(3)]);
    await scene.query(
      `UPDATE ops_metrics_daily SET token_consumed = token_consumed + 1
        WHERE bucket_date = $1::date AND platform IS NULL`,
      [dateOf(5)],
    );
    expect(await scene.tick()).toMatchObject({ differingDays: 2, drainedDays: 2, drainedHours: 0 });
    const after = await computedAt();
    const renewed = [...after].filter(([date, at]) => before.get(date) !== at).map(([date]) => date);
    expect(renewed.toSorted()).toEqual([dateOf(5), dateOf(3)]);
    expect(after.has(dateOf(0))).toBe(false); // today is open
    await scene.expectRight(dayAt(DAYS), today);
  });

  it('wait until their day has been closed for the safe delay, noted or not', async () => {
    const patient = await scene.start({ safeDelaySeconds: 86_400 });
    await patient.refresh.tick(); // ends the round of the other, whose hours close sooner
    await scene.query('TRUNCATE ops_metrics_daily');
    expect(await patient.refresh.tick()).toMatchObject({ drainedDays: DAYS - 1, pendingDays: 0 });
    await noteDay(scene.dataSource, dayAt(1));
    expect(await patient.refresh.tick()).toMatchObject({ drainedDays: 0, pendingDays: 0 });
    expect((await computedAt()).has(dateOf(1))).toBe(false);
    expect(await scene.tick()).toMatchObject({ drainedDays: 1, pendingDays: 0 });
    await scene.expectRight(dayAt(DAYS), today);
  });

  it('of a day that late rows keep coming for are merged once, after a rest, or at once for whoever asks', async () => {
    const patient = await scene.start({ recomputeIntervalSeconds: 3_600 });
    const before = await computedAt();
    for (const hour of [11, 23]) {
      // Hours that have just been computed would rest, too.
      await scene.query(`UPDATE ops_metrics_hourly SET computed_at = computed_at - interval '1 day',
        written_at = written_at - interval '1 day'`);
      await scene.insertRequests(dayAt(4, hour), 1);
      expect(await patient.refresh.tick()).toMatchObject({ drainedHours: 1, drainedDays: 0, pendingDays: 1 });
    }
    expect((await computedAt()).get(dateOf(4))).toBe(before.get(dateOf(4)));
    // Whoever reads sees them all the same.
    const read = await patient.reads.overview({ from: dayAt(4), to: dayAt(3) });
    expect(read).toMatchObject({ requestCountTotal: 2 * 3 + 2 });
    expect(await patient.refresh.tick({ asked: true })).toMatchObject({ drainedDays: 1, pendingDays: 0 });

    await scene.insertRequests(dayAt(4, 0), 1);
    expect(await patient.refresh.tick({ asked: true })).toMatchObject({
      drainedHours: 1,
      drainedDays: 1,
      pendingDays: 0,
    });
    await scene.expectRight(dayAt(DAYS), today);
  });

  it('are left to whoever has their day in work', async () => {
    await scene.query('TRUNCATE ops_metrics_daily');
    const holder = await scene.holdDays(dayAt(4), 2);
    expect(await scene.tick()).toMatchObject({ drainedDays: DAYS - 2, pendingDays: 2 });
    await holder.query('COMMIT');
    expect(await scene.tick()).toMatchObject({ drainedDays: 2, pendingDays: 0 });
    await scene.expectRight(dayAt(DAYS), today);
  });

  it('vanish with the last hour of their level, and of their day', async () => {
    await scene.purge(dayAt(2), dayAt(1));
    await scene.app.rebuilds.request({ from: dayAt(2), to: dayAt(1), force: true });
    await scene.tick();
    expect((await computedAt()).has(dateOf(2))).toBe(false);
    await scene.expectRight(dayAt(DAYS), today);
  });
});
