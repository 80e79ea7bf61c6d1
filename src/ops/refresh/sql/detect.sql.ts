import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { closedThrough, hourOf } from '../../metrics/sql-time.js';
import { rawTables, type RawTable, type RawTableKey } from '../raw-tables.js';
import { rawFloor } from './raw-floor.sql.js';

/** Where one raw table stands; ids are bigint, as strings, and null for an empty table or before the first run. */
export interface DetectPosition {
  raw_table: RawTableKey;
  candidate: string | null;
  safe_id: string | null;
  /** Nothing to look at: no id above safe_id, and no hour has closed since. */
  idle: boolean;
}

/**
 * The highest id of each raw table and how far detection has come: all that a tick with nothing new has to ask.
 *
 * Bound: safe delay in seconds.
 */
export function readPositions(tables: OpsTables, safeDelaySeconds: number): SqlStatement {
  const heads = rawTables(tables)
    .map(({ key, name }) => `('${key}', (SELECT max(id)::bigint FROM ${name}))`)
    .join(', ');
  return {
    text: `SELECT r.raw_table, r.candidate, s.safe_id,
  s.safe_id IS NOT NULL AND s.safe_id >= COALESCE(r.candidate, 0)
    AND s.closed_through >= ${closedThrough('$1')} AS idle
FROM (VALUES ${heads}) AS r(raw_table, candidate)
LEFT JOIN ${tables.detectState} s USING (raw_table)`,
    values: [safeDelaySeconds],
  };
}

/**
 * The transactions that may hold ids below the highest one without having committed: an INSERT (or COPY) takes
 * RowExclusiveLock before it takes its id from the sequence. A partitioned table means itself and every partition.
 * Maintenance (vacuum, analyse, concurrent index builds) and readers take none of these modes.
 *
 * Bound: the table's name.
 */
export function writersOf(table: RawTable): SqlStatement {
  return {
    text: `SELECT DISTINCT l.virtualtransaction AS writer
FROM pg_locks l
WHERE l.locktype = 'relation' AND l.granted
  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareUpdateExclusiveLock')
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.relation IN (SELECT $1::regclass::oid UNION ALL SELECT relid::oid FROM pg_partition_tree($1::regclass))`,
    values: [table.name],
  };
}

/**
 * Which of these transactions still run.
 *
 * Bound: their virtual transaction ids.
 */
export function stillWriting(writers: readonly string[]): SqlStatement {
  return {
    text: 'SELECT DISTINCT virtualtransaction AS writer FROM pg_locks WHERE virtualtransaction = ANY($1::text[])',
    values: [writers],
  };
}

/**
 * How many ids a session takes from the table's sequence at once. Above 1, a row may come with an id far below
 * rows that are already there.
 *
 * Bound: the table's name.
 */
export function sequenceCache(table: RawTable): SqlStatement {
  return {
    text: `SELECT COALESCE((
  SELECT seqcache FROM pg_sequence WHERE seqrelid = pg_get_serial_sequence($1, 'id')::regclass
), 1)::text AS cache, current_setting('max_connections') AS sessions`,
    values: [table.name],
  };
}

/**
 * Starts following a table, unless another instance just did: then no row is returned. The first safe_id lies just
 * before the first row of the backfill, so that rows still in flight are found when they commit; nothing counts as
 * late until it has moved.
 *
 * Bound: table key, safe delay in seconds, backfill in hours, retention in hours or null.
 */
