import type { OpsTables } from '../../metrics/ops-tables.js';
import { hasBucket, hourOf } from '../../metrics/sql-time.js';
import type { OpsOptions } from '../../ops.options.js';
import { recomputeFloor, shortestRetentionHours } from '../../refresh/sql/recompute-floor.sql.js';

/** The two raw tables that an hour's columns come from. */
export interface Sides<T> {
  readonly usage: T;
  readonly errors: T;
}

/** The retention in hours, or null, that no recomputation of a side reaches below without force. */
export function retentionHoursOfSides(options: OpsOptions): Sides<number | null> {
  const hours = shortestRetentionHours(options);
  return { usage: hours, errors: hours };
}

/**
 * CTE `floors` of one row: `usage_floor` and `errors_floor`, below which nothing is recomputed without force, and
 * `usage_oldest` and `errors_oldest`, the end of the hour next to that of the table's oldest raw row: up to there a purge
 * may be at work, whether a retention is configured or not.
 *
 * @param retentionHours placeholders of {@link retentionHoursOfSides}
 */
export function sideFloors(tables: OpsTables, retentionHours: Sides<string>): string {
  const oldest = (table: string): string =>
    `COALESCE(${hourOf(`(SELECT min(created_at) FROM ${table} WHERE ${hasBucket('created_at')})`)} + interval '2 hours', 'infinity')`;
  return `floors AS MATERIALIZED (
  SELECT ${recomputeFloor(tables, retentionHours.usage)} AS usage_floor,
    ${recomputeFloor(tables, retentionHours.errors)} AS errors_floor,
    ${oldest(tables.usageLogs)} AS usage_oldest, ${oldest(tables.errorLogs)} AS errors_oldest
)`;
}
