import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { DAY_TIER, HOUR_TIER } from '../../definitions/tiers.js';
import { closedThrough } from '../../sql/sql-time.js';

/** The invalidations `i` of the hours that a rebuild noted, or that others noted among them. */
export const inRange = (rebuild: string): string =>
  `i.tier = '${HOUR_TIER}' AND i.bucket_start >= ${rebuild}.range_start AND i.bucket_start < ${rebuild}.range_end`;

/** Of the closed days that the range touches. */
const dayInRange = (rebuild: string, safeDelaySeconds: string): string =>
  `i.tier = '${DAY_TIER}' AND i.bucket_start > ${rebuild}.range_start - interval '24 hours'
      AND i.bucket_start < ${rebuild}.range_end AND i.bucket_start + interval '24 hours' <= ${closedThrough(safeDelaySeconds)}`;

/** Failing, held back, or watched: the drain has had its turn and will not finish it now. */
export const IS_STUCK = '(i.attempts > 0 OR i.suspicious_at IS NOT NULL OR i.loss_seen_at IS NOT NULL)';

/**
 * Marks the rebuilds of whose hours, and days, none is left to try.
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
    AND NOT EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE ${inRange('r')} AND NOT ${IS_STUCK})
    AND NOT EXISTS (
      SELECT 1 FROM ${tables.invalidations} i WHERE ${dayInRange('r', '$1')} AND NOT ${IS_STUCK}
    )
  RETURNING r.id
)
SELECT id FROM finished`,
    values: [safeDelaySeconds],
  };
}
