import { describe, expect, it } from '@jest/globals';
import { MinutesScene } from '../support/minutes-scene.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** What is no content of a row: its id, and when it was written. */
const CONTENT = `to_jsonb(m) - ARRAY['id', 'created_at', 'computed_at', 'written_at']`;

describe('minutes', () => {
  const scene = new MinutesScene('minutes');

  const atDistances = async (...minutes: readonly number[]): Promise<Date[]> =>
    Promise.all(minutes.map(async (distance) => new Date(+(await scene.minuteAgo(distance)) + 1_234)));

  it('are there from the first tick on, the running one included, complete up to its begin', async () => {
    const times = await atDistances(59, 0, 1, 600, 4_000);
    await scene.insertRequests(times, 3);
    await scene.insertFailures(await atDistances(0, 61), 2);
    const before = await scene.now();
    expect(await scene.tick()).toMatchObject({ pendingMinutes: 0, failedBuckets: 0 });
    const { from, through } = await scene.live();
    expect(+(through ?? NaN)).toBeGreaterThanOrEqual(+before);
    expect(+(from ?? NaN)).toBeLessThanOrEqual(+before - 72 * HOUR_MS);
    expect(+(from ?? NaN)).toBeGreaterThan(+before - 72 * HOUR_MS - 2 * MINUTE_MS);
    expect(await scene.requestsOf(new Date(+(times[0] ?? NaN) - 1_234))).not.toBeNull();
    await scene.expectEverythingRight();
  });

  it('follow the rows of the running minute with each tick', async () => {
    for (let count = 1; count <= 3; count += 1) {
      await scene.insertRequests(await scene.now(), 2);
      await scene.insertFailures(await scene.now(), 1);
      const before = await scene.now();
      expect(await scene.tick()).toMatchObject({ pendingMinutes: 0 });
      expect(+((await scene.live()).through ?? NaN)).toBeGreaterThanOrEqual(+before);
      await scene.expectMinutesRight();
    }
  });

  it('take late rows as long as they are kept; older ones only touch their hour', async () => {
    // The same instants for both: a minute may end in between.
    const late = await atDistances(5, 120, 4 * 24 * 60);
    await scene.insertRequests([await scene.ago(120), ...late], 3);
    await scene.tick();
    for (const [index, at] of late.entries()) {
      await scene.insertRequests(at, 2, 3);
      expect(await scene.tick()).toMatchObject({
        drainedMinutes: index < 2 ? 1 : 0,
        pendingMinutes: 0,
        pendingHours: 0,
      });
    }
    const [, twoHours, fourDays] = late;
    expect(await scene.requestsOf(new Date(Math.floor(+(twoHours ?? 0) / MINUTE_MS) * MINUTE_MS))).toBe(5);
    expect(await scene.storedRequests(new Date(Math.floor(+(fourDays ?? 0) / HOUR_MS) * HOUR_MS))).toBe(5);
    expect(await scene.rowsBefore(await scene.ago(73))).toBe(0);
    await scene.expectEverythingRight();
  });

  it('do not change what hours and days hold', async () => {
    const content = (): Promise<unknown> =>
      scene.query(
        `SELECT 'hour' AS tier, ${CONTENT} AS row FROM ops_metrics_hourly m
         UNION ALL SELECT 'day', ${CONTENT} FROM ops_metrics_daily m ORDER BY 1, 2`,
      );
    for (let hours = 1; hours < 100; hours += 7) {
      const at = await scene.ago(hours);
      await scene.insertRequests([at, new Date(+at + 90_000)], 1 + (hours % 5), 1 + (hours % 3));
      await scene.insertFailures(at, hours % 4);
    }
    await scene.tick();
    const withMinutes = await content();
    expect(await scene.rowsBefore(await scene.now())).toBeGreaterThan(20);
    await scene.query(
      'TRUNCATE ops_metrics_minutely, ops_metrics_hourly, ops_metrics_daily, ops_metrics_live, ops_metrics_invalidations, ops_detect_state',
    );
    await (await scene.start({ minuteRetentionHours: 0 })).refresh.tick();
    expect(await scene.rowsBefore(await scene.now())).toBe(0);
    expect(await content()).toEqual(withMinutes);
  });

  it('are complete from after the newest that waits for its backfill, and up to live_through', async () => {
    await scene.insertRequests(await atDistances(1, 30, 90, 400), 3);
    await scene.tick();
    const { from, through } = await scene.live();
    const waiting = await atDistances(90, 200);
    for (const at of waiting) {
      await scene.query(
        `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ('minute', date_bin('1 minute', $1::timestamptz, 'epoch'), 'backfill')`,
        [at],
      );
    }
    const [newest] = waiting;
    expect(await scene.live()).toEqual({
      from: new Date((Math.floor(+(newest ?? 0) / MINUTE_MS) + 1) * MINUTE_MS),
      through,
    });
    await scene.tick();
    expect((await scene.live()).from).toEqual(from);
  });

  it('are dropped when their time is over, and do not come back when more of them are to be kept', async () => {
    const hours = [1, 10, 20, 40, 60];
    for (const distance of hours) await scene.insertRequests(await scene.ago(distance), 2);
    await scene.tick();
    const all = await scene.rowsBefore(await scene.now());
    const short = await scene.start({ minuteRetentionHours: 30 });
    const dropped = await scene.rowsBefore(await scene.ago(30));
    expect(dropped).toBe((2 * all) / 5);
    expect(await short.refresh.maintain()).toMatchObject({
      droppedMinutelyRows: dropped,
      droppedHourlyRows: 0,
    });
    const { from } = await scene.live();
    expect(+(from ?? NaN)).toBeGreaterThan(+(await scene.ago(30)));
    // Neither a longer retention nor what comes late, is rebuilt or audited brings them back.
    await scene.insertRequests(await scene.ago(40), 1);
    await scene.rebuilt({ from: await scene.ago(62), to: await scene.ago(0) });
    await scene.tick();
    await scene.maintain();
    expect(await scene.rowsBefore(from ?? new Date())).toBe(0);
    expect((await scene.live()).from).toEqual(from);
    await scene.expectEverythingRight();
  });

  it('go in batches, and with them what was noted of them', async () => {
    const old = await scene.ago(40);
    await scene.insertRequests(await scene.ago(1), 2);
    await scene.tick();
    await scene.query(
      `INSERT INTO ops_metrics_minutely (bucket_start, platform) SELECT $1::timestamptz + n % 60 * interval '1 minute', 'p' || n
         FROM generate_series(1, 12000) AS n`,
      [old],
    );
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason, suspicious_at)
       VALUES ('minute', $1, 'audit', now()), ('minute', $2, 'audit', now())`,
      [old, await scene.ago(2)],
    );
    const short = await scene.start({ minuteRetentionHours: 30 });
    expect(await short.refresh.maintain()).toMatchObject({ droppedMinutelyRows: 12_000 });
    expect(await scene.noted()).toMatchObject([{ at: (await scene.ago(2)).toISOString(), stale: true }]);
  });

  it('end where none are to be kept, and begin anew: nothing claims them to be complete meanwhile', async () => {
    await scene.insertRequests(await atDistances(1, 200, 3_000), 3);
    await scene.tick();
    const off = await scene.start({ minuteRetentionHours: 0 });
    expect(await off.refresh.tick()).toMatchObject({ drainedMinutes: 0 });
    expect(await scene.live()).toEqual({ from: null, through: null });
    // What comes now is in no minute: its rows are still those of before.
    await scene.insertRequests(await atDistances(1, 200, 3_000), 2, 3);
    expect(await off.refresh.tick()).toMatchObject({ drainedMinutes: 0, pendingMinutes: 0 });
    expect(await scene.noted()).toEqual([]);

    await scene.tick();
    const { from, through } = await scene.live();
    expect([from, through]).not.toContain(null);
    await scene.expectEverythingRight();

    await off.refresh.tick();
    await off.refresh.maintain();
    expect(await scene.rowsBefore(new Date('2200-01-01T00:00:00Z'))).toBe(0);
    await scene.expectAllRight();
  });
});
