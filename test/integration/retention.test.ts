import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpsModuleOptions } from '../../src/ops/index.js';
import { lockDay } from '../../src/ops/drain/sql/claim.sql.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { readDaily, readHourly } from '../support/raw-rows.js';
import { connect } from '../support/refresh-scene.js';
import {
  dailyRequests,
  dayAgo,
  daysIn,
  fillDays,
  hourOf,
  isoDates,
  rawRows,
  runRetention,
} from '../support/retention-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const KEEP_5 = { hourlyRetentionDays: 5 };
/** Requests of day 8: 12 and 2 successful ones and 3 failures. */
const DAY_8 = 17;

let database: TestDatabase;
let app: OpsApp;

beforeAll(async () => {
  database = await createTestDatabase('retention');
  // Days in this zone are not UTC days.
  await database.dataSource.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Asia/Kolkata'); END $$`,
  );
});

afterAll(() => database.drop());

/** Some days up to 9 ago are filled and rolled up. */
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

const keep5 = () => runRetention(app.dataSource, KEEP_5);

describe('the maintenance job', () => {
  it('keeps everything unless told otherwise', async () => {
    const before = [await readHourly(app.dataSource), await readDaily(app.dataSource)];
    expect(await app.refresh.maintain()).toMatchObject({
      droppedHourlyRows: 0,
      droppedDistributions: 0,
      droppedDailyRows: 0,
      keptDays: 0,
    });
    expect([await readHourly(app.dataSource), await readDaily(app.dataSource)]).toEqual(before);
  });

  it('drops hourly rows of whole days past their retention, and nothing else', async () => {
    const [raw, daily] = [await rawRows(app.dataSource), await readDaily(app.dataSource)];
    const old = (await readHourly(app.dataSource)).filter(
      (row) => row.bucket_start < dayAgo(5).toISOString(),
    );
    await reopen(KEEP_5);

    const tick = await app.refresh.maintain();

    expect(tick).toMatchObject({ droppedHourlyRows: old.length, droppedDailyRows: 0, keptDays: 0 });
    expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(5, 4, 1));
    expect(await readDaily(app.dataSource)).toEqual(daily);
    expect(await rawRows(app.dataSource)).toEqual(raw);
    // No day is taken for stale because its hours are gone.
    expect(await app.refresh.tick()).toMatchObject({ differingHours: 0, differingDays: 0, drainedDays: 0 });
    expect(await app.refresh.maintain()).toMatchObject({ droppedHourlyRows: 0 });
    expect(await readDaily(app.dataSource)).toEqual(daily);
  });

  it('drops daily rows past theirs, and neither table comes back', async () => {
    const raw = await rawRows(app.dataSource);
    await reopen({ ...KEEP_5, dailyRetentionDays: 7 });
    await app.refresh.maintain();
    for (let tick = 0; tick < 2; tick += 1) {
      expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(5, 4, 1));
      expect(await daysIn(app.dataSource, 'daily')).toEqual(isoDates(7, 5, 4, 1));
      expect(await app.refresh.tick()).toMatchObject({
        differingHours: 0,
        differingDays: 0,
        drainedDays: 0,
      });
      expect(await app.refresh.maintain()).toMatchObject({ droppedDailyRows: 0 });
    }
    expect(await rawRows(app.dataSource)).toEqual(raw);
  });

  it('drops daily rows alone, without recomputing them from the hours that stay', async () => {
    await reopen({ dailyRetentionDays: 7 });
    const hourly = await readHourly(app.dataSource);
    await app.refresh.maintain();
    expect(await daysIn(app.dataSource, 'daily')).toEqual(isoDates(7, 5, 4, 1));
    expect(await app.refresh.tick()).toMatchObject({ differingDays: 0, drainedDays: 0 });
    expect(await app.refresh.maintain()).toMatchObject({ droppedDailyRows: 0 });
    expect(await readHourly(app.dataSource)).toEqual(hourly);
    const report = await app.verify.verify(dayAgo(9), dayAgo(0));
    expect(report).toMatchObject({ differenceCount: 0, hours: 9 * 24 });
  });
});

describe('hourly rows are kept', () => {
  const hoursOfDay8 = async () =>
    (await readHourly(app.dataSource)).filter((row) => row.bucket_start.startsWith(isoDates(8)[0] ?? '-'));

  it.each([
    ['missing', 'DELETE FROM ops_metrics_daily WHERE bucket_date = $1'],
    ['missing at one level', 'DELETE FROM ops_metrics_daily WHERE bucket_date = $1 AND group_id = 3'],
    [
      'noted as stale',
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason)
       VALUES ('day', $1::date::timestamp AT TIME ZONE 'UTC', 'hours')`,
    ],
  ])('while the daily rows of their day are %s', async (_what, attack) => {
    await app.dataSource.query(attack, isoDates(8));
    const before = await hoursOfDay8();
    expect(await keep5()).toMatchObject({ keptDays: 1 });
    expect(await hoursOfDay8()).toEqual(before);
    expect(await daysIn(app.dataSource, 'hourly')).toEqual(isoDates(8, 5, 4, 1));

    await app.preagg.upsertDailyMetrics(dayAgo(8), dayAgo(7)); // makes the daily rows right, and notes them
    expect(await keep5()).toMatchObject({ keptDays: 1 });
    expect(await app.refresh.tick()).toMatchObject({ drainedDays: 1 });
    expect(await keep5()).toMatchObject({ droppedHourlyRows: before.length, keptDays: 0 });
    expect(await dailyRequests(app.dataSource, 8)).toBe(DAY_8);
  });

  it.each([
    ['stale', '{}'],
    ['failing', '{"attempts": 3, "next_attempt_at": "2999-01-01T00:00:00Z"}'],
    ['held back', '{"suspicious_at": "2020-01-01T00:00:00Z"}'],
  ])('while one of them is %s, and their daily rows too', async (_what, state) => {
    await app.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, attempts, next_attempt_at, suspicious_at)
       SELECT $1::timestamptz, 'verify', COALESCE(attempts, 0), COALESCE(next_attempt_at, now()), suspicious_at
       FROM jsonb_to_record($2::jsonb) AS s(attempts int, next_attempt_at timestamptz, suspicious_at timestamptz)`,
      [hourOf(8, 7).toISOString(), state],
    );
    const before = await hoursOfDay8();
    const result = await runRetention(app.dataSource, { ...KEEP_5, dailyRetentionDays: 6 });
    expect(result).toMatchObject({ keptDays: 1 });
    expect(await hoursOfDay8()).toEqual(before);
    expect(await daysIn(app.dataSource, 'daily')).toEqual(isoDates(8, 5, 4, 1));
  });

  it('while another instance has the day', async () => {
    const other = await connect(database.url);
    try {
      await other.query('BEGIN');
      const { text, values } = lockDay(dayAgo(8).toISOString(), 'shared');
      await other.query(text, values);
      const before = await hoursOfDay8();
      expect(await keep5()).toMatchObject({ keptDays: 1 });
      expect(await hoursOfDay8()).toEqual(before);
    } finally {
      await other.end();
    }
  });
});
