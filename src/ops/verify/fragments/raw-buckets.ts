import { DISTRIBUTION_COLUMNS, LATENCY_COLUMNS, SAMPLE_COLUMNS } from '../../definitions/columns.js';
import { ERROR_COUNTS, LATENCIES } from '../../definitions/definitions.js';
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
    avg(${column})::float8 AS ${name}_avg_ms,
    max(${column}) AS ${name}_max_ms,
    COALESCE(sum(${column}), 0)::numeric AS ${name}_sum_ms,
    count(${column}) AS ${name}_samples`,
).join(',');

const LEVEL_KEYS = `CASE WHEN GROUPING(platform) = 1 THEN '' ELSE platform END AS platform_key,
    CASE WHEN GROUPING(group_id) = 1 THEN 0 ELSE group_id END AS group_key`;

const distributionArrays = (latency: string): string => `
    array_agg(value ORDER BY value) FILTER (WHERE latency = '${latency}') AS ${latency}_values,
    array_agg(count ORDER BY value) FILTER (WHERE latency = '${latency}') AS ${latency}_counts`;

/** CTEs of usage_logs: `usage_levels`, and `usage_distributions` in the canonical form. */
function usageLevels(tables: OpsTables, tier: RawTier): string {
  return `usage AS MATERIALIZED (
  SELECT date_trunc('${tier}', u.created_at AT TIME ZONE 'UTC') AS starts,
    COALESCE(g.platform, 'unknown')::varchar(32) AS platform, g.id AS group_id,
    u.input_tokens, u.output_tokens, u.cache_creation_tokens, u.cache_read_tokens, u.duration_ms, u.first_token_ms
  FROM ${tables.usageLogs} u JOIN ${tables.groups} g ON g.id = u.group_id AND g.id <> 0
  WHERE u.created_at >= $1::timestamptz AND u.created_at < $2::timestamptz AND ${tables.usageCondition}
),
usage_levels AS (
  SELECT starts, ${LEVEL_KEYS},
    count(*) AS success_count,
    COALESCE(sum(input_tokens), 0)::numeric + COALESCE(sum(output_tokens), 0) + COALESCE(sum(cache_creation_tokens), 0)
      + COALESCE(sum(cache_read_tokens), 0) AS token_consumed,${LATENCY_AGGREGATES}
  FROM usage
  GROUP BY GROUPING SETS ((starts), (starts, platform), (starts, platform, group_id))
  HAVING GROUPING(platform) = 1 OR platform <> ''
),
usage_cells AS (
  SELECT starts, platform, group_id, latency, ${roundedTo7Bits('ms')} AS value, count(*) AS count
  FROM usage CROSS JOIN LATERAL (VALUES ${LATENCIES.map(([name, column]) => `('${name}', ${column})`).join(', ')})
    AS l(latency, ms)
  WHERE ms IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5
),
usage_level_cells AS (
  SELECT starts, ${LEVEL_KEYS}, latency, value, sum(count)::bigint AS count
  FROM usage_cells
  GROUP BY GROUPING SETS (
    (starts, latency, value), (starts, platform, latency, value), (starts, platform, group_id, latency, value))
  HAVING GROUPING(platform) = 1 OR platform <> ''
),
usage_distributions AS (
  SELECT starts, platform_key, group_key,${LATENCIES.map(([latency]) => distributionArrays(latency)).join(',')}
  FROM usage_level_cells
  GROUP BY 1, 2, 3
)`;
}

/** CTE of ops_error_logs: `error_levels`. What is NULL is no error, nobody's, and not limited. */
function errorLevels(tables: OpsTables, tier: RawTier): string {
  return `errors AS (
  SELECT date_trunc('${tier}', created_at AT TIME ZONE 'UTC') AS starts, COALESCE(platform, 'unknown')::varchar(32) AS platform,
    COALESCE(group_id, 0) AS group_id, COALESCE(status_code, 0) AS status,
    COALESCE(is_business_limited, false) AS limited,
    COALESCE(error_owner, '') = 'provider' AND NOT COALESCE(is_business_limited, false) AS upstream,
    COALESCE(upstream_status_code, status_code, 0) AS effective
  FROM ${tables.errorLogs} e
  WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz AND ${tables.errorCondition}
),
error_levels AS (
  SELECT starts, ${LEVEL_KEYS},
    sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END) AS error_count_total,
    sum(CASE WHEN status >= 400 AND limited THEN 1 ELSE 0 END) AS business_limited_count,
    sum(CASE WHEN status >= 400 AND NOT limited THEN 1 ELSE 0 END) AS error_count_sla,
    sum(CASE WHEN upstream AND effective <> 429 AND effective <> 529 THEN 1 ELSE 0 END)
      AS upstream_error_count_excl_429_529,
    sum(CASE WHEN upstream AND effective = 429 THEN 1 ELSE 0 END) AS upstream_429_count,
    sum(CASE WHEN upstream AND effective = 529 THEN 1 ELSE 0 END) AS upstream_529_count
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
    ...DISTRIBUTION_COLUMNS.map((column) => `d.${column}`),
    ...ERROR_COUNTS.map(([column]) => `e.${column}`),
    ...LATENCIES.map(([latency]) => `true AS ${latency}_known`),
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
