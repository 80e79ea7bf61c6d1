import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OpsBelowFloorError, resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { readDaily } from '../support/raw-rows.js';
import { insertRequests, staleHours } from '../support/refresh-scene.js';
import {
  dailyRequests,
  dayAgo,
  daysIn,
  fillDays,
  hourOf,
  isoDates,
  runRetention,
} from '../support/retention-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const KEEP_5 = { hourlyRetentionDays: 5 };
/** Requests of day 8: 12 and 2 successful ones and 3 failures. */
const DAY_8 = 17;

let database: TestDatabase;
let app: OpsApp;

beforeAll(async () => {
  database = await createTestDatabase('retention_dropped_hours');
});

afterAll(() => database.drop());

beforeEach(async () => {
  app = await createOpsApp(database.url);
  await fillDays(app.dataSource, [9, 8, 7, 5, 4, 1]);
  await app.refresh.tick();
  await app.refresh.maintain();
});

const removeAttack = () =>
  app.dataSource.query('ALTER TABLE ops_metrics_hourly DROP CONSTRAINT IF EXISTS attack');

afterEach(async () => {
  await removeAttack();
  await app.close();
});

async function reopen(options: OpsModuleOptions): Promise<void> {
  await app.close();
  app = await createOpsApp(database.url, options);
}

/** Stale hours of a day; the present one always is. */
const staleDuring = async (day: number) =>
  (await staleHours(app.dataSource)).filter((hour) => hour.slice(0, 10) === isoDates(day)[0]);

const keep5 = () => runRetention(app.dataSource, KEEP_5);

describe('after hours were dropped', () => {
  beforeEach(async () => {
    expect((await keep5()).droppedHourlyRows).toBeGreaterThan(0);
  });

  it.each([
    ['with the same retention', KEEP_5],
    ['with a retention that was raised', { hourlyRetentionDays: 300 }],
    ['on an instance without one', {}],
  ])('a late row does not shrink the day, %s', async (_what, options) => {
    await reopen(options);
    const daily = await readDaily(app.dataSource);
    await insertRequests(app.dataSource, hourOf(8, 20), 1);
    expect(await app.refresh.tick()).toMatchObject({ belowFloorRows: 1, lateRows: 1 });
    await app.refresh.maintain();
    expect(await readDaily(app.dataSource)).toEqual(daily);
    expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(5, 4, 1));
  });

  it('an hour that was noted before does not bring a part of the day back', async () => {
    const daily = await readDaily(app.dataSource);
    await app.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ($1, 'new_rows')`,
      [hourOf(8, 20).toISOString()],
    );
    expect(await app.refresh.tick()).toMatchObject({ drainedHours: 0, belowFloorHours: 1 });
    await app.refresh.maintain();
    expect(await readDaily(app.dataSource)).toEqual(daily);
    expect(await staleDuring(8)).toEqual([]);
  });

  it('verification compares what is kept, and finds nothing to mend', async () => {
    const report = await app.verify.verify(dayAgo(9), dayAgo(0), true);
    expect(report).toMatchObject({
      differenceCount: 0,
      notedHours: 0,
      hours: 9 * 24,
      unjudgedCount: 3 * 24 + 3, // the hours, and their days
    });
  });

  it('answers for whole days rest on the daily rows, also while their raw rows are being purged', async () => {
    const reads = new ReadService(app.dataSource, OPS_TABLES, resolveOptions({ safeDelaySeconds: 0 }));
    const requests = async (from: Date, to: Date) => (await reads.overview({ from, to })).requestCountTotal;
    const before = await requests(dayAgo(9), dayAgo(0));
    await app.dataSource.query('DELETE FROM usage_logs WHERE created_at < $1', [hourOf(8, 12).toISOString()]);
    expect(await requests(dayAgo(8), dayAgo(7))).toBe(DAY_8);
    expect(await requests(dayAgo(9), dayAgo(0))).toBe(before);
    // Parts of a day have no daily row: what is left of the raw rows.
    expect(await requests(hourOf(8, 12), dayAgo(7))).toBe(2);
  });

  it('a rebuild needs force, and then takes whole days', async () => {
    await insertRequests(app.dataSource, hourOf(8, 20), 5);
    const [from, to] = [hourOf(8, 20), hourOf(8, 21)];
    await expect(app.rebuilds.request({ from, to })).rejects.toThrow(OpsBelowFloorError);

    const { from: start, to: end, hours } = await app.rebuilds.request({ from, to, force: true });

    expect([start, end, hours.total]).toEqual([dayAgo(8).toISOString(), dayAgo(7).toISOString(), 24]);
    await app.refresh.tick();
    expect(await dailyRequests(app.dataSource, 8)).toBe(DAY_8 + 5);
    expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(8, 5, 4, 1));
    expect(await keep5()).toMatchObject({ keptDays: 0 });
    expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(5, 4, 1));
    expect(await dailyRequests(app.dataSource, 8)).toBe(DAY_8 + 5);
  });

  it('a forced rebuild of which an hour fails leaves the daily rows alone until it succeeds', async () => {
    await insertRequests(app.dataSource, hourOf(8, 11), 5);
    await app.dataSource.query(
      `ALTER TABLE ops_metrics_hourly ADD CONSTRAINT attack
       CHECK (extract(hour FROM bucket_start AT TIME ZONE 'UTC') <> 20) NOT VALID`,
    );
    await app.rebuilds.request({ from: hourOf(8, 0), to: hourOf(8, 24), force: true });
    await app.refresh.tick();
    await app.refresh.maintain();
    expect(await staleDuring(8)).toEqual([hourOf(8, 20).toISOString()]);
    expect(await dailyRequests(app.dataSource, 8)).toBe(DAY_8);

    await removeAttack();
    await app.dataSource.query('UPDATE ops_metrics_invalidations SET next_attempt_at = now()');
    await app.refresh.tick();
    expect(await dailyRequests(app.dataSource, 8)).toBe(DAY_8 + 5);
  });

  it('a part of a day that a cancelled rebuild restored is dropped again, and changes no daily row', async () => {
    const daily = await readDaily(app.dataSource);
    await app.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, forced) VALUES ($1, 'rebuild', true)`,
      [hourOf(8, 20).toISOString()],
    );
    expect(await app.refresh.tick()).toMatchObject({ drainedHours: 1, pendingDays: 0 });
    await app.refresh.maintain();
    expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(8, 5, 4, 1));
    expect(await keep5()).toMatchObject({ keptDays: 0 });
    expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(5, 4, 1));
    expect(await readDaily(app.dataSource)).toEqual(daily);
  });
});
