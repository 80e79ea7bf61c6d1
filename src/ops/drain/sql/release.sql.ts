import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { closedThrough } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER, type RawTier, type Tier } from '../../definitions/tiers.js';
import type { InvalidationReason } from '../../invalidation/invalidation-reason.js';

/** What becomes of the claimed buckets that are not simply done. */
export interface HeldBack {
  /** ISO, UTC. */
  readonly bucket: string;
  /** Held back until somebody notes it anew; else looked at again after the loss delay. */
  readonly suspicious: boolean;
  /** The requests that its raw rows gave. */
  readonly requests: number;
}

/**
 * Releases claimed buckets of a tier: the recomputed ones are no longer stale, the suspicious ones stay, held back until
 * somebody notes them anew, and those that lose rows are looked at again later.
 *
 * Bound: claimed buckets; buckets that stay (ISO), which of them are suspicious, their requests; loss delay in seconds.
 */
export function releaseBuckets(
  tables: OpsTables,
  tier: RawTier,
  claimed: readonly string[],
  held: readonly HeldBack[],
  lossDelaySeconds: number,
): SqlStatement {
  return {
    text: `WITH held AS (
  UPDATE ${tables.invalidations} i SET
    suspicious_at = CASE WHEN h.suspicious THEN clock_timestamp() END,
    loss_seen_at = CASE WHEN h.requests >= i.loss_rows THEN i.loss_seen_at ELSE clock_timestamp() END,
    loss_rows = h.requests,
    next_attempt_at = clock_timestamp() + make_interval(secs => CASE WHEN h.suspicious THEN 0 ELSE $5::float8 END)
  FROM unnest($2::timestamptz[], $3::boolean[], $4::bigint[]) AS h(bucket_start, suspicious, requests)
  WHERE i.tier = '${tier}' AND i.bucket_start = h.bucket_start
  RETURNING 1
),
released AS (
  DELETE FROM ${tables.invalidations}
  WHERE tier = '${tier}' AND bucket_start = ANY($1::timestamptz[]) AND bucket_start <> ALL($2::timestamptz[])
  RETURNING 1
)
SELECT (SELECT count(*)::int FROM released) AS released, (SELECT count(*)::int FROM held) AS held`,
    values: [
      claimed,
      held.map(({ bucket }) => bucket),
      held.map(({ suspicious }) => suspicious),
      held.map(({ requests }) => requests),
      lossDelaySeconds,
    ],
  };
}

/**
 * Releases a claimed day, or holds it back until somebody notes it anew.
 *
 * Bound: day (ISO).
 */
export function releaseDay(
  tables: OpsTables,
  day: string,
  { held }: { readonly held: boolean },
): SqlStatement {
  const isDay = `tier = '${DAY_TIER}' AND bucket_start = $1::timestamptz`;
  return {
    text: held
      ? `WITH held AS (
  UPDATE ${tables.invalidations} SET suspicious_at = clock_timestamp() WHERE ${isDay} RETURNING 1
)
SELECT count(*)::int AS days FROM held`
      : `WITH released AS (
  DELETE FROM ${tables.invalidations} WHERE ${isDay} RETURNING 1
)
SELECT count(*)::int AS days FROM released`,
    values: [day],
  };
}

/** A day whose hours have changed. */
export interface DayNote {
  /** ISO, UTC midnight. */
  readonly day: string;
  readonly reason: InvalidationReason;
  /** It may lose more than half of what it counts. */
  readonly forced: boolean;
  readonly restSeconds: number;
}

/**
 * Notes that the hours of days have changed. It waits while a drain holds such a day, and then notes it anew; how long
 * a day has been waiting is not forgotten. Its first change is merged after a rest, together with those that follow
 * until then: until then readers take its hours.
 *
 * Bound: days (ISO), reasons, whether each may lose more than half of what it counts, rests in seconds.
 */
export function noteDays(tables: OpsTables, notes: readonly DayNote[]): SqlStatement {
  return {
    text: `WITH noted AS (
  INSERT INTO ${tables.invalidations} AS i (tier, bucket_start, reason, forced, next_attempt_at)
  SELECT '${DAY_TIER}', n.day, n.reason, n.forced, clock_timestamp() + make_interval(secs => n.rest_seconds)
  FROM unnest($1::timestamptz[], $2::text[], $3::boolean[], $4::float8[]) AS n(day, reason, forced, rest_seconds)
  ORDER BY n.day
  ON CONFLICT (tier, bucket_start) DO UPDATE SET suspicious_at = NULL, forced = i.forced OR EXCLUDED.forced,
    next_attempt_at = CASE WHEN i.attempts = 0 THEN LEAST(i.next_attempt_at, EXCLUDED.next_attempt_at) ELSE i.next_attempt_at END,
    reason = CASE WHEN i.reason = 'restored' THEN i.reason ELSE EXCLUDED.reason END
  RETURNING 1
)
SELECT count(*)::int AS days FROM noted`,
    values: [
      notes.map(({ day }) => day),
      notes.map(({ reason }) => reason),
      notes.map(({ forced }) => forced),
      notes.map(({ restSeconds }) => restSeconds),
    ],
  };
}

/**
 * Writes down a failed attempt; the pause doubles with each. What two workers have tried at the same time counts once:
 * no row where the bucket is not due any more.
 *
 * Bound: tier, bucket (ISO), error, first and longest pause in seconds.
 */
export function recordFailure(
  tables: OpsTables,
  bucket: { tier: Tier; start: string },
  error: string,
  pause: { baseSeconds: number; maxSeconds: number },
): SqlStatement {
  return {
    text: `WITH failed AS (
  UPDATE ${tables.invalidations} SET
    attempts = attempts + 1,
    last_error = $3,
    next_attempt_at = clock_timestamp()
      + make_interval(secs => LEAST($5::float8, $4::float8 * power(2, LEAST(attempts, 30))))
  WHERE tier = $1 AND bucket_start = $2::timestamptz AND next_attempt_at <= clock_timestamp()
  RETURNING attempts
)
SELECT attempts FROM failed`,
    values: [bucket.tier, bucket.start, error, pause.baseSeconds, pause.maxSeconds],
  };
}

/**
 * Closed buckets that are stale and will be recomputed as soon as may be; those that are watched are not.
 *
 * Bound: safe delay in seconds.
 */
export function countPending(tables: OpsTables, safeDelaySeconds: number): SqlStatement {
  return {
    text: `SELECT
  (count(*) FILTER (WHERE i.tier = '${MINUTE_TIER}'))::int AS minutes,
  (count(*) FILTER (WHERE i.tier = '${HOUR_TIER}' AND i.bucket_start < c.closed))::int AS hours,
  (count(*) FILTER (WHERE i.tier = '${DAY_TIER}' AND i.bucket_start + interval '24 hours' <= c.closed))::int AS days
FROM ${tables.invalidations} i CROSS JOIN (SELECT ${closedThrough('$1')} AS closed) c
WHERE i.suspicious_at IS NULL AND i.loss_seen_at IS NULL`,
    values: [safeDelaySeconds],
  };
}
