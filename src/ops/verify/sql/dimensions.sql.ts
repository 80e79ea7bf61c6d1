import type { OpsTables } from '../../definitions/ops-tables.js';
import { storedVersion } from '../../definitions/definition-version.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';
import { HOUR_TIER } from '../../definitions/tiers.js';
import { floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';
import { answer, comparedRows, joinedRows, storedRows } from '../fragments/compared-rows.js';
import { computedDimensionDays } from '../fragments/dimension-days.js';
import { computedDimensionHours, setNames } from '../fragments/dimension-hours.js';
import {
  dayJudgements,
  IN_DAYS,
  isPending,
  isPendingDay,
  lossColumns,
  reasonOf,
  requiredSince,
} from '../fragments/judgements.js';
import { DIMENSION_ROWS } from '../fragments/row-shapes.js';
import { sideFloors } from '../fragments/side-floors.js';
import type { ComparisonRow } from './verify.sql.js';

/**
 * Compares the rows of the dimensions of the hours of a range with their raw rows. A side of an hour that the levels'
 * rows are not judged by is not judged here either. A set without any row in an hour is none that it lacks where nothing
 * could have filled it in: one that began later than the hour, below a floor of a side that it takes.
 *
 * What can be judged of the levels and not of a key, because rows of a bucket that may be purged have another key now, is
 * said by itself.
 *
 * Bound: start, end (ISO, whole hours), how many differences to return, retentions in hours, whether distributions are
 * written, how many hours they are kept or null; the hours of which a side is not judged, with the reasons.
 */
export function dimensionDifferences(
  tables: OpsTables,
  bound: {
    start: string;
    end: string;
    limit: number;
    retention: RetentionHours;
    distributions: boolean;
    unjudged: ComparisonRow['unjudged'];
  },
): SqlStatement {
  const inRange = (column: string): string => `${column} >= $1::timestamptz AND ${column} < $2::timestamptz`;
  const ofUsage = setNames(tables.dimensions.filter(({ usage }) => usage !== null));
  const isUnfilled = `NOT l.is_stored AND (
      l.bucket < f.errors_floor OR g.errors_reason IS NOT NULL OR o.is_old
      ${ofUsage === '' ? '' : `OR (l.dimension IN (${ofUsage}) AND (l.bucket < f.usage_floor OR g.usage_reason IS NOT NULL))`})`;
  return {
    text: `WITH ${sideFloors(tables, 4)},
given AS MATERIALIZED (
  SELECT * FROM unnest($9::timestamptz[], $10::text[], $11::text[]) AS given(bucket, usage_reason, errors_reason)
),
${computedDimensionHours(tables)},
${storedRows(tables, DIMENSION_ROWS, {
  table: tables.dimensionHourly,
  bucket: 'bucket_start',
  where: `${inRange('m.bucket_start')} AND m.dimension IN (${setNames(tables.dimensions)})`,
})},
${joinedRows(DIMENSION_ROWS)},
losses AS MATERIALIZED (
  SELECT bucket, dimension, bool_or(is_stored) AS is_stored, false AS is_dropped, ${lossColumns()}
  FROM joined GROUP BY 1, 2
),
judged_sets AS MATERIALIZED (
  SELECT l.bucket, l.dimension, g.usage_reason AS usage_given, g.errors_reason AS errors_given,
    CASE WHEN g.bucket IS NULL THEN COALESCE(${reasonOf('usage')}, ${reasonOf('errors')}) END AS own_reason,
    (${isUnfilled}) IS TRUE AS is_unfilled,
    l.bucket >= f.usage_floor AS usage_healed, l.bucket >= f.errors_floor AS errors_healed
  FROM losses l
    CROSS JOIN floors f
    LEFT JOIN given g ON g.bucket = l.bucket
    LEFT JOIN ${tables.invalidations} i ON i.tier = '${HOUR_TIER}' AND i.bucket_start = l.bucket
    LEFT JOIN (
      SELECT m.bucket_start, ${storedVersion('m')} <> ${tables.definition} AS is_old
      FROM ${tables.hourly} m WHERE ${inRange('m.bucket_start')} AND ${isOverallRow('m')}
    ) o ON o.bucket_start = l.bucket
),
judgements AS MATERIALIZED (
  SELECT bucket, dimension, usage_healed, errors_healed,
    COALESCE(usage_given, own_reason) AS usage_reason, COALESCE(errors_given, own_reason) AS errors_reason
  FROM judged_sets WHERE NOT is_unfilled
),
${comparedRows(DIMENSION_ROWS, requiredSince('$7', '$8'), 'bucket, dimension')}
${answer(
  '$3',
  isoUtc('b.bucket'),
  isPending(tables, HOUR_TIER),
  `SELECT bucket, max(own_reason) AS usage_reason, max(own_reason) AS errors_reason
      FROM judged_sets WHERE own_reason IS NOT NULL AND NOT is_unfilled GROUP BY bucket`,
)}`,
    values: [
      bound.start,
      bound.end,
      bound.limit,
      ...floorValues(bound.retention),
      bound.distributions,
      bound.retention.distributions,
      bound.unjudged.map(({ bucket }) => bucket),
      bound.unjudged.map(({ usage }) => usage),
      bound.unjudged.map(({ errors }) => errors),
    ],
  };
}

/**
 * Compares the daily rows of the dimensions of whole UTC days with their hourly rows; not the days of which an hour has
 * been dropped, which dailyDifferences() names.
 *
 * Bound: start, end (ISO, whole UTC days), how many differences to return, whether distributions are written.
 */
export function dailyDimensionDifferences(
  tables: OpsTables,
  bound: { start: string; end: string; limit: number; distributions: boolean },
): SqlStatement {
  return {
    text: `WITH ${computedDimensionDays(tables)},
${storedRows(tables, DIMENSION_ROWS, {
  table: tables.dimensionDaily,
  bucket: 'bucket_date',
  where: `${IN_DAYS} AND m.dimension IN (${setNames(tables.dimensions)})`,
})},
${joinedRows(DIMENSION_ROWS)},
${dayJudgements(tables)},
${comparedRows(DIMENSION_ROWS, '$4::boolean')}
${answer('$3', "to_char(b.bucket, 'YYYY-MM-DD')", isPendingDay(tables), 'SELECT * FROM judgements WHERE false')}`,
    values: [bound.start, bound.end, bound.limit, bound.distributions],
  };
}
