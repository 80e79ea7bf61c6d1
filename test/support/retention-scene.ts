import type { DataSource } from 'typeorm';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import type { RetentionResult } from '../../src/ops/retention/retention.schema.js';
import { RetentionService } from '../../src/ops/retention/retention.service.js';
import { resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import { insertFailures, insertRequests, resetScene } from './refresh-scene.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** UTC midnight so many days ago. */
export const dayAgo = (days: number): Date =>
  new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - days * DAY_MS);

/** Start of an hour of the UTC day so many days ago. */
export const hourOf = (days: number, hour: number): Date => new Date(dayAgo(days).getTime() + hour * HOUR_MS);

/** Requests in two hours, and failures in a third, of each of the given days. */
export async function fillDays(dataSource: DataSource, days: readonly number[]): Promise<void> {
  await resetScene(dataSource);
  await dataSource.query('TRUNCATE ops_metrics_dropped_hours');
  for (const day of days) {
    await insertRequests(dataSource, hourOf(day, 3), 4 + day, 1);
    await insertRequests(dataSource, hourOf(day, 20), 2, 3);
    await insertFailures(dataSource, hourOf(day, 11), 3);
  }
}

/** The retention alone, without the rest of the maintenance job. */
export async function runRetention(
  dataSource: DataSource,
  options: OpsModuleOptions,
): Promise<RetentionResult> {
  return new RetentionService(dataSource, OPS_TABLES, resolveOptions(options)).run();
}

/** The days (ISO dates) that have rows in a metrics table, oldest first. */
export async function daysIn(dataSource: DataSource, table: 'hourly' | 'daily'): Promise<string[]> {
  const day = table === 'daily' ? 'bucket_date' : `(bucket_start AT TIME ZONE 'UTC')::date`;
  const rows = await dataSource.query<{ day: string }[]>(
    `SELECT DISTINCT to_char(${day}, 'YYYY-MM-DD') AS day FROM ops_metrics_${table} ORDER BY 1`,
  );
  return rows.map((row) => row.day);
}

export const isoDates = (...days: number[]): string[] =>
  days.map((day) => dayAgo(day).toISOString().slice(0, 10));

/** Every raw row, as text: what the retention must never change. */
export async function rawRows(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ row: string }[]>(
    `SELECT u::text AS row FROM usage_logs u UNION ALL SELECT e::text FROM ops_error_logs e ORDER BY 1`,
  );
  return rows.map(({ row }) => row);
}

/** Requests of a UTC day by its overall daily row, failed ones included; null without a row. */
export async function dailyRequests(dataSource: DataSource, day: number): Promise<number | null> {
  const [row] = await dataSource.query<{ count: string }[]>(
    `SELECT (success_count + error_count_total)::text AS count FROM ops_metrics_daily
     WHERE bucket_date = $1::date AND platform IS NULL AND group_id IS NULL`,
    [dayAgo(day).toISOString().slice(0, 10)],
  );
  return row === undefined ? null : Number(row.count);
}
