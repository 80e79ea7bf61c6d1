import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpsModuleOptions } from '../../src/ops/index.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { readHourly } from '../support/raw-rows.js';
import { insertRequests } from '../support/refresh-scene.js';
import { fillDays, hourOf, isoDates, runRetention } from '../support/retention-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: OpsApp;

beforeAll(async () => {
  database = await createTestDatabase('retention_distributions');
});

afterAll(() => database.drop());

beforeEach(async () => {
  app = await createOpsApp(database.url);
  await fillDays(app.dataSource, [9, 8, 7, 5, 4, 1]);
  await app.refresh.tick();
  await app.refresh.maintain();
});

afterEach(() => app.close());

async function reopen(options: OpsModuleOptions): Promise<void> {
  await app.close();
  app = await createOpsApp(database.url, options);
}

describe('distributions', () => {
  const KEEP_DISTRIBUTIONS_5 = { distributionRetentionDays: 5 };
  const DISTRIBUTIONS = 'duration_values, duration_counts, ttft_values, ttft_counts';

  const hoursWithOne = (): Promise<{ day: string; rows: number }[]> =>
    app.dataSource.query(
      `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*)::int AS rows
       FROM ops_metrics_hourly WHERE duration_values IS NOT NULL GROUP BY 1 ORDER BY 1`,
    );
  const daysWith = (): Promise<unknown[]> =>
    app.dataSource.query(
      `SELECT bucket_date::text, platform, group_id, ${DISTRIBUTIONS} FROM ops_metrics_daily ORDER BY 1, 2, 3`,
    );
  const requestsInDistribution = async (day: number): Promise<number> => {
    const [row] = await app.dataSource.query<{ count: string }[]>(
      `SELECT (SELECT sum(n) FROM unnest(duration_counts) AS n)::text AS count FROM ops_metrics_daily
       WHERE bucket_date = $1::date AND platform IS NULL`,
      isoDates(day),
    );
    return Number(row?.count);
  };

  it('of old hours are dropped, and everything else is kept', async () => {
    const [hourly, days] = [await readHourly(app.dataSource), await daysWith()];
    await reopen(KEEP_DISTRIBUTIONS_5);
    const tick = await app.refresh.maintain();
    expect(tick).toMatchObject({ droppedHourlyRows: 0, droppedDailyRows: 0, keptDays: 0 });
    expect(tick.droppedDistributions).toBeGreaterThan(0);
    expect((await hoursWithOne()).map(({ day }) => day)).toEqual(isoDates(5, 4, 1));
    expect(await readHourly(app.dataSource)).toEqual(hourly);
    expect(await daysWith()).toEqual(days);
    expect(await app.refresh.maintain()).toMatchObject({ droppedDistributions: 0 });
    expect(await daysWith()).toEqual(days);
  });

  it('of a day stay whole when a late row comes', async () => {
    await runRetention(app.dataSource, KEEP_DISTRIBUTIONS_5);
    await reopen(KEEP_DISTRIBUTIONS_5);
    await insertRequests(app.dataSource, hourOf(8, 20), 5);
    // The day's other hour with latencies comes first: else part of the day would pass for the whole.
    expect(await app.refresh.tick()).toMatchObject({ lateRows: 5, drainedHours: 2, drainedDays: 1 });
    expect(await requestsInDistribution(8)).toBe(12 + 2 + 5);
    await app.refresh.maintain(); // drops those of the hours again
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
    await app.dataSource.query(attack, isoDates(8));
    const before = (await hoursWithOne()).filter(({ day }) => isoDates(8).includes(day));
    expect(await runRetention(app.dataSource, KEEP_DISTRIBUTIONS_5)).toMatchObject({ keptDays: 1 });
    expect((await hoursWithOne()).filter(({ day }) => isoDates(8).includes(day))).toEqual(before);
  });
});
