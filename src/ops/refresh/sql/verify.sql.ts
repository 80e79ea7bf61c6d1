import { METRIC_COLUMNS } from '../../metrics/columns.js';
import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { isoUtc } from '../../metrics/sql-time.js';
import { NOTED_AGAIN } from './note.sql.js';

/**
 * The verification: a second way to the same numbers. It is written from the definition of the columns, plainly, and
 * shares no fragment with the rollup, so that a mistake in one shows in the other.
 */
const LATENCY_AGGREGATES = [
  ['duration', 'duration_ms'],
  ['ttft', 'first_token_ms'],
]
  .map(
    ([name = '', column = '']) => `
    percentile_cont(0.50) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p50_ms,
    percentile_cont(0.90) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p90_ms,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p95_ms,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY ${column})::int AS ${name}_p99_ms,
    avg(${column})::float8 AS ${name}_avg_ms,
    max(${column}) AS ${name}_max_ms`,
  )
  .join(',');

function computedHourly(tables: OpsTables): string {
  return `usage AS (
  SELECT date_trunc('hour', u.created_at AT TIME ZONE 'UTC') AS hour, g.platform::varchar(32) AS platform, g.id AS group_id,
    u.input_tokens, u.output_tokens, u.cache_creation_tokens, u.cache_read_tokens, u.duration_ms, u.first_token_ms
  FROM ${tables.usageLogs} u JOIN ${tables.groups} g ON g.id = u.group_id AND g.id <> 0
  WHERE u.created_at >= $1::timestamptz AND u.created_at < $2::timestamptz
),
usage_levels AS (
  SELECT hour,
    CASE WHEN GROUPING(platform) = 1 THEN '' ELSE platform END AS platform_key,
    CASE WHEN GROUPING(group_id) = 1 THEN 0 ELSE group_id END AS group_key,
    count(*) AS success_count,
    (COALESCE(sum(input_tokens), 0) + COALESCE(sum(output_tokens), 0) + COALESCE(sum(cache_creation_tokens), 0)
      + COALESCE(sum(cache_read_tokens), 0))::bigint AS token_consumed,${LATENCY_AGGREGATES}
  FROM usage
  GROUP BY GROUPING SETS ((hour), (hour, platform), (hour, platform, group_id))
  HAVING GROUPING(platform) = 1 OR platform <> ''
),
errors AS (
  SELECT date_trunc('hour', created_at AT TIME ZONE 'UTC') AS hour, COALESCE(platform, 'unknown')::varchar(32) AS platform,
    COALESCE(group_id, 0) AS group_id, COALESCE(status_code, 0) AS status, is_business_limited AS limited,
    error_owner = 'provider' AND NOT is_business_limited AS upstream,
    COALESCE(upstream_status_code, status_code, 0) AS effective
  FROM ${tables.errorLogs}
  WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz
),
error_levels AS (
  SELECT hour,
    CASE WHEN GROUPING(platform) = 1 THEN '' ELSE platform END AS platform_key,
    CASE WHEN GROUPING(group_id) = 1 THEN 0 ELSE group_id END AS group_key,
    sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END) AS error_count_total,
    sum(CASE WHEN status >= 400 AND limited THEN 1 ELSE 0 END) AS business_limited_count,
    sum(CASE WHEN status >= 400 AND NOT limited THEN 1 ELSE 0 END) AS error_count_sla,
    sum(CASE WHEN upstream AND effective <> 429 AND effective <> 529 THEN 1 ELSE 0 END)
      AS upstream_error_count_excl_429_529,
    sum(CASE WHEN upstream AND effective = 429 THEN 1 ELSE 0 END) AS upstream_429_count,
    sum(CASE WHEN upstream AND effective = 529 THEN 1 ELSE 0 END) AS upstream_529_count
  FROM errors
  GROUP BY GROUPING SETS ((hour), (hour, platform), (hour, platform, group_id))
  HAVING (GROUPING(platform) = 1 OR platform <> '') AND (GROUPING(group_id) = 1 OR group_id <> 0)
),
computed AS (
  SELECT hour AT TIME ZONE 'UTC' AS bucket, platform_key, group_key,
    COALESCE(u.success_count, 0) AS success_count, COALESCE(e.error_count_total, 0) AS error_count_total,
    COALESCE(e.business_limited_count, 0) AS business_limited_count, COALESCE(e.error_count_sla, 0) AS error_count_sla,
    COALESCE(e.upstream_error_count_excl_429_529, 0) AS upstream_error_count_excl_429_529,
    COALESCE(e.upstream_429_count, 0) AS upstream_429_count, COALESCE(e.upstream_529_count, 0) AS upstream_529_count,
    COALESCE(u.token_consumed, 0) AS token_consumed,
    u.duration_p50_ms, u.duration_p90_ms, u.duration_p95_ms, u.duration_p99_ms, u.duration_avg_ms, u.duration_max_ms,
    u.ttft_p50_ms, u.ttft_p90_ms, u.ttft_p95_ms, u.ttft_p99_ms, u.ttft_avg_ms, u.ttft_max_ms
  FROM usage_levels u FULL JOIN error_levels e USING (hour, platform_key, group_key)
)`;
}

