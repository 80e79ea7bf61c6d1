import {
  DISTRIBUTION_COLUMNS,
  METRIC_COLUMNS,
  SAMPLE_COLUMNS,
  COUNT_COLUMNS,
} from '../../definitions/columns.js';
import { LATENCIES } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { roundedTo7Bits } from './canonical-distribution.js';

const STORED = [...METRIC_COLUMNS, ...SAMPLE_COLUMNS, ...DISTRIBUTION_COLUMNS];

const SUMS = [...COUNT_COLUMNS, ...SAMPLE_COLUMNS]
  .map((column) => `sum(${column}) AS ${column}`)
  .join(',\n    ');

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
  LATENCIES.map(
    ([latency]) => `
  SELECT h.bucket, h.platform_key, ${groupKey} AS group_key, '${latency}' AS latency, v.value, v.count
  FROM hours h CROSS JOIN LATERAL unnest(h.${latency}_values, h.${latency}_counts) AS v(value, count)
  WHERE ${rows}`,
  ).join('\n  UNION ALL');

/**
 * CTEs that end in `computed`: bucket (a date), platform_key, group_key and every compared column of the UTC days from
 * $1 to $2, as their hourly rows give them.
 *
 * A platform's distribution is the sum of its groups', and `<latency>_known` says whether the hours' distributions add
 * up to the samples: without one of them, the day's own may be NULL, or from before the retention dropped it.
 */
export function computedDays(tables: OpsTables): string {
  const arrays = LATENCIES.map(
    ([latency]) => `
    array_agg(value ORDER BY value) FILTER (WHERE latency = '${latency}') AS ${latency}_values,
    array_agg(count ORDER BY value) FILTER (WHERE latency = '${latency}') AS ${latency}_counts,
    COALESCE(sum(count) FILTER (WHERE latency = '${latency}'), 0) AS ${latency}_total`,
  );
  const columns = [
    ...[...METRIC_COLUMNS, ...SAMPLE_COLUMNS].map((column) => `r.${column}`),
    ...DISTRIBUTION_COLUMNS.map((column) => `d.${column}`),
    ...LATENCIES.map(
      ([latency]) => `COALESCE(d.${latency}_total, 0) = r.${latency}_samples AS ${latency}_known`,
    ),
  ];
  return `hours AS MATERIALIZED (
  SELECT (bucket_start AT TIME ZONE 'UTC')::date AS bucket, COALESCE(platform, '') AS platform_key,
    COALESCE(group_id, 0) AS group_key, ${STORED.join(', ')}
  FROM ${tables.hourly}
  WHERE bucket_start >= $1::timestamptz AND bucket_start < $2::timestamptz
),
day_rows AS (
  SELECT bucket, platform_key, group_key,
    ${SUMS},${LATENCY_AGGREGATES}
  FROM hours
  GROUP BY 1, 2, 3
),
hour_cells AS (${cellsOfHours('h.group_key', "(h.group_key <> 0 OR h.platform_key = '')")}
  UNION ALL${cellsOfHours('0', 'h.group_key <> 0')}
),
day_cells AS (
  SELECT bucket, platform_key, group_key, latency, ${roundedTo7Bits('value')} AS value, sum(count)::bigint AS count
  FROM hour_cells
  GROUP BY 1, 2, 3, 4, 5
),
day_distributions AS (
  SELECT bucket, platform_key, group_key,${arrays.join(',')}
  FROM day_cells
  GROUP BY 1, 2, 3
),
computed AS (
  SELECT bucket, platform_key, group_key,
    ${columns.join(', ')}
  FROM day_rows r FULL JOIN day_distributions d USING (bucket, platform_key, group_key)
)`;
}
