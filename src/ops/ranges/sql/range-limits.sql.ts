import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { closedThrough, dayOf, isoUtc } from '../../sql/sql-time.js';
import { floors, floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';

/** What a range is held against, by the database's clock; ISO, UTC. */
export interface RangeLimits {
  now: string;
  /** End of the last closed hour. */
  closed_through: string;
  /** Start of what can be recomputed without force; null where that is everything. */
  floor: string | null;
  /** Start of the oldest UTC day whose daily rows are kept; null where that is every day. */
  daily_floor: string | null;
}

/** Bound: safe delay in seconds, retention of the daily rows in hours or null, the others in hours. */
export function rangeLimits(
  tables: OpsTables,
  safeDelaySeconds: number,
  retention: RetentionHours,
): SqlStatement {
  return {
    text: `SELECT ${isoUtc('clock_timestamp()')} AS now, ${isoUtc(closedThrough('$1'))} AS closed_through,
  ${isoUtc("NULLIF(f.floor, '-infinity')")} AS floor,
  ${isoUtc(dayOf('clock_timestamp() - make_interval(hours => $2::int)'))} AS daily_floor
FROM ${floors(tables, 3)} f`,
    values: [safeDelaySeconds, retention.daily, ...floorValues(retention)],
  };
}
