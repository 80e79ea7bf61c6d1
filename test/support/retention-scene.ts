import type { DailyRow, HourlyRow } from './oracle/types.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import type { RetentionResult } from '../../src/ops/retention/retention.schema.js';
import { RetentionService } from '../../src/ops/retention/retention.service.js';
import { resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import { OpsScene } from './ops-scene.js';
import { readDaily, readHourly } from './raw-rows.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** UTC midnight so many days ago. */
export const dayAgo = (days: number): Date =>
  new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - days * DAY_MS);

/** Start of an hour of the UTC day so many days ago. */
export const hourOf = (days: number, hour: number): Date => new Date(dayAgo(days).getTime() + hour * HOUR_MS);

export const isoDates = (...days: number[]): string[] =>
  days.map((day) => dayAgo(day).toISOString().slice(0, 10));

export const KEEP_5 = { hourlyRetentionDays: 5 };
/** Requests of day 8: 12 and 2 successful ones and 3 failures. */
export const DAY_8 = 17;

/** Some days up to 9 ago, with requests in two hours of each and failures in a third, rolled up. */
export class RetentionScene extends OpsScene {
  /** The retention alone, without the rest of the maintenance job. */
  public retain(options: OpsModuleOptions = KEEP_5): Promise<RetentionResult> {
    return new RetentionService(this.dataSource, OPS_TABLES, resolveOptions(options)).run();
  }

  public hourly(): Promise<HourlyRow[]> {
    return readHourly(this.dataSource);
  }

  public daily(): Promise<DailyRow[]> {
    return readDaily(this.dataSource);
  }

  /** The days (ISO dates) that have rows in a metrics table, oldest first. */
  public async daysIn(table: 'hourly' | 'daily'): Promise<string[]> {
    const day = table === 'daily' ? 'bucket_date' : `(bucket_start AT TIME ZONE 'UTC')::date`;
    const rows = await this.query<{ day: string }>(
      `SELECT DISTINCT to_char(${day}, 'YYYY-MM-DD') AS day FROM ops_metrics_${table} ORDER BY 1`,
    );
    return rows.map((row) => row.day);
  }

  /** Every raw row, as text: what the retention must never change. */
  public rawRows(): Promise<unknown[]> {
    return this.query(
      `SELECT u::text AS row FROM usage_logs u UNION ALL SELECT e::text FROM ops_error_logs e ORDER BY 1`,
    );
  }

  /** Requests of a UTC day by its overall daily row, failed ones included; undefined without a row. */
  public async dailyRequests(day: number): Promise<number | undefined> {
    const [row] = await this.query<{ count: number }>(
      `SELECT (success_count + error_count_total)::int AS count FROM ops_metrics_daily
       WHERE bucket_date = $1::date AND platform IS NULL AND group_id IS NULL`,
      isoDates(day),
    );
    return row?.count;
  }

  public override async reset(): Promise<void> {
    await super.reset();
    for (const day of [9, 8, 7, 5, 4, 1]) {
      await this.insertRequests(hourOf(day, 3), 4 + day, 1);
      await this.insertRequests(hourOf(day, 20), 2, 3);
      await this.insertFailures(hourOf(day, 11), 3);
    }
    await this.app.refresh.tick();
    await this.app.refresh.maintain();
  }
}
