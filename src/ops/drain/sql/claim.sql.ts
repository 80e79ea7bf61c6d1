import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { closedThrough, dayOf, isoUtc } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../../definitions/tiers.js';
import type { InvalidationReason } from '../../invalidation/invalidation-reason.js';
import { floors, floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';

/**
 * First key of the advisory locks on days ("ops" in ASCII); the second is the number of the UTC day since 1970.
 * Advisory locks are per database, so two modules in one database would only wait for each other.
 */
const DAY_LOCK_NAMESPACE = 0x6f7073;

const dayNumber = (day: string): string => `(extract(epoch FROM ${day}::timestamptz) / 86400)::int`;

/**
 * Takes the day's lock until the transaction ends, if it can be had: shared by all who write the day's rows from what
 * they were computed from, exclusive for who deletes them.
 *
 * Bound: day (ISO).
 */
export function lockDay(day: string, mode: 'shared' | 'exclusive'): SqlStatement {
  const lock = mode === 'shared' ? 'pg_try_advisory_xact_lock_shared' : 'pg_try_advisory_xact_lock';
  return { text: `SELECT ${lock}(${DAY_LOCK_NAMESPACE}, ${dayNumber('$1')}) AS locked`, values: [day] };
}

/** An invalidation is due when it is not held back as suspicious, and its next attempt has come. */
const IS_DUE = 'i.suspicious_at IS NULL AND i.next_attempt_at <= clock_timestamp()';

/** A claimed day: locked until the transaction ends. */
export interface ClaimedDay {
  /** ISO, UTC midnight. */
  day: string;
  reason: InvalidationReason;
  /** It may lose more than half of what it counts: somebody forced that, or its hours have got another meaning. */
  forced: boolean;
}

/**
 * Whether a drain has anything to do: a minute or an hour that is due, or a day that may be. It spares a quiet tick its workers.
 *
 * Bound: safe delay in seconds.
 */
export function isAnythingDue(tables: OpsTables, safeDelaySeconds: number): SqlStatement {
  return {
    text: `SELECT EXISTS (
  SELECT 1 FROM ${tables.invalidations} i CROSS JOIN (SELECT ${closedThrough('$1')} AS closed) c
  WHERE ${IS_DUE} AND CASE i.tier WHEN '${MINUTE_TIER}' THEN true WHEN '${HOUR_TIER}' THEN i.bucket_start < c.closed
    ELSE i.bucket_start + interval '24 hours' <= c.closed END
) AS due`,
    values: [safeDelaySeconds],
  };
}

/** How long the hours of a day may keep its daily rows waiting, in seconds. */
const DAY_WAITS_SECONDS = 60;

/**
 * Claims the newest closed day that is due: none of its hours is, or it has waited long enough for them. The row is
 * locked until the transaction ends; days that somebody else has claimed are passed over.
 *
 * Bound: safe delay in seconds, days not to look at (ISO), the only day to claim (ISO) or null.
 */
export function claimDay(
  tables: OpsTables,
  bound: { safeDelaySeconds: number; except: readonly string[]; only: string | null },
): SqlStatement {
  return {
    text: `SELECT ${isoUtc('i.bucket_start')} AS day, i.reason, i.forced
FROM ${tables.invalidations} i
WHERE i.tier = '${DAY_TIER}' AND ${IS_DUE}
  AND i.bucket_start + interval '24 hours' <= ${closedThrough('$1')}
  AND i.bucket_start <> ALL($2::timestamptz[])
  AND ($3::timestamptz IS NULL OR i.bucket_start = $3::timestamptz)
  AND (
    i.noted_at <= clock_timestamp() - interval '${DAY_WAITS_SECONDS} seconds'
    OR NOT EXISTS (
      SELECT 1 FROM ${tables.invalidations} h
      WHERE h.tier = '${HOUR_TIER}' AND h.suspicious_at IS NULL AND h.next_attempt_at <= clock_timestamp()
        AND h.bucket_start >= i.bucket_start AND h.bucket_start < i.bucket_start + interval '24 hours'
    )
  )
ORDER BY i.bucket_start DESC
LIMIT 1
FOR UPDATE OF i SKIP LOCKED`,
    values: [bound.safeDelaySeconds, bound.except, bound.only],
  };
}

/** A claimed minute or hour: locked until the transaction ends. */
export interface ClaimedBucket {
  /** ISO, UTC. */
  bucket: string;
  /** ISO, UTC midnight. */
  day: string;
  reason: InvalidationReason;
  forced: boolean;
  /** Somebody waits for it: a rebuild, also of an hour that was stale before, or a verification. */
  asked: boolean;
  /** Buckets of its time are kept. */
  kept: boolean;
  /** Its usage rows may have been purged. */
  usage_below: boolean;
  /** Its error rows may have been purged. */
  errors_below: boolean;
  /** Nothing of it may be recomputed. */
  below_floor: boolean;
  /** It was seen to lose rows so long ago that a loss may be applied. */
  loss_settled: boolean;
}

/** What one transaction may take: of hours, those of a UTC day; minutes that have been computed before, or not yet. */
export type Claimable = 'hours' | 'minutes' | 'backfilled minutes';

/** Longest time whose minutes are recomputed in one transaction. */
const MINUTES_TOGETHER = "interval '119 minutes'";

/**
 * Claims due buckets of one tier, the newest and what lies close before it, and passes over those that somebody is noting
 * or recomputing right now. An hour is due when it is closed, a minute at once.
 *
 * Bound: safe delay in seconds, days not to look at (ISO), the only bucket to claim (ISO) or null, how many, for how many
 * seconds a loss is watched, retentions in hours.
 */
export function claimBuckets(
  tables: OpsTables,
  what: Claimable,
  bound: {
    safeDelaySeconds: number;
    except: readonly string[];
    only: string | null;
    limit: number;
    lossDelaySeconds: number;
    retention: RetentionHours;
  },
): SqlStatement {
  // The safe delay is bound in either case, and says nothing of minutes.
  const isDue =
    what === 'hours'
      ? `i.tier = '${HOUR_TIER}' AND i.bucket_start < ${closedThrough('$1')}`
      : `i.tier = '${MINUTE_TIER}' AND (i.reason = 'backfill') = ${what === 'backfilled minutes'} AND $1::float8 IS NOT NULL`;
  const due = `${isDue} AND ${IS_DUE}
  AND ${dayOf('i.bucket_start')} <> ALL($2::timestamptz[])
  AND ($3::timestamptz IS NULL OR i.bucket_start = $3::timestamptz)`;
  const first = what === 'hours' ? dayOf('i.bucket_start') : `i.bucket_start - ${MINUTES_TOGETHER}`;
  return {
    text: `WITH newest AS MATERIALIZED (
  SELECT ${first} AS first, i.bucket_start AS last
  FROM ${tables.invalidations} i
  WHERE ${due}
  ORDER BY i.bucket_start DESC
  LIMIT 1
  FOR UPDATE SKIP LOCKED
),
claimed AS MATERIALIZED (
  SELECT i.bucket_start, i.reason, i.forced, i.loss_seen_at
  FROM newest n JOIN ${tables.invalidations} i ON i.bucket_start >= n.first AND i.bucket_start <= n.last
  WHERE ${due}
  ORDER BY i.bucket_start DESC
  LIMIT $4::int
  FOR UPDATE OF i SKIP LOCKED
)
SELECT ${isoUtc('c.bucket_start')} AS bucket, ${isoUtc(dayOf('c.bucket_start'))} AS day, c.reason, c.forced,
  c.reason IN ('rebuild', 'verify') OR EXISTS (
    SELECT 1 FROM ${tables.rebuilds} r
    WHERE r.finished_at IS NULL AND r.cancelled_at IS NULL
      AND c.bucket_start >= r.range_start AND c.bucket_start < r.range_end
  ) AS asked,
  ${what === 'hours' ? 'true' : `COALESCE(c.bucket_start >= (SELECT minutes_from FROM ${tables.live}), false)`} AS kept,
  c.bucket_start < f.usage_from AS usage_below, c.bucket_start < f.errors_from AS errors_below,
  c.bucket_start < f.floor AS below_floor,
  COALESCE(c.loss_seen_at <= clock_timestamp() - make_interval(secs => $5::float8), false) AS loss_settled
FROM claimed c CROSS JOIN ${floors(tables, 6)} f
ORDER BY c.bucket_start`,
    values: [
      bound.safeDelaySeconds,
      bound.except,
      bound.only,
      bound.limit,
      bound.lossDelaySeconds,
      ...floorValues(bound.retention),
    ],
  };
}
