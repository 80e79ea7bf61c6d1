import { DISTRIBUTED } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { dayOf, isoUtc } from '../../sql/sql-time.js';
import { floors, floorValues, type RetentionHours } from './floors.sql.js';
import { NOTED_HOURS, noteHours } from './note.sql.js';

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
 * Notes the hours of a day that have lost their distributions, and that may be recomputed: without them the day's
 * distributions could only be merged from some of its hours. (The hourly rows of a platform never have one; those of a
 * dimension go with the others.)
 *
 * Bound: day (ISO), retentions in hours.
 */
export function noteHoursWithoutDistribution(
  tables: OpsTables,
  day: string,
  retention: RetentionHours,
): SqlStatement {
  return {
    text: `WITH noted AS (
  ${noteHours(
    tables,
    'restored',
    `SELECT m.bucket_start FROM ${tables.hourly} m CROSS JOIN ${floors(tables, 2)} f
    WHERE m.bucket_start >= $1::timestamptz AND m.bucket_start < $1::timestamptz + interval '24 hours'
      AND (${DISTRIBUTED.map(([name]) => `m.${name}_samples > 0 AND m.${name}_values IS NULL`).join(' OR ')})
      AND (m.platform IS NULL OR m.group_id IS NOT NULL)
      AND m.bucket_start >= GREATEST(f.hours_from, f.usage_from)`,
    { minutes: false },
  )}
)
SELECT ${NOTED_HOURS} AS hours FROM noted`,
    values: [day, ...floorValues(retention)],
  };
}
