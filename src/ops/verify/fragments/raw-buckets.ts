import {
  DISTRIBUTION_COLUMNS,
  LATENCY_COLUMNS,
  SAMPLE_COLUMNS,
  SPLIT_COLUMNS,
} from '../../definitions/columns.js';
import { COST_COLUMNS, ERROR_COUNTS, LATENCIES, TOKEN_COLUMNS } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { RawTier } from '../../definitions/tiers.js';
import { roundedTo7Bits } from './canonical-distribution.js';

/*
 * A second way to the numbers of an hour, or of a minute. It is written from the definition of the columns, plainly, and shares no
 * fragment with the rollup, so that a mistake in one shows in the other. Each level comes from grouping sets and is
 * joined by FULL JOIN, which PostgreSQL only ever hashes or merges: the work is linear in rows and groups.
 */

const LATENCY_AGGREGATES = LATENCIES.map(
  ([name, column]) => `
    percentile_cont(0.50) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p50_ms,
    percentile_cont(0.90) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p90_ms,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p95_ms,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p99_ms,
    avg(${column})::float8 AS ${name}_avg_ms`,
).join(',');

/** What is distributed: its name, and the column of {@link usageRows} that has it. */
export const SAMPLED = [...LATENCIES, ['output_speed', 'output_speed']] as const;

/** What every row has of its usage, of whatever level or key. */
export const usageSums = ({ costs }: OpsTables): string => `count(*) AS success_count,
    COALESCE(sum(input_tokens), 0)::numeric + COALESCE(sum(output_tokens), 0) + COALESCE(sum(cache_creation_tokens), 0)
      + COALESCE(sum(cache_read_tokens), 0) AS token_consumed,
    ${TOKEN_COLUMNS.map((column) => `COALESCE(sum(${column}), 0)::numeric AS ${column}`).join(', ')},
    ${COST_COLUMNS.map((column) => `${costs[column] === null ? 'NULL::numeric' : `COALESCE(sum(${column}), 0)::numeric`} AS ${column}`).join(', ')},
    ${LATENCIES.map(
      ([
        name,
        column,
      ]) => `COALESCE(sum(${column}), 0)::numeric AS ${name}_sum_ms, count(${column}) AS ${name}_samples,
    max(${column}) AS ${name}_max_ms`,
    ).join(', ')},
    COALESCE(sum(output_speed), 0)::numeric AS output_speed_sum, count(output_speed) AS output_speed_samples`;

/** The same of its errors; what is NULL is no error, nobody's, and not limited. */
export const ERROR_SUMS = `sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END) AS error_count_total,
    sum(CASE WHEN status >= 400 AND limited THEN 1 ELSE 0 END) AS business_limited_count,
    sum(CASE WHEN status >= 400 AND NOT limited THEN 1 ELSE 0 END) AS error_count_sla,
    sum(CASE WHEN upstream AND effective <> 429 AND effective <> 529 THEN 1 ELSE 0 END)
      AS upstream_error_count_excl_429_529,
    sum(CASE WHEN upstream AND effective = 429 THEN 1 ELSE 0 END) AS upstream_429_count,
    sum(CASE WHEN upstream AND effective = 529 THEN 1 ELSE 0 END) AS upstream_529_count`;

/**
 * Hundredths of a token per second, in whole numbers alone: a quotient, and one more where its rest is more than half, or
 * half and the quotient odd.
 */
const OUTPUT_SPEED = `CASE WHEN u.output_tokens > 0 AND u.duration_ms > u.first_token_ms THEN (
      SELECT LEAST(q.whole + CASE WHEN 2 * q.rest > q.ms OR (2 * q.rest = q.ms AND q.whole % 2 = 1) THEN 1 ELSE 0 END, 2147483647)
      FROM (SELECT h.hundredths / h.ms AS whole, h.hundredths % h.ms AS rest, h.ms
        FROM (SELECT u.output_tokens * 100000::bigint AS hundredths, u.duration_ms::bigint - u.first_token_ms AS ms) h) q
    ) END`;

/** Selects the usage rows that count, with whatever else is asked of `u`. */
export const usageRows = (tables: OpsTables, tier: RawTier, more = ''): string => `SELECT
    date_trunc('${tier}', u.created_at AT TIME ZONE 'UTC') AS starts,
    COALESCE(g.platform, 'unknown')::varchar(32) AS platform, g.id AS group_id,
    ${TOKEN_COLUMNS.map((column) => `u.${column}`).join(', ')},
    ${COST_COLUMNS.map((column) => `${tables.costs[column] ?? 'NULL::numeric'} AS ${column}`).join(', ')}, u.duration_ms, u.first_token_ms,
    ${OUTPUT_SPEED} AS output_speed${more}
  FROM ${tables.usageLogs} u JOIN ${tables.groups} g ON g.id = u.group_id AND g.id <> 0
  WHERE u.created_at >= $1::timestamptz AND u.created_at < $2::timestamptz AND ${tables.usageCondition}`;

