import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { closedThrough, isoUtc } from '../../metrics/sql-time.js';
import { rawTables, type RawTable, type RawTableKey } from '../raw-tables.js';

/** Where one raw table stands; ids are bigint, as strings, and null for an empty table or before the first run. */
export interface DetectPosition {
  raw_table: RawTableKey;
  candidate: string | null;
  safe_id: string | null;
  /** Nothing to look at: no id above safe_id, and no hour has closed since. */
  idle: boolean;
  /** An hour has closed since; null before the first run. */
  hour_closed: boolean | null;
  /** Hours that end up to here are closed (ISO). It is read once: the rest of the detection goes by it. */
  closed_through: string;
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
    AND s.closed_through >= c.closed_through AS idle,
  s.closed_through < c.closed_through AS hour_closed, ${isoUtc('c.closed_through')} AS closed_through
FROM (VALUES ${heads}) AS r(raw_table, candidate)
CROSS JOIN (SELECT ${closedThrough('$1')} AS closed_through) c
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
 * Starts following a table from the candidate, unless another instance just did: then it is not new. Without a
 * candidate nothing is written, and the table is new until it is followed. Nothing counts as late before the first
 * safe_id.
 *
 * Bound: table key, end of the last closed hour (ISO), candidate or null.
 */
export function startState(
  tables: OpsTables,
  table: RawTable,
  bound: { closedThrough: string; candidate: string | null },
): SqlStatement {
  return {
    text: `WITH started AS (
  INSERT INTO ${tables.detectState} (raw_table, safe_id, closed_through, late_before)
  SELECT $1::varchar, $3::bigint, $2::timestamptz, '-infinity' WHERE $3::bigint IS NOT NULL
  ON CONFLICT (raw_table) DO NOTHING
  RETURNING 1
)
SELECT EXISTS (SELECT 1 FROM started)
  OR ($3::bigint IS NULL AND NOT EXISTS (SELECT 1 FROM ${tables.detectState} WHERE raw_table = $1)) AS is_new`,
    values: [table.key, bound.closedThrough, bound.candidate],
  };
}

export interface LockedState {
  /** bigint, as a string. */
  safe_id: string;
  hour_closed: boolean;
}

/**
 * Locks the table's state, so that detection in two instances takes turns.
 *
 * Bound: table key, end of the last closed hour (ISO).
 */
export function lockState(tables: OpsTables, table: RawTable, closedThrough: string): SqlStatement {
  return {
    text: `SELECT safe_id, closed_through < $2::timestamptz AS hour_closed
FROM ${tables.detectState} WHERE raw_table = $1 FOR UPDATE`,
    values: [table.key, closedThrough],
  };
}

/**
 * Moves on. safe_id only where every row up to the candidate has been seen; the counters with it, so that rows
 * that are looked at twice are counted once.
 *
 * Bound: table key, end of the last closed hour (ISO), candidate or null, late rows, rows below the floor.
 */
export function advanceState(
  tables: OpsTables,
  table: RawTable,
  bound: {
    closedThrough: string;
    candidate: string | null;
    lateRows: string;
    belowFloorRows: string;
  },
): SqlStatement {
  return {
    text: `WITH advanced AS (
  UPDATE ${tables.detectState} SET
    closed_through = GREATEST(closed_through, $2::timestamptz),
    safe_id = GREATEST(safe_id, COALESCE($3::bigint, safe_id)),
    late_before = CASE WHEN $3::bigint IS NULL THEN late_before ELSE GREATEST(closed_through, $2::timestamptz) END,
    late_rows = late_rows + CASE WHEN $3::bigint IS NULL THEN 0 ELSE $4::bigint END,
    below_floor_rows = below_floor_rows + CASE WHEN $3::bigint IS NULL THEN 0 ELSE $5::bigint END,
    updated_at = clock_timestamp()
  WHERE raw_table = $1
  RETURNING safe_id
)
SELECT safe_id FROM advanced`,
    values: [table.key, bound.closedThrough, bound.candidate, bound.lateRows, bound.belowFloorRows],
  };
}
