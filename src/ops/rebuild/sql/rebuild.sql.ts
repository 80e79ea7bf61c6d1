import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';
import { HOUR_TIER } from '../../definitions/tiers.js';
import { inRange, withMinutes } from '../../drain/sql/finish-rebuilds.sql.js';
import { IS_STUCK } from '../../invalidation/sql/live.sql.js';
import { minutesOf, NOTED_HOURS } from '../../invalidation/sql/note.sql.js';

/**
 * Notes every hour of the range, and its minutes, and remembers the request. A bucket that is stale for another reason keeps that
 * reason, so that cancelling the rebuild cannot lose it.
 *
 * Bound: start, end (ISO, whole hours), forced, reason, requester.
 */
export function requestRebuild(
  tables: OpsTables,
  request: { start: string; end: string; force: boolean; reason: string | null; requestedBy: string | null },
): SqlStatement {
  return {
    text: `WITH hour(bucket_start) AS MATERIALIZED (
  SELECT * FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour')
),
noted AS (
  INSERT INTO ${tables.invalidations} AS i (tier, bucket_start, reason, forced)
  SELECT tier, bucket_start, 'rebuild', $3::boolean
  FROM (
    SELECT '${HOUR_TIER}', bucket_start FROM hour UNION ALL ${minutesOf(tables, 'hour')}
  ) AS stale(tier, bucket_start)
  ORDER BY tier, bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE SET
    noted_at = clock_timestamp(), next_attempt_at = clock_timestamp(), attempts = 0, last_error = NULL,
    forced = i.forced OR EXCLUDED.forced, suspicious_at = NULL, loss_seen_at = NULL, loss_rows = NULL
  RETURNING tier
)
INSERT INTO ${tables.rebuilds} (range_start, range_end, hours_total, forced, reason, requested_by)
SELECT $1::timestamptz, $2::timestamptz, (SELECT ${NOTED_HOURS} FROM noted), $3::boolean, $4::text, $5::varchar(128)
RETURNING id, hours_total`,
    values: [request.start, request.end, request.force, request.reason, request.requestedBy],
  };
}

/**
 * Cancels a rebuild: its hours and minutes that are left are no longer stale, unless another active rebuild wants them, they are
 * stale for another reason, or they are being recomputed this moment. Those that stay are no longer forced, unless
 * another active rebuild forces them. All of them count as cancelled: this rebuild has not done them.
 *
 * Bound: id.
 */
export function cancelRebuild(tables: OpsTables, id: string): SqlStatement {
  const wantedByAnother = (condition: string): string => `EXISTS (
      SELECT 1 FROM ${tables.rebuilds} o
      WHERE o.id <> t.id AND o.finished_at IS NULL AND o.cancelled_at IS NULL AND ${withMinutes('o')} AND ${condition}
    )`;
  return {
    text: `WITH target AS (
  SELECT * FROM ${tables.rebuilds}
  WHERE id = $1::bigint AND finished_at IS NULL AND cancelled_at IS NULL
  FOR UPDATE
),
left_over AS (
  SELECT i.tier, i.bucket_start,
    i.reason = 'rebuild' AND NOT ${wantedByAnother('true')} AS is_dropped,
    t.forced AND i.forced AND NOT ${wantedByAnother('o.forced')} AS is_unforced
  FROM ${tables.invalidations} i, target t
  WHERE ${withMinutes('t')}
  FOR UPDATE OF i SKIP LOCKED
),
dropped AS (
  DELETE FROM ${tables.invalidations}
  WHERE (tier, bucket_start) IN (SELECT tier, bucket_start FROM left_over WHERE is_dropped)
),
unforced AS (
  UPDATE ${tables.invalidations} SET forced = false
  WHERE (tier, bucket_start) IN (SELECT tier, bucket_start FROM left_over WHERE is_unforced AND NOT is_dropped)
),
cancelled AS (
  UPDATE ${tables.rebuilds} r SET
    cancelled_at = clock_timestamp(), hours_cancelled = (SELECT ${NOTED_HOURS} FROM left_over)
  FROM target t WHERE r.id = t.id
  RETURNING r.id
)
SELECT id FROM cancelled`,
    values: [id],
  };
}

/** A rebuild with its progress; times are ISO, UTC. */
export interface RebuildRow {
  id: string;
  range_start: string;
  range_end: string;
  forced: boolean;
  reason: string | null;
  requested_by: string | null;
  requested_at: string;
  finished_at: string | null;
  cancelled_at: string | null;
  hours_total: number;
  hours_left: number;
  hours_failed: number;
  hours_cancelled: number;
  elapsed_seconds: number;
}

/**
 * The latest rebuilds, or one of them.
 *
 * Bound: id or null, how many.
 */
export function readRebuilds(tables: OpsTables, id: string | null, limit: number): SqlStatement {
  return {
    text: `SELECT r.id::text, ${isoUtc('r.range_start')} AS range_start, ${isoUtc('r.range_end')} AS range_end,
  r.forced, r.reason, r.requested_by, ${isoUtc('r.requested_at')} AS requested_at,
  ${isoUtc('r.finished_at')} AS finished_at, ${isoUtc('r.cancelled_at')} AS cancelled_at,
  r.hours_total, r.hours_cancelled,
  COALESCE(l.waiting, 0) AS hours_left, COALESCE(l.stuck, r.hours_failed) AS hours_failed,
  extract(epoch FROM clock_timestamp() - r.requested_at)::float8 AS elapsed_seconds
FROM ${tables.rebuilds} r
LEFT JOIN LATERAL (
  SELECT (count(*) FILTER (WHERE NOT ${IS_STUCK}))::int AS waiting, (count(*) FILTER (WHERE ${IS_STUCK}))::int AS stuck
  FROM ${tables.invalidations} i WHERE ${inRange('r')}
) l ON r.finished_at IS NULL AND r.cancelled_at IS NULL
WHERE $1::bigint IS NULL OR r.id = $1::bigint
ORDER BY r.id DESC
LIMIT $2::int`,
    values: [id, limit],
  };
}