const DAILY_LATENCIES = ['duration', 'ttft']
  .map((name) => {
    const mean = (column: string): string =>
      `sum(${column} * success_count::float8) / NULLIF(sum(CASE WHEN ${column} IS NOT NULL THEN success_count END), 0)`;
    return `
    round((${mean(`${name}_p50_ms`)})::float8)::int AS ${name}_p50_ms,
    round((${mean(`${name}_p90_ms`)})::float8)::int AS ${name}_p90_ms,
    max(${name}_p95_ms) AS ${name}_p95_ms, max(${name}_p99_ms) AS ${name}_p99_ms,
    ${mean(`${name}_avg_ms`)} AS ${name}_avg_ms, max(${name}_max_ms) AS ${name}_max_ms`;
  })
  .join(',');

function computedDaily(tables: OpsTables): string {
  return `computed AS (
  SELECT (bucket_start AT TIME ZONE 'UTC')::date AS bucket, COALESCE(platform, '') AS platform_key,
    COALESCE(group_id, 0) AS group_key,
    sum(success_count) AS success_count, sum(error_count_total) AS error_count_total,
    sum(business_limited_count) AS business_limited_count, sum(error_count_sla) AS error_count_sla,
    sum(upstream_error_count_excl_429_529) AS upstream_error_count_excl_429_529,
    sum(upstream_429_count) AS upstream_429_count, sum(upstream_529_count) AS upstream_529_count,
    sum(token_consumed) AS token_consumed,${DAILY_LATENCIES}
  FROM ${tables.hourly}
  WHERE bucket_start >= $1::timestamptz AND bucket_start < $2::timestamptz
  GROUP BY 1, 2, 3
)`;
}

/** One difference, or the count of all; bigint and double as text, as they stand in the table. */
export interface DifferenceRow {
  bucket: string;
  platform: string | null;
  group_id: string | null;
  column_name: string;
  stored: string | null;
  computed: string | null;
  pending: boolean;
  total: number;
}

/** Means are doubles, summed in another order here: they may differ in the last digits. */
const differs = (column: string): string =>
  column.endsWith('_avg_ms')
    ? `(s.${column} IS NULL) <> (c.${column} IS NULL)
        OR abs(s.${column} - c.${column}) > 1e-9 * greatest(abs(s.${column}), abs(c.${column}))`
    : `s.${column} IS DISTINCT FROM c.${column}`;

