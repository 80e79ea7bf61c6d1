import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpsBelowFloorError, resolveOptions } from '../../src/ops/index.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import { DAY_8, dayAgo, hourOf, isoDates, KEEP_5, RetentionScene } from '../support/retention-scene.js';

describe('after hours were dropped', () => {
  const scene = new RetentionScene('retention_dropped_hours');
  /** Stale hours of a day; the present one always is. */
  const staleDuring = async (day: number) =>
    (await scene.staleHours()).filter((hour) => hour.slice(0, 10) === isoDates(day)[0]);

  beforeEach(async () => {
    expect((await scene.retain()).droppedHourlyRows).toBeGreaterThan(0);
  });

  it.each([
    ['with the same retention', KEEP_5],
    ['with a retention that was raised', { hourlyRetentionDays: 300 }],
    ['on an instance without one', {}],
  ])('a late row does not shrink the day, %s', async (_what, options) => {
    const keeper = await scene.start(options);
    const daily = await scene.daily();
    await scene.insertRequests(hourOf(8, 20), 1);
    expect(await keeper.refresh.tick()).toMatchObject({ belowFloorRows: 1, lateRows: 1 });
    await keeper.refresh.maintain();
    expect(await scene.daily()).toEqual(daily);
    expect(await scene.daysIn('hourly')).toEqual(isoDates(5, 4, 1));
  });

  it('an hour that was noted before does not bring a part of the day back', async () => {
    const daily = await scene.daily();
    await scene.note(hourOf(8, 20), 'new_rows');
    expect(await scene.tick()).toMatchObject({ drainedHours: 0, belowFloorHours: 1 });
    await scene.maintain();
    expect(await scene.daily()).toEqual(daily);
    expect(await staleDuring(8)).toEqual([]);
  });

  it('verification compares what is kept, and finds nothing to mend', async () => {
    const report = await scene.app.verify.verify(dayAgo(9), dayAgo(0), true);
    expect(report).toMatchObject({
      differenceCount: 0,
      notedHours: 0,
      hours: 9 * 24,
      unjudgedCount: 3 * 24 + 3, // the hours, and their days
    });
  });

  it('answers for whole days rest on the daily rows, also while their raw rows are being purged', async () => {
    const reads = new ReadService(scene.dataSource, OPS_TABLES, resolveOptions({ safeDelaySeconds: 0 }));
    const requests = async (from: Date, to: Date) => (await reads.overview({ from, to })).requestCountTotal;
    const before = await requests(dayAgo(9), dayAgo(0));
    await scene.query('DELETE FROM usage_logs WHERE created_at < $1', [hourOf(8, 12)]);
    expect(await requests(dayAgo(8), dayAgo(7))).toBe(DAY_8);
    expect(await requests(dayAgo(9), dayAgo(0))).toBe(before);
    // Parts of a day have no daily row: what is left of the raw rows.
    expect(await requests(hourOf(8, 12), dayAgo(7))).toBe(2);
  });

  it('a rebuild needs force, and then takes whole days', async () => {
    await scene.insertRequests(hourOf(8, 20), 5);
    const [from, to] = [hourOf(8, 20), hourOf(8, 21)];
    await expect(scene.app.rebuilds.request({ from, to })).rejects.toThrow(OpsBelowFloorError);

    const { from: start, to: end, hours } = await scene.app.rebuilds.request({ from, to, force: true });

    expect([start, end, hours.total]).toEqual([dayAgo(8).toISOString(), dayAgo(7).toISOString(), 24]);
    await scene.tick();
    expect(await scene.dailyRequests(8)).toBe(DAY_8 + 5);
    expect(await scene.daysIn('hourly')).toEqual(isoDates(8, 5, 4, 1));
    expect(await scene.retain()).toMatchObject({ keptDays: 0 });
    expect(await scene.daysIn('hourly')).toEqual(isoDates(5, 4, 1));
    expect(await scene.dailyRequests(8)).toBe(DAY_8 + 5);
  });

  it('a forced rebuild of which an hour fails leaves the daily rows alone until it succeeds', async () => {
    await scene.insertRequests(hourOf(8, 11), 5);
    await scene.query(
      `ALTER TABLE ops_metrics_hourly ADD CONSTRAINT attack
       CHECK (extract(hour FROM bucket_start AT TIME ZONE 'UTC') <> 20) NOT VALID`,
    );
    const mend = (): Promise<unknown> =>
      scene.query('ALTER TABLE ops_metrics_hourly DROP CONSTRAINT IF EXISTS attack');
    scene.defer(mend);
    await scene.app.rebuilds.request({ from: hourOf(8, 0), to: hourOf(8, 24), force: true });
    await scene.tick();
    await scene.maintain();
    expect(await staleDuring(8)).toEqual([hourOf(8, 20).toISOString()]);
    expect(await scene.dailyRequests(8)).toBe(DAY_8);

    await mend();
    await scene.endPauses();
    await scene.tick();
    expect(await scene.dailyRequests(8)).toBe(DAY_8 + 5);
  });

  it('a part of a day that a cancelled rebuild restored is dropped again, and changes no daily row', async () => {
    const daily = await scene.daily();
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, forced) VALUES ($1, 'rebuild', true)`,
      [hourOf(8, 20)],
    );
    expect(await scene.tick()).toMatchObject({ drainedHours: 1, pendingDays: 0 });
    await scene.maintain();
    expect(await scene.daysIn('hourly')).toEqual(isoDates(8, 5, 4, 1));
    expect(await scene.retain()).toMatchObject({ keptDays: 0 });
    expect(await scene.daysIn('hourly')).toEqual(isoDates(5, 4, 1));
    expect(await scene.daily()).toEqual(daily);
  });
});
