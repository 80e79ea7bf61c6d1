import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { closedThrough, dayOf, isoUtc } from '../../metrics/sql-time.js';

/**
 * Closed UTC days whose daily rows are missing, or were computed before one of their hourly rows, newest first.
 * The hours say it all: no state of its own is kept. Not a day of whose hours one has been dropped, since the rest
 * does not make a day, nor one whose daily rows are past their retention.
 *
 * Bound: safe delay in seconds, retention of the daily rows in hours or null.
 */
export function staleDays(
  tables: OpsTables,
  safeDelaySeconds: number,
  dailyRetentionHours: number | null,
): SqlStatement {
  return {
    text: `SELECT ${isoUtc('h.day')} AS day
FROM (
  SELECT ${dayOf('bucket_start')} AS day, max(computed_at) AS computed_at
  FROM ${tables.hourly}
  WHERE bucket_start < ${dayOf(closedThrough('$1'))}
    AND ($2::int IS NULL OR bucket_start >= ${dayOf('clock_timestamp() - make_interval(hours => $2::int)')})
  GROUP BY 1
) h
LEFT JOIN (
  SELECT bucket_date, min(computed_at) AS computed_at FROM ${tables.daily} GROUP BY 1
) d ON d.bucket_date = (h.day AT TIME ZONE 'UTC')::date
WHERE (d.bucket_date IS NULL OR d.computed_at < h.computed_at)
  AND h.day NOT IN (SELECT ${dayOf('bucket_start')} FROM ${tables.droppedHours})
ORDER BY h.day DESC`,
    values: [safeDelaySeconds, dailyRetentionHours],
  };
}
