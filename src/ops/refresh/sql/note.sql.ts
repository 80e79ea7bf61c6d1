import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { hasBucket, hourOf } from '../../metrics/sql-time.js';
import type { RawTable } from '../raw-tables.js';
import { recomputeFloor } from './recompute-floor.sql.js';

/**
 * What noting does to an hour that is stale already. It is no longer held back; and where a rebuild had noted it, it
 * now has a reason of its own, so that cancelling the rebuild does not lose it.
 */
export const NOTED_AGAIN = `noted_at = clock_timestamp(), suspicious_at = NULL,
    reason = CASE WHEN i.reason = 'rebuild' THEN EXCLUDED.reason ELSE i.reason END`;

/**
 * Notes every hour of the first backfill: from the oldest raw row, at most the backfill back and never below the
 * raw floor, to now; and the hours of rows that are dated in the future.
 *
 * Bound: backfill in hours, retention in hours or null.
 */
export function noteBackfill(
  tables: OpsTables,
  table: RawTable,
  bound: { backfillHours: number; retentionHours: number | null },
): SqlStatement {
  return {
    text: `WITH start AS (
  SELECT GREATEST(
    ${hourOf(`(SELECT min(created_at) FROM ${table.name} WHERE ${hasBucket('created_at')})`)},
    ${hourOf('clock_timestamp() - make_interval(hours => $1::int)')},
    ${recomputeFloor(tables, '$2')}
  ) AS oldest
),
stale AS (
  SELECT bucket_start FROM start, generate_series(
    CASE WHEN EXISTS (SELECT 1 FROM ${table.name} WHERE ${hasBucket('created_at')})
      THEN ${hourOf(`start.oldest + interval '59 minutes 59.999999 seconds'`)} END,
    ${hourOf('clock_timestamp()')}, interval '1 hour') AS series(bucket_start)
  UNION
  SELECT ${hourOf('created_at')} FROM ${table.name}
    WHERE created_at >= clock_timestamp() AND ${hasBucket('created_at')}
),
noted AS (
  INSERT INTO ${tables.invalidations} AS i (bucket_start, reason)
  SELECT bucket_start, 'backfill' FROM stale ORDER BY bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE SET ${NOTED_AGAIN}
  RETURNING 1
)
SELECT count(*)::int AS hours FROM noted`,
    values: [bound.backfillHours, bound.retentionHours],
  };
}

/** What one look at the new rows of a table found. Counts are bigint, as strings. */
export interface NotedRows {
  hours: number;
  late_rows: string;
  /** Age of the oldest late row, in seconds, or null. */
  latest_by_seconds: number | null;
  below_floor_rows: string;
}

/**
 * Notes the hours of the rows above an id: safe_id, or less where ids cannot be trusted. Only those above safe_id are
 * counted, since the others are looked at each time. The order of the inserted hours is what keeps two of these
 * statements from a deadlock.
 *
 * Bound: id to look above, table key, retention in hours or null, safe_id.
 */
export function noteNewRows(
  tables: OpsTables,
  table: RawTable,
  bound: { aboveId: string; safeId: string; retentionHours: number | null },
): SqlStatement {
  return {
    text: `WITH fresh AS MATERIALIZED (
  SELECT ${hourOf('created_at')} AS bucket_start, count(*) FILTER (WHERE id > $4::bigint) AS rows,
    min(created_at) FILTER (WHERE id > $4::bigint) AS oldest
  FROM ${table.name}
  WHERE id > $1::bigint AND ${hasBucket('created_at')}
  GROUP BY 1
),
floor AS (SELECT ${recomputeFloor(tables, '$3')} AS at),
noted AS (
  INSERT INTO ${tables.invalidations} AS i (bucket_start, reason)
  SELECT bucket_start, 'new_rows' FROM fresh, floor WHERE bucket_start >= floor.at ORDER BY bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE
    SET noted_at = clock_timestamp(), reason = EXCLUDED.reason, suspicious_at = NULL
  RETURNING 1
)
SELECT
  (SELECT count(*)::int FROM noted) AS hours,
  COALESCE(sum(f.rows) FILTER (WHERE f.bucket_start < s.late_before), 0)::text AS late_rows,
  extract(epoch FROM clock_timestamp() - min(f.oldest) FILTER (WHERE f.bucket_start < s.late_before))::float8
    AS latest_by_seconds,
  COALESCE(sum(f.rows) FILTER (WHERE f.bucket_start < floor.at), 0)::text AS below_floor_rows
FROM floor, ${tables.detectState} s LEFT JOIN fresh f ON true
WHERE s.raw_table = $2`,
    values: [bound.aboveId, table.key, bound.retentionHours, bound.safeId],
  };
}

/**
 * Notes the hours before those that closed since the last tick, for rows that were updated in place; with the last
 * closed hour itself where ids cannot be trusted.
 *
 * Bound: table key, end of the last closed hour (ISO), overlap in hours, retention in hours or null, backfill in
 * hours, whether the last closed hour is noted too.
 */
export function noteOverlap(
  tables: OpsTables,
  table: RawTable,
  bound: {
    closedThrough: string;
    overlapHours: number;
    retentionHours: number | null;
    backfillHours: number;
    withLastClosed: boolean;
  },
): SqlStatement {
  return {
    text: `WITH noted AS (
  INSERT INTO ${tables.invalidations} AS i (bucket_start, reason)
  SELECT bucket_start, 'overlap'
  FROM ${tables.detectState} s, generate_series(
    GREATEST(
      s.closed_through - make_interval(hours => $3::int),
      ${hourOf('clock_timestamp() - make_interval(hours => $5::int)')}
    ),
    $2::timestamptz - make_interval(hours => CASE WHEN $6::boolean THEN 1 ELSE 2 END),
    interval '1 hour') AS series(bucket_start)
  WHERE s.raw_table = $1 AND bucket_start >= ${recomputeFloor(tables, '$4')} AND $3::int > 0
  ORDER BY bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE SET ${NOTED_AGAIN}
  RETURNING 1
)
SELECT count(*)::int AS hours FROM noted`,
    values: [
      table.key,
      bound.closedThrough,
      bound.overlapHours,
      bound.retentionHours,
      bound.backfillHours,
      bound.withLastClosed,
    ],
  };
}
