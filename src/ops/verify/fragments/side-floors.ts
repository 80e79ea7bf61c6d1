import type { OpsTables } from '../../definitions/ops-tables.js';
import { hasBucket, hourOf } from '../../sql/sql-time.js';
import { floors } from '../../invalidation/sql/floors.sql.js';

/** The two raw tables that an hour's columns come from. */
export interface Sides<T> {
  readonly usage: T;
  readonly errors: T;
}

/**
 * CTE `floors` of one row: `usage_floor` and `errors_floor`, below which nothing of a side is recomputed without force,
 * and `usage_oldest` and `errors_oldest`, the end of the hour next to that of the table's oldest raw row: up to there a
 * purge may be at work, whether a retention is configured or not.
 *
 * @param first number of the first of three bound values: see floorValues()
 */
export function sideFloors(tables: OpsTables, first: number): string {
  const oldest = (table: string): string =>
    `COALESCE(${hourOf(`(SELECT min(created_at) FROM ${table} WHERE ${hasBucket('created_at')})`)} + interval '2 hours', 'infinity')`;
  return `floors AS MATERIALIZED (
  SELECT GREATEST(f.hours_from, f.usage_from) AS usage_floor, GREATEST(f.hours_from, f.errors_from) AS errors_floor,
    ${oldest(tables.usageLogs)} AS usage_oldest, ${oldest(tables.errorLogs)} AS errors_oldest
  FROM ${floors(tables, first)} f
)`;
}
