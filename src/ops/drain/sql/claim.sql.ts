import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { closedThrough, dayOf, isoUtc } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER, type RawTier } from '../../definitions/tiers.js';
import type { InvalidationReason } from '../../invalidation/invalidation-reason.js';
import { floors, floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';

/**
 * First key of the advisory locks on days ("ops" in ASCII); the second is the number of the UTC day since 1970.
 * Advisory locks are per database, so two modules in one database would only wait for each other.
 */
const DAY_LOCK_NAMESPACE = 0x6f7073;

/**
 * Takes the locks of days until the transaction ends, as far as they can be had: shared by all who write a day's rows from
 * what they were computed from, exclusive for who deletes them. Returns a day (ISO) that cannot be had, or null.
 *
 * Bound: days (ISO).
 */
export function lockDays(days: readonly string[], mode: 'shared' | 'exclusive'): SqlStatement {
  const lock = mode === 'shared' ? 'pg_try_advisory_xact_lock_shared' : 'pg_try_advisory_xact_lock';
  return {
    text: `SELECT min(day) FILTER (WHERE NOT locked) AS busy FROM (
  SELECT day, ${lock}(${DAY_LOCK_NAMESPACE}, (extract(epoch FROM day::timestamptz) / 86400)::int) AS locked
  FROM unnest($1::text[]) AS days(day)
) tried`,
    values: [days],
  };
}

/** An invalidation is due when it is not held back as suspicious, and its next attempt has come. */
export const IS_DUE = 'i.suspicious_at IS NULL AND i.next_attempt_at <= clock_timestamp()';

/** A claimed day: locked until the transaction ends. */
export interface ClaimedDay {
  /** ISO, UTC midnight. */
  day: string;
  reason: InvalidationReason;
  /** It may lose more than half of what it counts: somebody forced that, or its hours have got another meaning. */
  forced: boolean;
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
WHERE ${isDue('days')}
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

/** What one transaction may take of what is computed from raw rows: hours; minutes that have been computed before, or not yet. */
export type Claimable = 'hours' | 'minutes' | 'backfilled minutes';

export const tierOf = (what: Claimable): RawTier => (what === 'hours' ? HOUR_TIER : MINUTE_TIER);

/** That a bucket is due; the safe delay in seconds is $1, which says nothing of minutes, and days not to look at are $2. */
export const isDue = (what: Claimable | 'days'): string => `${OF_KIND[what]} AND ${IS_DUE}
  AND ${dayOf('i.bucket_start')} <> ALL($2::timestamptz[])`;

const OF_KIND: Readonly<Record<Claimable | 'days', string>> = {
  minutes: `i.tier = '${MINUTE_TIER}' AND i.reason <> 'backfill' AND $1::float8 IS NOT NULL`,
  'backfilled minutes': `i.tier = '${MINUTE_TIER}' AND i.reason = 'backfill' AND $1::float8 IS NOT NULL`,
  hours: `i.tier = '${HOUR_TIER}' AND i.bucket_start < ${closedThrough('$1')}`,
  days: `i.tier = '${DAY_TIER}' AND i.bucket_start + interval '24 hours' <= ${closedThrough('$1')}`,
};

/** How many buckets are due, up to {@link MOST_COUNTED} of each kind. Of the days, some may wait for their hours. */
export type DueBuckets = Readonly<Record<Claimable | 'days', number>>;

/** As far as it makes a difference to how much one worker takes. */
const MOST_COUNTED = 2_000;

/**
 * What a drain has to do. It spares a quiet tick its workers, and a worker the claims that come to nothing.
 *
 * Bound: safe delay in seconds, days not to look at (ISO).
 */
export function countDue(
  tables: OpsTables,
  bound: { readonly safeDelaySeconds: number; readonly except: readonly string[] },
): SqlStatement {
  const counts = (Object.keys(OF_KIND) as (keyof DueBuckets)[]).map(
    (what) => `(
  SELECT count(*)::int FROM (SELECT FROM ${tables.invalidations} i WHERE ${isDue(what)} LIMIT ${MOST_COUNTED}) d
) AS "${what}"`,
  );
  return { text: `SELECT ${counts.join(', ')}`, values: [bound.safeDelaySeconds, bound.except] };
}

/**
 * Claims due buckets of one tier, the newest first, as many as one statement may recompute, and passes over those that
 * somebody is noting or recomputing right now. An hour is due when it is closed, a minute at once. Of hours, those of the
 * newest day, and of the days before it whose hours fit in as well: whoever computes hours of one day waits for the others
 * at the end, so that a day is divided only where it has to be.
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
  const due = `${isDue(what)} AND ($3::timestamptz IS NULL OR i.bucket_start = $3::timestamptz)`;
  // A day that LIMIT cuts off does not fit either.
  const first = `(
    SELECT min(d.day) FROM (
      SELECT i.day, sum(count(*)) OVER (ORDER BY i.day DESC) AS hours
      FROM (
        SELECT ${dayOf('i.bucket_start')} AS day
        FROM newest n JOIN ${tables.invalidations} i ON i.bucket_start <= n.last
        WHERE ${due}
        ORDER BY i.bucket_start DESC
        LIMIT $4::int + 24
      ) i
      GROUP BY i.day
    ) d
    WHERE d.hours <= $4::int OR d.day = (SELECT ${dayOf('last')} FROM newest)
  )`;
  return {
    text: `WITH newest AS MATERIALIZED (
  SELECT i.bucket_start AS last
  FROM ${tables.invalidations} i
  WHERE ${due}
  ORDER BY i.bucket_start DESC
  LIMIT 1
  FOR UPDATE SKIP LOCKED
),
claimed AS MATERIALIZED (
  SELECT i.bucket_start, i.reason, i.forced, i.loss_seen_at
  FROM newest n JOIN ${tables.invalidations} i ON i.bucket_start <= n.last
  WHERE ${due}${what === 'hours' ? ` AND i.bucket_start >= ${first}` : ''}
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