/** Where there are too many to return, some of every bucket are: whoever notes the buckets gets all of them. */
function differences(stored: string, bucketText: string, isPending: string): string {
  const columns = METRIC_COLUMNS.map(
    (column) => `('${column}', s.${column}::text, c.${column}::text, ${differs(column)})`,
  );
  return `stored AS (${stored}),
compared AS (
  SELECT bucket, NULLIF(platform_key, '') AS platform, NULLIF(group_key, 0) AS group_id, d.*
  FROM stored s FULL JOIN computed c USING (bucket, platform_key, group_key)
  CROSS JOIN LATERAL (
    SELECT '(row)' AS column_name,
      CASE WHEN s.success_count IS NULL THEN 'missing' ELSE 'present' END AS stored,
      CASE WHEN c.success_count IS NULL THEN 'missing' ELSE 'present' END AS computed
    WHERE (s.success_count IS NULL) <> (c.success_count IS NULL)
    UNION ALL
    SELECT v.column_name, v.stored, v.computed
    FROM (VALUES ${columns.join(',\n      ')}) AS v(column_name, stored, computed, differs)
    WHERE v.differs AND s.success_count IS NOT NULL AND c.success_count IS NOT NULL
  ) d
)
SELECT ${bucketText} AS bucket, platform, group_id::text, column_name, stored, computed, ${isPending} AS pending, total
FROM (
  SELECT *, (count(*) OVER ())::int AS total, row_number() OVER (PARTITION BY bucket) AS nth
  FROM compared ORDER BY nth LIMIT $3::int
) listed
ORDER BY bucket, platform NULLS FIRST, group_id NULLS FIRST`;
}

const storedColumns = METRIC_COLUMNS.join(', ');

/** Bound: start, end (ISO, whole hours), how many differences to return. */
export function hourlyDifferences(
  tables: OpsTables,
  start: string,
  end: string,
  limit: number,
): SqlStatement {
  const stored = `
  SELECT bucket_start AS bucket, COALESCE(platform, '') AS platform_key, COALESCE(group_id, 0) AS group_key, ${storedColumns}
  FROM ${tables.hourly} WHERE bucket_start >= $1::timestamptz AND bucket_start < $2::timestamptz`;
  const isPending = `EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE i.bucket_start = bucket)`;
  return {
    text: `WITH ${computedHourly(tables)},\n${differences(stored, isoUtc('bucket'), isPending)}`,
    values: [start, end, limit],
  };
}

/** Bound: start, end (ISO, whole UTC days), how many differences to return. */
export function dailyDifferences(tables: OpsTables, start: string, end: string, limit: number): SqlStatement {
  const stored = `
  SELECT bucket_date AS bucket, COALESCE(platform, '') AS platform_key, COALESCE(group_id, 0) AS group_key, ${storedColumns}
  FROM ${tables.daily}
  WHERE bucket_date >= ($1::timestamptz AT TIME ZONE 'UTC')::date
    AND bucket_date < ($2::timestamptz AT TIME ZONE 'UTC')::date`;
  const isPending = `EXISTS (SELECT 1 FROM ${tables.invalidations} i
    WHERE i.bucket_start >= bucket::timestamp AT TIME ZONE 'UTC'
      AND i.bucket_start < (bucket + 1)::timestamp AT TIME ZONE 'UTC')`;
  return {
    text: `WITH ${computedDaily(tables)},\n${differences(stored, "to_char(bucket, 'YYYY-MM-DD')", isPending)}`,
    values: [start, end, limit],
  };
}

/** Bound: hours (ISO). */
export function noteHours(tables: OpsTables, hours: readonly string[]): SqlStatement {
  return {
    text: `WITH noted AS (
  INSERT INTO ${tables.invalidations} AS i (bucket_start, reason)
  SELECT DISTINCT bucket_start, 'verify' FROM unnest($1::timestamptz[]) AS given(bucket_start) ORDER BY bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE SET ${NOTED_AGAIN}, next_attempt_at = clock_timestamp()
  RETURNING 1
)
SELECT count(*)::int AS hours FROM noted`,
    values: [hours],
  };
}
