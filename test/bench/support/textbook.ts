import { COUNT_COLUMNS, METRIC_COLUMNS } from '../../../src/ops/definitions/columns.js';
import { ERROR_COUNTS, LATENCIES, PERCENTILES } from '../../../src/ops/definitions/definitions.js';

const LEVELS = 'GROUPING SETS ((bucket), (bucket, platform), (bucket, platform, group_id))';

const latencies = LATENCIES.flatMap(([name, column]) => [
  ...PERCENTILES.map(
    ([label, fraction]) =>
      `percentile_cont(${fraction}) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_${label}_ms`,
  ),
  `avg(${column})::float8 AS ${name}_avg_ms`,
  `max(${column}) AS ${name}_max_ms`,
]).join(',\n    ');

const errorCounts = ERROR_COUNTS.map(([column, rows]) => `count(*) FILTER (WHERE ${rows}) AS ${column}`).join(
  ',\n    ',
);

const sideOf = (column: string): string => {
  const side = ERROR_COUNTS.some(([name]) => name === column) ? 'e' : 'u';
  return COUNT_COLUMNS.includes(column) ? `COALESCE(${side}.${column}, 0)` : `${side}.${column}`;
};

/**
 * The job that everybody writes first: a CTE of raw rows, GROUPING SETS for the three levels, one percentile_cont for
 * each column, upserted. The hourly columns only, no distributions. It counts what the module counts.
 *
 * Bound: start and end (ISO), whole hours. The session's TimeZone must be UTC.
 */
export const TEXTBOOK = `WITH usage_rows AS (
  SELECT date_trunc('hour', u.created_at) AS bucket, g.platform, u.group_id, u.duration_ms, u.first_token_ms,
    u.input_tokens::bigint + u.output_tokens + u.cache_creation_tokens + u.cache_read_tokens AS tokens
  FROM usage_logs u JOIN groups g ON g.id = u.group_id
  WHERE u.created_at >= $1 AND u.created_at < $2
),
usage_levels AS (
  SELECT bucket, platform, group_id, count(*) AS success_count, sum(tokens)::bigint AS token_consumed,
    ${latencies}
  FROM usage_rows GROUP BY ${LEVELS}
),
error_rows AS (
  SELECT date_trunc('hour', created_at) AS bucket, COALESCE(platform, 'unknown') AS platform, group_id,
    status_code, upstream_status_code, error_owner, is_business_limited
  FROM ops_error_logs WHERE created_at >= $1 AND created_at < $2
),
error_levels AS (
  SELECT bucket, platform, group_id,
    ${errorCounts}
  FROM error_rows e GROUP BY ${LEVELS}
  HAVING GROUPING(group_id) = 1 OR group_id IS NOT NULL
)
INSERT INTO ops_metrics_hourly (bucket_start, platform, group_id, ${METRIC_COLUMNS.join(', ')}, computed_at)
SELECT COALESCE(u.bucket, e.bucket), COALESCE(u.platform, e.platform), COALESCE(u.group_id, e.group_id),
  ${METRIC_COLUMNS.map(sideOf).join(', ')}, now()
FROM usage_levels u FULL JOIN error_levels e
  ON u.bucket = e.bucket AND COALESCE(u.platform, '') = COALESCE(e.platform, '')
  AND COALESCE(u.group_id, 0) = COALESCE(e.group_id, 0)
ON CONFLICT (bucket_start, COALESCE(platform, ''), COALESCE(group_id, 0))
DO UPDATE SET ${METRIC_COLUMNS.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}, computed_at = now()`;
