import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { closedThrough, isoUtc } from '../../sql/sql-time.js';
import { rawTables, type RawTable, type RawTableKey } from '../../definitions/raw-tables.js';

/** Transactions by their virtual id, with an id (bigint as text) that all of theirs lie above. */
export type WriterMarks = Readonly<Record<string, string>>;

/** The highest id that detection goes by. */
const head = ({ name, workerIds }: RawTable): string =>
  `(SELECT max(id)::bigint FROM ${name}${workerIds === null ? '' : ` WHERE id < ${workerIds}`})`;

/** Where one raw table stands; ids are bigint, as strings, and null for an empty table or before the first run. */
export interface DetectPosition {
  raw_table: RawTableKey;
  candidate: string | null;
  safe_id: string | null;
  seen_id: string | null;
  writers: WriterMarks | null;
  /** Nothing to look at: no id above safe_id, and nothing to move on. */
  idle: boolean;
  /** When the statement came (ISO): what had been committed by then, it and every later one sees. */
  read_at: string;
  minutes_kept: boolean;
  /** Rows have been written through workers. */
  by_workers: boolean;
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
    .map((table) => {
      const { key, name, workerIds } = table;
      const byWorkers =
        workerIds === null
          ? 'false'
          : `(SELECT count(*) > 0 FROM (SELECT 1 FROM ${name} WHERE id >= ${workerIds} LIMIT 1) w)`;
      return `('${key}', ${head(table)}, ${byWorkers})`;
    })
    .join(', ');
  return {
    text: `SELECT r.raw_table, r.candidate, r.by_workers, s.safe_id, s.seen_id, s.writers,
  s.safe_id IS NOT NULL AND s.safe_id = COALESCE(r.candidate, s.safe_id) AND s.writers = '{}'
    AND s.closed_through >= c.closed_through AS idle,
  ${isoUtc('c.closed_through')} AS closed_through, ${isoUtc('statement_timestamp()')} AS read_at,
  EXISTS (SELECT 1 FROM ${tables.live} WHERE minutes_from IS NOT NULL) AS minutes_kept
FROM (VALUES ${heads}) AS r(raw_table, candidate, by_workers)
CROSS JOIN (SELECT ${closedThrough('$1')} AS closed_through) c
LEFT JOIN ${tables.detectState} s USING (raw_table)`,
    values: [safeDelaySeconds],
  };
}

/** A transaction that may hold ids below the highest one without having committed. */
export interface Writer {
  readonly writer: string;
  /** For people: session, application, since when. */
  readonly description: string;
}

/**
 * The transactions that may hold ids below the highest one without having committed: an INSERT (or COPY) takes
 * RowExclusiveLock before it takes its id from the sequence. A partitioned table means itself and every partition, an
 * inheritance parent itself and every child.
 * Maintenance (vacuum, analyse, concurrent index builds) and readers take none of these modes.
 *
 * A transaction goes by the id that it has locked itself until its other locks go: the one beside a lock ends when it has
 * committed, and its rows may lie on other nodes of a Citus cluster, where it commits after that.
 *
 * Bound: the table's name.
 */
export function writersOf(table: RawTable): SqlStatement {
  return {
    text: `WITH RECURSIVE tree AS (
  SELECT $1::regclass::oid AS relid
  UNION
  SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relid
),
locks AS MATERIALIZED (SELECT * FROM pg_locks WHERE locktype IN ('relation', 'virtualxid') AND granted)
SELECT DISTINCT ON (writer) COALESCE(x.virtualxid, l.virtualtransaction) AS writer,
  CASE
    WHEN l.pid IS NULL THEN 'a prepared transaction' || COALESCE((
      SELECT ', one of: ' || string_agg(p.gid || ' of ' || p.prepared::timestamptz(0), ', ') FROM pg_prepared_xacts p
      WHERE p.database = current_database()), '')
    ELSE 'pid ' || l.pid || COALESCE(' (' || NULLIF(a.application_name, '') || ')', '')
      || COALESCE(', ' || a.usename, '') || COALESCE(', in transaction since ' || ${isoUtc('a.xact_start')}, '')
  END AS description
FROM locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN locks x ON x.pid = l.pid AND x.locktype = 'virtualxid' AND x.mode = 'ExclusiveLock'
WHERE l.locktype = 'relation'
  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareUpdateExclusiveLock')
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.relation IN (SELECT relid FROM tree)`,
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
    text: `SELECT DISTINCT w.writer FROM unnest($1::text[]) AS w(writer)
JOIN pg_locks l ON l.virtualtransaction = w.writer OR l.virtualxid = w.writer AND l.mode = 'ExclusiveLock'`,
    values: [writers],
  };
}

