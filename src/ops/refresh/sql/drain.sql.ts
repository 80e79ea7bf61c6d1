import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { closedThrough, dayOf, isoUtc } from '../../metrics/sql-time.js';
import { recomputeFloor } from './recompute-floor.sql.js';

/**
 * First key of the advisory locks on days ("ops" in ASCII); the second is the number of the UTC day since 1970.
 * Advisory locks are per database, so two modules in one database would only wait for each other.
 */
const DAY_LOCK_NAMESPACE = 0x6f7073;

/** An hour is due when it is closed, not held back as suspicious, and its next attempt has come. */
const isDue = (safeDelaySeconds: string): string =>
  `i.bucket_start < ${closedThrough(safeDelaySeconds)} AND i.suspicious_at IS NULL AND i.next_attempt_at <= clock_timestamp()`;

/**
 * The newest UTC day that has a due hour.
 *
 * Bound: safe delay in seconds, days not to look at (ISO).
 */
export function newestDueDay(
  tables: OpsTables,
  safeDelaySeconds: number,
  except: readonly string[],
): SqlStatement {
  return {
    text: `SELECT ${isoUtc(dayOf('i.bucket_start'))} AS day
FROM ${tables.invalidations} i
WHERE ${isDue('$1')} AND ${dayOf('i.bucket_start')} <> ALL($2::timestamptz[])
ORDER BY i.bucket_start DESC
LIMIT 1`,
    values: [safeDelaySeconds, except],
  };
}

/**
 * Takes the day's lock until the transaction ends, if nobody has it.
 *
 * Bound: day (ISO).
 */
export function lockDay(day: string): SqlStatement {
  return {
    text: `SELECT pg_try_advisory_xact_lock(${DAY_LOCK_NAMESPACE}, (extract(epoch FROM $1::timestamptz) / 86400)::int) AS locked`,
    values: [day],
  };
}

/** A claimed hour: locked until the transaction ends. */
export interface ClaimedHour {
  /** ISO, UTC. */
  hour: string;
  forced: boolean;
  /** Its raw rows may have been purged. */
  below_floor: boolean;
  day_closed: boolean;
}

/**
 * Claims the day's due hours, passing over those that somebody is noting right now.
 *
 * Bound: safe delay in seconds, day (ISO), retention in hours or null, the only hour to claim (ISO) or null.
 */
export function claimHours(
  tables: OpsTables,
  bound: { safeDelaySeconds: number; day: string; retentionHours: number | null; onlyHour: string | null },
): SqlStatement {
  return {
    text: `SELECT ${isoUtc('i.bucket_start')} AS hour, i.forced, i.bucket_start < ${recomputeFloor(tables, '$3')} AS below_floor,
  $2::timestamptz + interval '24 hours' <= ${closedThrough('$1')} AS day_closed
FROM ${tables.invalidations} i
WHERE ${isDue('$1')}
  AND i.bucket_start >= $2::timestamptz AND i.bucket_start < $2::timestamptz + interval '24 hours'
  AND ($4::timestamptz IS NULL OR i.bucket_start = $4::timestamptz)
ORDER BY i.bucket_start
FOR UPDATE SKIP LOCKED`,
    values: [bound.safeDelaySeconds, bound.day, bound.retentionHours, bound.onlyHour],
  };
}

/**
 * Releases claimed hours: the recomputed ones are no longer stale, the suspicious ones stay, held back until
 * somebody notes them anew.
 *
 * Bound: claimed hours, suspicious hours (ISO).
 */
export function releaseHours(
  tables: OpsTables,
  claimed: readonly string[],
  suspicious: readonly string[],
): SqlStatement {
  return {
    text: `WITH held AS (
  UPDATE ${tables.invalidations} SET suspicious_at = clock_timestamp()
  WHERE bucket_start = ANY($2::timestamptz[])
  RETURNING 1
),
released AS (
  DELETE FROM ${tables.invalidations}
  WHERE bucket_start = ANY($1::timestamptz[]) AND bucket_start <> ALL($2::timestamptz[])
  RETURNING 1
)
SELECT (SELECT count(*)::int FROM released) AS released, (SELECT count(*)::int FROM held) AS held`,
    values: [claimed, suspicious],
  };
}

/**
 * Writes down a failed attempt; the pause doubles with each.
 *
 * Bound: hour (ISO), error, first and longest pause in seconds.
 */
export function recordFailure(
  tables: OpsTables,
  hour: string,
  error: string,
  pause: { baseSeconds: number; maxSeconds: number },
): SqlStatement {
  return {
    text: `WITH failed AS (
  UPDATE ${tables.invalidations} SET
    attempts = attempts + 1,
    last_error = $2,
    next_attempt_at = clock_timestamp()
      + make_interval(secs => LEAST($4::float8, $3::float8 * power(2, LEAST(attempts, 30))))
  WHERE bucket_start = $1::timestamptz
  RETURNING attempts
)
SELECT attempts FROM failed`,
    values: [hour, error, pause.baseSeconds, pause.maxSeconds],
  };
}

/**
 * Hours that are stale: closed and waiting, failing, held back.
 *
 * Bound: safe delay in seconds.
 */
export function countPending(tables: OpsTables, safeDelaySeconds: number): SqlStatement {
  return {
    text: `SELECT
  (count(*) FILTER (WHERE i.suspicious_at IS NULL AND i.bucket_start < ${closedThrough('$1')}))::int AS pending,
  (count(*) FILTER (WHERE i.suspicious_at IS NULL AND i.attempts > 0))::int AS failing,
  (count(*) FILTER (WHERE i.suspicious_at IS NOT NULL))::int AS suspicious
FROM ${tables.invalidations} i`,
    values: [safeDelaySeconds],
  };
}
