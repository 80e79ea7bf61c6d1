import { expect } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { eventually } from './eventually.js';
import { createOpsApp, type OpsApp } from './ops-app.js';
import { diffRows } from './oracle/compare.js';
import { computeDaily } from './oracle/daily.js';
import type { HourlyRow } from './oracle/types.js';
import { computeHourly } from './oracle/hourly.js';
import { readDaily, readHourly, readRaw } from './raw-rows.js';

/** The database's clock, as a Date. */
export async function databaseNow(dataSource: DataSource): Promise<Date> {
  const [row] = await dataSource.query<{ ms: string }[]>(
    'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS ms',
  );
  return new Date(Number(row?.ms));
}

/** `hours` back from the start of the running UTC hour. */
export async function hoursAgo(dataSource: DataSource, hours: number): Promise<Date> {
  const now = (await databaseNow(dataSource)).getTime();
  return new Date(now - (now % 3_600_000) - hours * 3_600_000);
}

/** `hours` back from the last noon, UTC: up to 12, and from 13 to 36, are hours of one day, whenever the test runs. */
export async function hoursBeforeNoon(dataSource: DataSource, hours: number): Promise<Date> {
  const now = (await databaseNow(dataSource)).getTime();
  const sinceNoon = (now + 12 * 3_600_000) % 86_400_000;
  return new Date(now - sinceNoon - hours * 3_600_000);
}

/** Waits until whoever runs has found every raw row, drained every hour before `end` and ended every rebuild. */
export async function settled(dataSource: DataSource, end: Date): Promise<void> {
  await eventually(async () => {
    const [row] = await dataSource.query<{ settled: boolean }[]>(
      `SELECT (SELECT safe_id FROM ops_detect_state WHERE raw_table = 'usage_logs')
                >= (SELECT COALESCE(max(id), 0) FROM usage_logs)
          AND (SELECT safe_id FROM ops_detect_state WHERE raw_table = 'ops_error_logs')
                >= (SELECT COALESCE(max(id), 0) FROM ops_error_logs)
          AND NOT EXISTS (
            SELECT FROM ops_metrics_invalidations
            WHERE bucket_start + CASE tier WHEN 'day' THEN interval '24 hours' ELSE interval '1 hour' END <= $1::timestamptz)
          AND NOT EXISTS (SELECT FROM ops_rebuilds WHERE finished_at IS NULL AND cancelled_at IS NULL) AS settled`,
      [end.toISOString()],
    );
    return row?.settled === true;
  }, 'every hour drained');
}

/** Every bucket of [from, end) is what the raw rows give: for `verify` of an instance, and for the oracle. */
export async function expectRightBy(app: OpsApp, from: Date, end: Date): Promise<void> {
  const report = await app.verify.verify(from, end);
  expect(report.differences).toEqual([]);
  expect(report.differenceCount).toBe(0);

  const raw = await readRaw(app.dataSource);
  const hourly = computeHourly(raw.groups, raw.usage, raw.errors, from, end);
  expect(hourly.length).toBeGreaterThan(0);
  const stored = (await readHourly(app.dataSource)).filter((row) => Date.parse(row.bucket_start) < +end);
  expect(diffRows(hourly, stored)).toEqual([]);

  await expectMinutes(app.dataSource, from, end, raw);

  const isClosed = (day: string): boolean => Date.parse(day) + 86_400_000 <= +end;
  const daily = computeDaily(hourly, from, end).filter((row) => isClosed(row.bucket_date));
  const storedDaily = (await readDaily(app.dataSource)).filter((row) => isClosed(row.bucket_date));
  expect(diffRows(daily, storedDaily)).toEqual([]);
}

/** Minutes of [from, end) that are kept, and not noted, are what the raw rows give, the running one included. */
export async function expectMinutes(
  dataSource: DataSource,
  from: Date,
  end: Date,
  raw?: Awaited<ReturnType<typeof readRaw>>,
): Promise<void> {
  const [kept] = await dataSource.query<{ from: Date | null; noted: string[] }[]>(
    `SELECT l.minutes_from AS from, ARRAY(
         SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM ops_metrics_invalidations
          WHERE tier = 'minute') AS noted
       FROM (SELECT 1) one LEFT JOIN ops_metrics_live l ON true`,
  );
  if (kept === undefined || kept.from === null) return;
  const [first, noted] = [new Date(Math.max(+kept.from, +from)), new Set(kept.noted)];
  const isJudged = ({ bucket_start: at }: HourlyRow): boolean =>
    Date.parse(at) >= +first && Date.parse(at) < +end && !noted.has(at);
  const { groups, usage, errors } = raw ?? (await readRaw(dataSource));
  const minutes = computeHourly(groups, usage, errors, first, end, 'minute');
  const stored = await readHourly(dataSource, 'minutely');
  expect(diffRows(minutes.filter(isJudged), stored.filter(isJudged))).toEqual([]);
}

/** The same, by an instance that is started for it. */
export async function expectRight(url: string, from: Date, end: Date): Promise<void> {
  const app = await createOpsApp(url);
  try {
    await expectRightBy(app, from, end);
  } finally {
    await app.close();
  }
}
