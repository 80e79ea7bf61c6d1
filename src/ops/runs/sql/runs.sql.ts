import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';
import type { RunKind } from '../run.errors.js';
import type { RunState } from '../run.schemas.js';

/** Runs of a kind that are kept. */
const KEPT = 100;

/** A run; times are ISO, UTC. */
export interface RunRow {
  id: string;
  state: RunState['state'];
  request: unknown;
  result: unknown;
  error: string | null;
  requested_by: string | null;
  started_at: string;
  finished_at: string | null;
  cancel_requested_at: string | null;
}

const inSeconds = (placeholder: string): string =>
  `clock_timestamp() + make_interval(secs => ${placeholder}::float8)`;

/**
 * Writes a run down, and deletes the oldest ended ones of its kind.
 *
 * Bound: kind, request and first result as JSON, requester, for how many seconds it counts as alive.
 */
export function startRun(
  tables: OpsTables,
  run: { kind: RunKind; request: object; result: object; requestedBy: string | null; aliveSeconds: number },
): SqlStatement {
  return {
    text: `WITH pruned AS (
  DELETE FROM ${tables.runs}
  WHERE kind = $1 AND NOT (state = 'running' AND alive_until > clock_timestamp()) AND id IN (
    SELECT id FROM ${tables.runs} WHERE kind = $1 ORDER BY id DESC OFFSET ${KEPT - 1}
  )
),
started AS (
  INSERT INTO ${tables.runs} (kind, request, result, requested_by, alive_until)
  VALUES ($1, $2::jsonb, $3::jsonb, $4, ${inSeconds('$5')})
  RETURNING id
)
SELECT id::text FROM started`,
    values: [
      run.kind,
      JSON.stringify(run.request),
      JSON.stringify(run.result),
      run.requestedBy,
      run.aliveSeconds,
    ],
  };
}

/**
 * Says that a run is alive and how far it is, and asks whether it is to go on.
 *
 * Bound: id, for how many seconds it counts as alive, result as JSON or null for the one before.
 */
export function reportRun(
  tables: OpsTables,
  id: string,
  aliveSeconds: number,
  result: object | null,
): SqlStatement {
  return {
    text: `WITH reported AS (
  UPDATE ${tables.runs} SET alive_until = ${inSeconds('$2')}, result = COALESCE($3::jsonb, result)
  WHERE id = $1::bigint AND state = 'running'
  RETURNING cancel_requested_at
)
SELECT cancel_requested_at IS NOT NULL AS is_cancelled FROM reported`,
    values: [id, aliveSeconds, result === null ? null : JSON.stringify(result)],
  };
}

/** Bound: id, state, result as JSON or null for the one before, error or null. */
export function endRun(
  tables: OpsTables,
  id: string,
  state: RunRow['state'],
  result: object | null,
  error: string | null,
): SqlStatement {
  return {
    text: `WITH ended AS (
  UPDATE ${tables.runs} SET state = $2, result = COALESCE($3::jsonb, result), error = $4, finished_at = clock_timestamp()
  WHERE id = $1::bigint AND state = 'running'
  RETURNING id
)
SELECT id::text FROM ended`,
    values: [id, state, result === null ? null : JSON.stringify(result), error],
  };
}

/**
 * Asks a run that is alive to stop.
 *
 * Bound: kind, id.
 */
export function cancelRun(tables: OpsTables, kind: RunKind, id: string): SqlStatement {
  return {
    text: `WITH cancelled AS (
  UPDATE ${tables.runs} SET cancel_requested_at = COALESCE(cancel_requested_at, clock_timestamp())
  WHERE kind = $1 AND id = $2::bigint AND state = 'running' AND alive_until > clock_timestamp()
  RETURNING id
)
SELECT id::text FROM cancelled`,
    values: [kind, id],
  };
}

/**
 * The latest runs of a kind, or one of them; one whose instance has died is interrupted.
 *
 * Bound: kind, id or null, how many, keys of the result to leave out.
 */
export function readRuns(
  tables: OpsTables,
  kind: RunKind,
  id: string | null,
  limit: number,
  without: readonly string[],
): SqlStatement {
  return {
    text: `SELECT r.id::text, request, result - $4::text[] AS result, error, requested_by,
  CASE WHEN state = 'running' AND alive_until <= clock_timestamp() THEN 'interrupted' ELSE state END AS state,
  ${isoUtc('started_at')} AS started_at, ${isoUtc('finished_at')} AS finished_at,
  ${isoUtc('cancel_requested_at')} AS cancel_requested_at
FROM ${tables.runs} r
WHERE r.kind = $1 AND ($2::bigint IS NULL OR r.id = $2::bigint)
ORDER BY r.id DESC
LIMIT $3::int`,
    values: [kind, id, limit, without],
  };
}