export function startState(
  tables: OpsTables,
  table: RawTable,
  bound: { safeDelaySeconds: number; backfillHours: number; retentionHours: number | null },
): SqlStatement {
  return {
    text: `WITH start AS (
  SELECT GREATEST(
    ${hourOf(`(SELECT min(created_at) FROM ${table.name} WHERE created_at > '-infinity')`)},
    ${hourOf('clock_timestamp() - make_interval(hours => $3::int)')},
    ${rawFloor('$4')}
  ) AS oldest
),
first AS (
  SELECT min(r.created_at) AS created_at FROM ${table.name} r, start WHERE r.created_at >= start.oldest
)
INSERT INTO ${tables.detectState} (raw_table, safe_id, closed_through, late_before)
SELECT $1::varchar, COALESCE((
    SELECT min(r.id)::bigint - 1 FROM ${table.name} r, first
    WHERE r.created_at >= first.created_at AND r.created_at < first.created_at + interval '1 hour'
  ), (SELECT max(id)::bigint FROM ${table.name}), 0), ${closedThrough('$2')}, '-infinity'
ON CONFLICT (raw_table) DO NOTHING
RETURNING safe_id`,
    values: [table.key, bound.safeDelaySeconds, bound.backfillHours, bound.retentionHours],
  };
}

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
    ${hourOf(`(SELECT min(created_at) FROM ${table.name} WHERE created_at > '-infinity')`)},
    ${hourOf('clock_timestamp() - make_interval(hours => $1::int)')},
    ${rawFloor('$2')}
  ) AS oldest
),
stale AS (
  SELECT bucket_start FROM start, generate_series(
    CASE WHEN EXISTS (SELECT 1 FROM ${table.name}) THEN ${hourOf(`start.oldest + interval '59 minutes 59.999999 seconds'`)} END,
    ${hourOf('clock_timestamp()')}, interval '1 hour') AS series(bucket_start)
  UNION
  SELECT ${hourOf('created_at')} FROM ${table.name} WHERE created_at >= clock_timestamp() AND created_at < 'infinity'
),
noted AS (
  INSERT INTO ${tables.invalidations} AS i (bucket_start, reason)
  SELECT bucket_start, 'backfill' FROM stale ORDER BY bucket_start
  ON CONFLICT (bucket_start) DO UPDATE SET noted_at = clock_timestamp(), suspicious_at = NULL
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
 * Locks the table's state, so that detection in two instances takes turns.
 *
 * Bound: table key, safe delay in seconds.
 */
export function lockState(tables: OpsTables, table: RawTable, safeDelaySeconds: number): SqlStatement {
  return {
    text: `SELECT safe_id, closed_through < ${closedThrough('$2')} AS hour_closed
FROM ${tables.detectState} WHERE raw_table = $1 FOR UPDATE`,
    values: [table.key, safeDelaySeconds],
  };
}

/**
 * Notes the hours of the rows above safe_id. The order of the inserted hours is what keeps two of these statements
 * from a deadlock.
 *
 * Bound: id to look above, table key, retention in hours or null.
 */
export function noteNewRows(
  tables: OpsTables,
  table: RawTable,
  bound: { aboveId: string; retentionHours: number | null },
): SqlStatement {
  return {
    text: `WITH fresh AS MATERIALIZED (
  SELECT ${hourOf('created_at')} AS bucket_start, count(*) AS rows, min(created_at) AS oldest
  FROM ${table.name}
  WHERE id > $1::bigint AND isfinite(created_at)
  GROUP BY 1
),
floor AS (SELECT ${rawFloor('$3')} AS at),
noted AS (
  INSERT INTO ${tables.invalidations} AS i (bucket_start, reason)
  SELECT bucket_start, 'new_rows' FROM fresh, floor WHERE bucket_start >= floor.at ORDER BY bucket_start
  ON CONFLICT (bucket_start) DO UPDATE
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
    values: [bound.aboveId, table.key, bound.retentionHours],
  };
}

/**
 * Notes the hours before those that closed since the last tick, for rows that were updated in place; with the last
 * closed hour itself where ids cannot be trusted.
 *
 * Bound: table key, safe delay in seconds, overlap in hours, retention in hours or null, backfill in hours, whether
 * the last closed hour is noted too.
 */
export function noteOverlap(
  tables: OpsTables,
  table: RawTable,
  bound: {
    safeDelaySeconds: number;
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
    ${closedThrough('$2')} - make_interval(hours => CASE WHEN $6::boolean THEN 1 ELSE 2 END),
    interval '1 hour') AS series(bucket_start)
  WHERE s.raw_table = $1 AND bucket_start >= ${rawFloor('$4')} AND $3::int > 0
  ORDER BY bucket_start
  ON CONFLICT (bucket_start) DO UPDATE SET noted_at = clock_timestamp(), suspicious_at = NULL
  RETURNING 1
)
SELECT count(*)::int AS hours FROM noted`,
    values: [
      table.key,
      bound.safeDelaySeconds,
      bound.overlapHours,
      bound.retentionHours,
      bound.backfillHours,
      bound.withLastClosed,
    ],
  };
}

/**
 * Moves on. safe_id only where every row up to the candidate has been seen; the counters with it, so that rows
 * that are looked at twice are counted once.
 *
 * Bound: table key, safe delay in seconds, candidate or null, late rows, rows below the floor.
 */
export function advanceState(
  tables: OpsTables,
  table: RawTable,
  bound: {
    safeDelaySeconds: number;
    candidate: string | null;
    lateRows: string;
    belowFloorRows: string;
  },
): SqlStatement {
  return {
    text: `WITH advanced AS (
  UPDATE ${tables.detectState} SET
    closed_through = GREATEST(closed_through, ${closedThrough('$2')}),
    safe_id = GREATEST(safe_id, COALESCE($3::bigint, safe_id)),
    late_before = CASE WHEN $3::bigint IS NULL THEN late_before ELSE GREATEST(closed_through, ${closedThrough('$2')}) END,
    late_rows = late_rows + CASE WHEN $3::bigint IS NULL THEN 0 ELSE $4::bigint END,
    below_floor_rows = below_floor_rows + CASE WHEN $3::bigint IS NULL THEN 0 ELSE $5::bigint END,
    updated_at = clock_timestamp()
  WHERE raw_table = $1
  RETURNING safe_id
)
SELECT safe_id FROM advanced`,
    values: [table.key, bound.safeDelaySeconds, bound.candidate, bound.lateRows, bound.belowFloorRows],
  };
}
