import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../../definitions/tiers.js';
import { IS_STUCK } from '../../invalidation/sql/live.sql.js';
import { closedThrough } from '../../sql/sql-time.js';

/** The invalidations `i` of buckets that begin in the range of a rebuild. */
const beginsInRange = (rebuild: string): string =>
  `i.bucket_start >= ${rebuild}.range_start AND i.bucket_start < ${rebuild}.range_end`;

/** Those of the hours that a rebuild noted, or that others noted among them. */
export const inRange = (rebuild: string): string => `i.tier = '${HOUR_TIER}' AND ${beginsInRange(rebuild)}`;

/** The same, and those of their minutes. */
export const withMinutes = (rebuild: string): string =>
  `i.tier IN ('${MINUTE_TIER}', '${HOUR_TIER}') AND ${beginsInRange(rebuild)}`;

/** Of the closed days that the range touches. */
const dayInRange = (rebuild: string, safeDelaySeconds: string): string =>
  `i.tier = '${DAY_TIER}' AND i.bucket_start > ${rebuild}.range_start - interval '24 hours'
      AND i.bucket_start < ${rebuild}.range_end AND i.bucket_start + interval '24 hours' <= ${closedThrough(safeDelaySeconds)}`;

/**
 * Marks the rebuilds of whose minutes, hours, and days, none is left to try.
 *
 * Bound: safe delay in seconds.
 */
export function finishRebuilds(tables: OpsTables, safeDelaySeconds: number): SqlStatement {
  return {
    text: `WITH finished AS (
  UPDATE ${tables.rebuilds} r SET
    finished_at = clock_timestamp(),
    hours_failed = (SELECT count(*) FROM ${tables.invalidations} i WHERE ${inRange('r')})
  WHERE r.finished_at IS NULL AND r.cancelled_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE ${withMinutes('r')} AND NOT ${IS_STUCK})
    AND NOT EXISTS (
      SELECT 1 FROM ${tables.invalidations} i WHERE ${dayInRange('r', '$1')} AND NOT ${IS_STUCK}
    )
  RETURNING r.id
)
SELECT id FROM finished`,
    values: [safeDelaySeconds],
  };
}
