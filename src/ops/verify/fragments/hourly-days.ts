import {
  COUNT_COLUMNS,
  DISTRIBUTION_COLUMNS,
  METRIC_COLUMNS,
  SAMPLE_COLUMNS,
  SPLIT_COLUMNS,
} from '../../definitions/columns.js';
import { DISTRIBUTED, LATENCIES } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { roundedTo7Bits } from './canonical-distribution.js';

const STORED = [...METRIC_COLUMNS, ...SAMPLE_COLUMNS, ...SPLIT_COLUMNS, ...DISTRIBUTION_COLUMNS];

/** Sums of stored rows. What one of them does not know of its requests, nobody knows of them together. */
export const SUMS_OF_ROWS = [
  ...[...COUNT_COLUMNS, ...SAMPLE_COLUMNS].map((column) => `sum(${column}) AS ${column}`),
  ...SPLIT_COLUMNS.map(
    (column) =>
      `CASE WHEN count(*) FILTER (WHERE success_count > 0 AND ${column} IS NULL) = 0 THEN COALESCE(sum(${column}), 0) END AS ${column}`,
  ),
].join(',\n    ');

/** Of cells (name, value, count): the distributions, and how many samples they hold. */
export const COUNTED_ARRAYS = DISTRIBUTED.map(
  ([name]) => `
    array_agg(value ORDER BY value) FILTER (WHERE name = '${name}') AS ${name}_values,
    array_agg(count ORDER BY value) FILTER (WHERE name = '${name}') AS ${name}_counts,
    COALESCE(sum(count) FILTER (WHERE name = '${name}'), 0) AS ${name}_total`,
).join(',');

/** Of such a row `d` and the sums `r`: whether the distributions hold all samples. */
export const ARE_KNOWN = DISTRIBUTED.map(
  ([name]) => `COALESCE(COALESCE(d.${name}_total, 0) = r.${name}_samples, false) AS ${name}_known`,
);

/** The definition's approximations of a day: weighted means of p50, p90 and the mean, the largest of the others. */
const LATENCY_AGGREGATES = LATENCIES.map(([name]) => {
  const mean = (column: string): string =>
    `sum(${column} * success_count::float8) / NULLIF(sum(CASE WHEN ${column} IS NOT NULL THEN success_count END), 0)`;
  return `
    round((${mean(`${name}_p50_ms`)})::float8)::int AS ${name}_p50_ms,
    round((${mean(`${name}_p90_ms`)})::float8)::int AS ${name}_p90_ms,
    max(${name}_p95_ms) AS ${name}_p95_ms, max(${name}_p99_ms) AS ${name}_p99_ms,
    ${mean(`${name}_avg_ms`)} AS ${name}_avg_ms, max(${name}_max_ms) AS ${name}_max_ms`;
}).join(',');

const cellsOfHours = (groupKey: string, rows: string): string =>
  DISTRIBUTED.map(
    ([name]) => `
  SELECT h.bucket, h.platform_key, ${groupKey} AS group_key, '${name}' AS name, v.value, v.count
  FROM hours h CROSS JOIN LATERAL unnest(h.${name}_values, h.${name}_counts) AS v(value, count)
  WHERE ${rows}`,
  ).join('\n  UNION ALL');

/**
 * CTEs that end in `computed`: bucket (a date), platform_key, group_key and every compared column of the UTC days from
 * $1 to $2, as their hourly rows give them.
 *
 * A platform's distribution is the sum of its groups', and `<name>_known` says whether the hours' distributions add
 * up to the samples: without one of them, the day's own may be NULL, or from before the retention dropped it.
 */
export function computedDays(tables: OpsTables): string {
  const columns = [
    ...[...METRIC_COLUMNS, ...SAMPLE_COLUMNS, ...SPLIT_COLUMNS].map((column) => `r.${column}`),
    ...DISTRIBUTION_COLUMNS.map((column) => `d.${column}`),
    ...ARE_KNOWN,
  ];
  return `hours AS MATERIALIZED (
  SELECT (bucket_start AT TIME ZONE 'UTC')::date AS bucket, COALESCE(platform, '') AS platform_key,
    COALESCE(group_id, 0) AS group_key, ${STORED.join(', ')}
  FROM ${tables.hourly}
  WHERE bucket_start >= $1::timestamptz AND bucket_start < $2::timestamptz
),
day_rows AS (
  SELECT bucket, platform_key, group_key,
    ${SUMS_OF_ROWS},${LATENCY_AGGREGATES}
  FROM hours
  GROUP BY 1, 2, 3
),
hour_cells AS (${cellsOfHours('h.group_key', "(h.group_key <> 0 OR h.platform_key = '')")}
  UNION ALL${cellsOfHours('0', 'h.group_key <> 0')}
),
day_cells AS (
  SELECT bucket, platform_key, group_key, name, ${roundedTo7Bits('value')} AS value, sum(count)::bigint AS count
  FROM hour_cells
  GROUP BY 1, 2, 3, 4, 5
),
day_distributions AS (
  SELECT bucket, platform_key, group_key,${COUNTED_ARRAYS}
  FROM day_cells
  GROUP BY 1, 2, 3
),
computed AS (
  SELECT bucket, platform_key, group_key,
    ${columns.join(', ')}
  FROM day_rows r FULL JOIN day_distributions d USING (bucket, platform_key, group_key)
)`;
}
