import type { OpsTables } from '../../definitions/ops-tables.js';
import type { RawTier } from '../../definitions/tiers.js';
import { dayOf } from '../../sql/sql-time.js';
import type { UnjudgedReason } from '../verify.schemas.js';
import { countsCompare } from './compared-rows.js';
import type { Sides } from './side-floors.js';

const reason = (name: UnjudgedReason): string => `'${name}'`;

/** Why a side of the bucket `l` is not judged, or NULL; with the floors `f` and the invalidation `i`. */
export const reasonOf = (side: keyof Sides<string>): string => `CASE
      WHEN l.is_dropped THEN ${reason('hourly_rows_dropped')}
      WHEN l.${side}_lost AND l.bucket < GREATEST(f.${side}_floor, f.${side}_oldest) THEN ${reason('raw_rows_purged')}
      WHEN l.${side}_lost AND i.suspicious_at IS NOT NULL THEN ${reason('held_back')}
      WHEN l.${side}_grown AND l.bucket < f.${side}_floor THEN ${reason('late_rows_not_applied')}
    END`;

/** Whether the stored rows of a bucket `joined` count more than their raw rows give, or less, by side. */
export const lossColumns = (): string =>
  (['usage', 'errors'] as const)
    .flatMap((side) => [
      `bool_or(${countsCompare(side, '>')}) AS ${side}_lost`,
      `bool_or(${countsCompare(side, '<')}) AS ${side}_grown`,
    ])
    .join(',\n    ');

/** Whether a row of the bucket `bucket` must have its distributions: where they are written, and as long as they are kept. */
export const requiredSince = (written: string, hours: string): string =>
  `${written}::boolean AND bucket >= COALESCE(${dayOf(`clock_timestamp() - make_interval(hours => ${hours}::int)`)}, '-infinity')`;

/** Whether the bucket `b` is noted. */
export const isPending = (tables: OpsTables, tier: RawTier): string =>
  `EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE i.tier = '${tier}' AND i.bucket_start = b.bucket)`;

/** Whether the day `b`, or an hour of it, is noted. */
export const isPendingDay = (tables: OpsTables): string => `EXISTS (SELECT 1 FROM ${tables.invalidations} i
      WHERE i.bucket_start >= b.bucket::timestamp AT TIME ZONE 'UTC'
        AND i.bucket_start < (b.bucket + 1)::timestamp AT TIME ZONE 'UTC')`;

/** That a daily row `m` is of the UTC days from $1 to $2. */
export const IN_DAYS = `m.bucket_date >= ($1::timestamptz AT TIME ZONE 'UTC')::date
    AND m.bucket_date < ($2::timestamptz AT TIME ZONE 'UTC')::date`;

/** CTE `judgements` of the days of `joined`: those of which an hour has been dropped are not judged. */
export const dayJudgements = (tables: OpsTables): string => `judgements AS MATERIALIZED (
  SELECT bucket, x.reason AS usage_reason, x.reason AS errors_reason, true AS usage_healed, true AS errors_healed
  FROM (SELECT DISTINCT bucket FROM joined) j
    FULL JOIN (
      SELECT DISTINCT (bucket_start AT TIME ZONE 'UTC')::date AS bucket, ${reason('hourly_rows_dropped')} AS reason
      FROM ${tables.droppedHours} WHERE bucket_start >= $1::timestamptz AND bucket_start < $2::timestamptz
    ) x USING (bucket)
)`;