/** Selects the error rows that count, with whatever else is asked of `e`. */
export const errorRows = (tables: OpsTables, tier: RawTier, more = ''): string => `SELECT
    date_trunc('${tier}', e.created_at AT TIME ZONE 'UTC') AS starts, COALESCE(e.platform, 'unknown')::varchar(32) AS platform,
    COALESCE(e.group_id, 0) AS group_id, COALESCE(e.status_code, 0) AS status,
    COALESCE(e.is_business_limited, false) AS limited,
    COALESCE(e.error_owner, '') = 'provider' AND NOT COALESCE(e.is_business_limited, false) AS upstream,
    COALESCE(e.upstream_status_code, e.status_code, 0) AS effective${more}
  FROM ${tables.errorLogs} e
  WHERE e.created_at >= $1::timestamptz AND e.created_at < $2::timestamptz AND ${tables.errorCondition}`;

const LEVEL_KEYS = `CASE WHEN GROUPING(platform) = 1 THEN '' ELSE platform END AS platform_key,
    CASE WHEN GROUPING(group_id) = 1 THEN 0 ELSE group_id END AS group_key`;

/** Of cells (name, value, count), the distributions in the canonical form. */
export const DISTRIBUTION_ARRAYS = SAMPLED.map(
  ([name]) => `
    array_agg(value ORDER BY value) FILTER (WHERE name = '${name}') AS ${name}_values,
    array_agg(count ORDER BY value) FILTER (WHERE name = '${name}') AS ${name}_counts`,
).join(',');

/** CTEs of usage_logs: `usage_levels`, and `usage_distributions` in the canonical form. */
function usageLevels(tables: OpsTables, tier: RawTier): string {
  return `usage AS MATERIALIZED (
  ${usageRows(tables, tier)}
),
usage_levels AS (
  SELECT starts, ${LEVEL_KEYS},
    ${usageSums(tables)},${LATENCY_AGGREGATES}
  FROM usage
  GROUP BY GROUPING SETS ((starts), (starts, platform), (starts, platform, group_id))
  HAVING GROUPING(platform) = 1 OR platform <> ''
),
usage_cells AS (
  SELECT starts, platform, group_id, name, ${roundedTo7Bits('sample')} AS value, count(*) AS count
  FROM usage CROSS JOIN LATERAL (VALUES ${SAMPLED.map(([name, column]) => `('${name}', ${column})`).join(', ')})
    AS l(name, sample)
  WHERE sample IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5
),
usage_level_cells AS (
  SELECT starts, ${LEVEL_KEYS}, name, value, sum(count)::bigint AS count
  FROM usage_cells
  GROUP BY GROUPING SETS (
    (starts, name, value), (starts, platform, name, value), (starts, platform, group_id, name, value))
  HAVING GROUPING(platform) = 1 OR platform <> ''
),
usage_distributions AS (
  SELECT starts, platform_key, group_key,${DISTRIBUTION_ARRAYS}
  FROM usage_level_cells
  GROUP BY 1, 2, 3
)`;
}

/** CTE of ops_error_logs: `error_levels`. */
function errorLevels(tables: OpsTables, tier: RawTier): string {
  return `errors AS (
  ${errorRows(tables, tier)}
),
error_levels AS (
  SELECT starts, ${LEVEL_KEYS},
    ${ERROR_SUMS}
  FROM errors
  GROUP BY GROUPING SETS ((starts), (starts, platform), (starts, platform, group_id))
  HAVING (GROUPING(platform) = 1 OR platform <> '') AND (GROUPING(group_id) = 1 OR group_id <> 0)
)`;
}

/**
 * CTEs that end in `computed`: bucket, platform_key, group_key and every compared column of the buckets of a tier from $1 to
 * $2, as their raw rows give them.
 */
export function computedBuckets(tables: OpsTables, tier: RawTier): string {
  const columns = [
    ...['success_count', 'token_consumed', ...LATENCY_COLUMNS, ...SAMPLE_COLUMNS].map(
      (column) => `u.${column}`,
    ),
    ...SPLIT_COLUMNS.map((column) => `COALESCE(u.${column}, 0) AS ${column}`),
    ...DISTRIBUTION_COLUMNS.map((column) => `d.${column}`),
    ...ERROR_COUNTS.map(([column]) => `e.${column}`),
    ...SAMPLED.map(([name]) => `true AS ${name}_known`),
  ];
  return `${usageLevels(tables, tier)},
${errorLevels(tables, tier)},
computed AS (
  SELECT starts AT TIME ZONE 'UTC' AS bucket, platform_key, group_key,
    ${columns.join(', ')}
  FROM usage_levels u
    FULL JOIN usage_distributions d USING (starts, platform_key, group_key)
    FULL JOIN error_levels e USING (starts, platform_key, group_key)
)`;
}