/**
 * Starts following a table from the candidate, unless another instance just did: then it is not new. Beside writers in
 * flight it is provisional, and nothing counts as late.
 *
 * Bound: table key, candidate, end of the last closed hour (ISO), writers in flight, who they are.
 */
export function startState(
  tables: OpsTables,
  table: RawTable,
  bound: { closedThrough: string; candidate: string; marks: WriterMarks; heldBy: string | null },
): SqlStatement {
  return {
    text: `WITH started AS (
  INSERT INTO ${tables.detectState}
    (raw_table, safe_id, seen_id, closed_through, writers, provisional, late_before, held_since, held_by)
  SELECT $1::varchar, $2::bigint, $2::bigint, $3::timestamptz, $4::jsonb, p.provisional,
    CASE WHEN p.provisional THEN '-infinity' ELSE $3::timestamptz END,
    CASE WHEN p.provisional THEN clock_timestamp() END, $5::text
  FROM (SELECT $4::jsonb <> '{}' AS provisional) p
  ON CONFLICT (raw_table) DO NOTHING
  RETURNING 1
)
SELECT EXISTS (SELECT 1 FROM started) AS is_new`,
    values: [table.key, bound.candidate, bound.closedThrough, JSON.stringify(bound.marks), bound.heldBy],
  };
}

export interface LockedState {
  /** bigint, as strings. */
  safe_id: string;
  seen_id: string;
  writers: WriterMarks;
  provisional: boolean;
  /** The highest id now, not when the position was read. */
  head: string | null;
}

/**
 * Locks the table's state, so that detection in two instances takes turns.
 *
 * Bound: table key.
 */
export function lockState(tables: OpsTables, table: RawTable): SqlStatement {
  return {
    text: `SELECT safe_id, COALESCE(seen_id, safe_id) AS seen_id, writers, provisional,
  ${head(table)}::text AS head
FROM ${tables.detectState} WHERE raw_table = $1 FOR UPDATE`,
    values: [table.key],
  };
}

/**
 * Where detection starts over when the highest id has fallen below safe_id: so many rows below that highest id.
 *
 * Bound: the highest id, how many rows.
 */
export function restartBelow(table: RawTable, head: string, rows: number): SqlStatement {
  return {
    text: `SELECT COALESCE(
  (SELECT id::bigint FROM ${table.name} WHERE id <= $1::bigint ORDER BY id DESC OFFSET $2::int LIMIT 1),
  (SELECT min(id)::bigint - 1 FROM ${table.name}))::text AS id`,
    values: [head, rows],
  };
}

/**
 * Moves on.
 *
 * Bound: table key, end of the last closed hour (ISO), safe_id, seen_id, writers in flight, who they are, whether it is
 * still provisional, late rows, rows below the floor.
 */
export function advanceState(
  tables: OpsTables,
  table: RawTable,
  bound: {
    closedThrough: string;
    safeId: string;
    seenId: string;
    marks: WriterMarks;
    heldBy: string | null;
    provisional: boolean;
    lateRows: string;
    belowFloorRows: string;
  },
): SqlStatement {
  return {
    text: `WITH advanced AS (
  UPDATE ${tables.detectState} SET
    closed_through = GREATEST(closed_through, $2::timestamptz),
    safe_id = $3::bigint, seen_id = $4::bigint, writers = $5::jsonb,
    held_by = $6::text,
    held_since = CASE WHEN $5::jsonb <> '{}' THEN COALESCE(held_since, clock_timestamp()) END,
    provisional = $7::boolean,
    late_before = CASE WHEN $7::boolean THEN late_before ELSE GREATEST(closed_through, $2::timestamptz) END,
    late_rows = late_rows + $8::bigint,
    below_floor_rows = below_floor_rows + $9::bigint,
    updated_at = clock_timestamp()
  WHERE raw_table = $1
  RETURNING safe_id
)
SELECT safe_id FROM advanced`,
    values: [
      table.key,
      bound.closedThrough,
      bound.safeId,
      bound.seenId,
      JSON.stringify(bound.marks),
      bound.heldBy,
      bound.provisional,
      bound.lateRows,
      bound.belowFloorRows,
    ],
  };
}

/** What the module has to know of a raw table before it follows it. */
export interface RawTableShape {
  relkind: string | null;
  created_at: string | null;
  id_is_whole: boolean | null;
}

/** Bound: the table's name. */
export function rawTableShape(table: RawTable): SqlStatement {
  const typeOf = (column: string): string =>
    `(SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '${column}' AND NOT a.attisdropped)`;
  return {
    text: `SELECT c.relkind::text, format_type(${typeOf('created_at')}, NULL) AS created_at,
  ${typeOf('id')} IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype) AS id_is_whole
FROM (SELECT to_regclass($1) AS oid) named LEFT JOIN pg_class c ON c.oid = named.oid`,
    values: [table.name],
  };
}
