import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { dayOf, isoUtc } from '../../metrics/sql-time.js';
import { recomputeFloor } from './recompute-floor.sql.js';

/**
 * Hours that have been recomputed are no longer dropped.
 *
 * Bound: hours (ISO).
 */
export function restoreHours(tables: OpsTables, hours: readonly string[]): SqlStatement {
  return {
    text: `WITH restored AS (
  DELETE FROM ${tables.droppedHours} WHERE bucket_start = ANY($1::timestamptz[]) RETURNING 1
)
SELECT count(*)::int AS hours FROM restored`,
    values: [hours],
  };
}

/**
 * How many of a day's hours are dropped. While there is one, the day's daily rows cannot be computed.
 *
 * Bound: day (ISO).
 */
export function countDroppedHours(tables: OpsTables, day: string): SqlStatement {
  return {
    text: `SELECT count(*)::int AS hours FROM ${tables.droppedHours}
WHERE bucket_start >= $1::timestamptz AND bucket_start < $1::timestamptz + interval '24 hours'`,
    values: [day],
  };
}

/**
 * A range of whole hours, widened outward to the whole UTC days at its ends that have dropped hours.
 *
 * Bound: start, end (ISO).
 */
export function widenToDroppedDays(tables: OpsTables, start: string, end: string): SqlStatement {
  const dropped = (day: string): string =>
    `EXISTS (SELECT 1 FROM ${tables.droppedHours} x WHERE x.bucket_start >= ${day} AND x.bucket_start < ${day} + interval '24 hours')`;
  const [first, last] = [dayOf('$1::timestamptz'), dayOf(`$2::timestamptz - interval '1 hour'`)];
  return {
    text: `SELECT
  ${isoUtc(`CASE WHEN ${dropped(first)} THEN ${first} ELSE $1::timestamptz END`)} AS start,
  ${isoUtc(`CASE WHEN ${dropped(last)} THEN ${last} + interval '24 hours' ELSE $2::timestamptz END`)} AS end`,
    values: [start, end],
  };
}

/**
 * The hours of a day whose latencies have no distribution any more, and that may be recomputed: without them the
 * day's distributions could only be merged from some of its hours. (The hourly rows of a platform never have one.)
 *
 * Bound: day (ISO), retention in hours or null.
 */
export function hoursWithoutDistribution(
  tables: OpsTables,
  day: string,
  retentionHours: number | null,
): SqlStatement {
  return {
    text: `SELECT DISTINCT ${isoUtc('bucket_start')} AS hour FROM ${tables.hourly}
WHERE bucket_start >= $1::timestamptz AND bucket_start < $1::timestamptz + interval '24 hours'
  AND (duration_samples > 0 AND duration_values IS NULL OR ttft_samples > 0 AND ttft_values IS NULL)
  AND (platform IS NULL OR group_id IS NOT NULL)
  AND bucket_start >= ${recomputeFloor(tables, '$2')}
ORDER BY 1`,
    values: [day, retentionHours],
  };
}
