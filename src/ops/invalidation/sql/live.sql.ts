import type { OpsTables } from '../../definitions/ops-tables.js';

/** The invalidation `i` has been tried, or looked at, and is not drained with the next tick. */
export const IS_STUCK = '(i.attempts > 0 OR i.suspicious_at IS NOT NULL OR i.loss_seen_at IS NOT NULL)';

export const liveMinutes = (tables: OpsTables): string => `(
    SELECT CASE WHEN l.live_through IS NOT NULL THEN GREATEST(l.minutes_from, b.backfilled_from) END AS minutes_from,
      CASE WHEN l.minutes_from IS NOT NULL THEN l.live_through END AS live_through
    FROM (SELECT 1) one LEFT JOIN ${tables.live} l ON true
    CROSS JOIN (
      SELECT max(i.bucket_start) + interval '1 minute' AS backfilled_from
      FROM ${tables.invalidations} i WHERE i.tier = 'minute' AND i.reason = 'backfill'
    ) b
  )`;

/** Whether the invalidation `i` of a minute says more than that new rows have come since `live_through`. */
export const isStaleMinute = `(i.tier = 'minute' AND i.reason <> 'backfill' AND (i.reason <> 'new_rows' OR ${IS_STUCK}))`;
