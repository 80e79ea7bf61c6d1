import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc, minuteOf } from '../../sql/sql-time.js';
import { HOUR_TIER, MINUTE_TIER, storeOf, type RawTier, type Tier } from '../../definitions/tiers.js';
import { floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';
import { liveMinutes } from '../../invalidation/sql/live.sql.js';
import { answer, comparedRows, joinedRows, storedRows } from '../fragments/compared-rows.js';
import { computedDays } from '../fragments/hourly-days.js';
import { computedBuckets } from '../fragments/raw-buckets.js';
import {
  dayJudgements,
  IN_DAYS,
  isPending,
  isPendingDay,
  lossColumns,
  reasonOf,
  requiredSince,
} from '../fragments/judgements.js';
import { LEVEL_ROWS } from '../fragments/row-shapes.js';
import { sideFloors } from '../fragments/side-floors.js';
import type { UnjudgedReason } from '../verify.schemas.js';

/** What a comparison found: one row. Buckets are ISO hours or minutes, or days as YYYY-MM-DD. */
export interface ComparisonRow {
  /** All differences. */
  total: number;
  /** The first of them. */
  differences: {
    bucket: string;
    platform: string | null;
    groupId: string | null;
    dimension: string | null;
    key: string | null;
    column: string;
    stored: string | null;
    computed: string | null;
    pending: boolean;
  }[];
  unjudged: { bucket: string; usage: UnjudgedReason | null; errors: UnjudgedReason | null }[];
  /** Buckets with a difference that a drain would recompute. */
  to_note: string[];
}

/** A one-row relation: from `first` to `last` (exclusive) minutes are complete as of live_through; NULL where none is. */
const completeMinutes = (tables: OpsTables): string =>
  `(SELECT minutes_from AS first, ${minuteOf('live_through')} AS last FROM ${liveMinutes(tables)} m)`;

/** The part of a range in which minutes are complete: ISO. */
export interface MinuteSpan {
  start: string;
  end: string;
}

/** Bound: start, end (ISO). No row where no minute of them is complete. */
export function minuteSpan(tables: OpsTables, range: { start: string; end: string }): SqlStatement {
  return {
    text: `SELECT ${isoUtc('s.first')} AS start, ${isoUtc('s.last')} AS end
FROM ${completeMinutes(tables)} m
CROSS JOIN LATERAL (SELECT GREATEST(m.first, $1::timestamptz) AS first, LEAST(m.last, $2::timestamptz) AS last) s
WHERE m.first IS NOT NULL AND s.first < s.last`,
    values: [range.start, range.end],
  };
}

/** The buckets of `losses` that may be judged, and hours that the retention has dropped. */
const judgedBuckets = (tables: OpsTables, tier: RawTier, inRange: (column: string) => string): string =>
  tier === HOUR_TIER
    ? `SELECT COALESCE(l.bucket, x.bucket_start) AS bucket, l.usage_lost, l.usage_grown, l.errors_lost, l.errors_grown,
    x.bucket_start IS NOT NULL AS is_dropped
  FROM losses l
    FULL JOIN (SELECT bucket_start FROM ${tables.droppedHours} WHERE ${inRange('bucket_start')}) x ON x.bucket_start = l.bucket`
    : `SELECT l.*, false AS is_dropped
  FROM losses l JOIN ${completeMinutes(tables)} m ON l.bucket >= m.first AND l.bucket < m.last`;

/**
 * Compares the hours, or minutes, of a range with their raw rows. Where raw rows may be gone (below a floor of their
 * table, or held back by the shrink guard) and the stored row counts more than they do, that side of the bucket is not
 * judged. Minutes that are not complete, or have ceased to be since the range was chosen, are nobody's business.
 *
 * Bound: start, end (ISO, whole buckets), how many differences to return, retentions in hours, whether distributions are
 * written, how many hours they are kept or null.
 */
export function rawDifferences(
  tables: OpsTables,
  tier: RawTier,
  bound: {
    start: string;
    end: string;
    limit: number;
    retention: RetentionHours;
    distributions: boolean;
  },
): SqlStatement {
  const inRange = (column: string): string => `${column} >= $1::timestamptz AND ${column} < $2::timestamptz`;
  // The hourly rows of a platform may have none: their groups' add up to it.
  const required = `${requiredSince('$7', '$8')}${tier === HOUR_TIER ? " AND (platform_key = '' OR group_key <> 0)" : ''}`;
  return {
    text: `WITH ${sideFloors(tables, 4)},
${computedBuckets(tables, tier)},
${storedRows(tables, LEVEL_ROWS, {
  table: storeOf(tables, tier).table,
  bucket: 'bucket_start',
  where: inRange('m.bucket_start'),
})},
${joinedRows(LEVEL_ROWS)},
losses AS MATERIALIZED (
  SELECT bucket, ${lossColumns()}
  FROM joined GROUP BY bucket
),
judged_buckets AS (
  ${judgedBuckets(tables, tier, inRange)}
),
judgements AS MATERIALIZED (
  SELECT l.bucket,
    ${reasonOf('usage')} AS usage_reason,
    ${reasonOf('errors')} AS errors_reason,
    l.bucket >= f.usage_floor AS usage_healed, l.bucket >= f.errors_floor AS errors_healed
  FROM judged_buckets l
    LEFT JOIN ${tables.invalidations} i ON i.tier = '${tier}' AND i.bucket_start = l.bucket
    CROSS JOIN floors f
),
${comparedRows(LEVEL_ROWS, required)}
${answer('$3', isoUtc('b.bucket'), isPending(tables, tier))}`,
    values: [
      bound.start,
      bound.end,
      bound.limit,
      ...floorValues(bound.retention),
      bound.distributions,
      tier === HOUR_TIER ? bound.retention.distributions : null,
    ],
  };
}

/**
 * Compares the daily rows of whole UTC days with their hourly rows; not the days of which an hour has been dropped.
 *
 * Bound: start, end (ISO, whole UTC days), how many differences to return, whether distributions are written.
 */
export function dailyDifferences(
  tables: OpsTables,
  bound: { start: string; end: string; limit: number; distributions: boolean },
): SqlStatement {
  return {
    text: `WITH ${computedDays(tables)},
${storedRows(tables, LEVEL_ROWS, { table: tables.daily, bucket: 'bucket_date', where: IN_DAYS })},
${joinedRows(LEVEL_ROWS)},
${dayJudgements(tables)},
${comparedRows(LEVEL_ROWS, '$4::boolean')}
${answer('$3', "to_char(b.bucket, 'YYYY-MM-DD')", isPendingDay(tables))}`,
    values: [bound.start, bound.end, bound.limit, bound.distributions],
  };
}

/**
 * A minute that has never been computed remains one, as in note.sql.ts.
 *
 * Bound: tier, starts of the buckets (ISO; a day is its UTC midnight).
 */
export function noteBuckets(tables: OpsTables, tier: Tier, starts: readonly string[]): SqlStatement {
  return {
    text: `WITH noted AS (
  INSERT INTO ${tables.invalidations} AS i (tier, bucket_start, reason)
  SELECT DISTINCT $1::varchar(8), bucket_start, 'verify' FROM unnest($2::timestamptz[]) AS given(bucket_start)
  ORDER BY bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE SET noted_at = clock_timestamp(), suspicious_at = NULL,
    reason = CASE WHEN i.tier = '${MINUTE_TIER}' AND i.reason = 'backfill' THEN i.reason ELSE EXCLUDED.reason END,
    next_attempt_at = clock_timestamp()
  RETURNING 1
)
SELECT count(*)::int AS buckets FROM noted`,
    values: [tier, starts],
  };
}
