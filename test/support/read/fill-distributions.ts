import type { DataSource } from 'typeorm';

/** 7 significant bits, as the distributions store values. */
const ROUNDED = `LEAST(x * (2::float8 ^ 46 + 1) - (x * (2::float8 ^ 46 + 1) - x), 2147483647)::int`;

/** Writes distributions, sums and samples into hourly rows that are there, straight from the raw rows. */
export async function fillDistributions(dataSource: DataSource): Promise<void> {
  await dataSource.query(`WITH sample AS (
    SELECT date_bin('1 hour', u.created_at, timestamptz '1970-01-01 00:00:00Z') AS hour, g.platform, g.id AS group_id,
      v.metric, v.x::float8 AS x
    FROM usage_logs u JOIN groups g ON g.id = u.group_id AND g.id <> 0,
      LATERAL (VALUES ('duration', u.duration_ms), ('ttft', u.first_token_ms)) AS v(metric, x)
    WHERE v.x IS NOT NULL
  ),
  cell AS (
    SELECT hour, CASE WHEN GROUPING(platform) = 0 THEN platform ELSE '' END AS platform,
      CASE WHEN GROUPING(group_id) = 0 THEN group_id ELSE 0 END AS group_id,
      metric, ${ROUNDED} AS value, count(*)::int AS times, sum(x)::bigint AS total
    FROM sample
    GROUP BY GROUPING SETS ((hour, metric, ${ROUNDED}), (hour, platform, metric, ${ROUNDED}),
      (hour, platform, group_id, metric, ${ROUNDED}))
    HAVING GROUPING(platform) = 1 OR platform <> ''
  ),
  distribution AS (
    SELECT hour, platform, group_id, metric, array_agg(value ORDER BY value) AS vals,
      array_agg(times ORDER BY value) AS counts, sum(total)::bigint AS total, sum(times)::bigint AS samples
    FROM cell GROUP BY 1, 2, 3, 4
  )
  UPDATE ops_metrics_hourly m SET
    duration_values = d.vals, duration_counts = d.counts,
    duration_sum_ms = COALESCE(d.total, 0), duration_samples = COALESCE(d.samples, 0),
    ttft_values = t.vals, ttft_counts = t.counts,
    ttft_sum_ms = COALESCE(t.total, 0), ttft_samples = COALESCE(t.samples, 0)
  FROM ops_metrics_hourly k
  LEFT JOIN distribution d ON d.metric = 'duration' AND d.hour = k.bucket_start
    AND d.platform = COALESCE(k.platform, '') AND d.group_id = COALESCE(k.group_id, 0)
  LEFT JOIN distribution t ON t.metric = 'ttft' AND t.hour = k.bucket_start
    AND t.platform = COALESCE(k.platform, '') AND t.group_id = COALESCE(k.group_id, 0)
  WHERE k.id = m.id`);
}

/** Merges the distributions of the hours into the daily rows that are there. */
export async function mergeDailyDistributions(dataSource: DataSource): Promise<void> {
  for (const metric of ['duration', 'ttft']) {
    await dataSource.query(`WITH cell AS (
      SELECT (m.bucket_start AT TIME ZONE 'UTC')::date AS day, m.platform, m.group_id, c.value, sum(c.times)::int AS times
      FROM ops_metrics_hourly m, unnest(m.${metric}_values, m.${metric}_counts) AS c(value, times)
      GROUP BY 1, 2, 3, 4
    ),
    distribution AS (
      SELECT day, platform, group_id, array_agg(value ORDER BY value) AS vals, array_agg(times ORDER BY value) AS counts
      FROM cell GROUP BY 1, 2, 3
    ),
    total AS (
      SELECT (bucket_start AT TIME ZONE 'UTC')::date AS day, platform, group_id,
        sum(${metric}_sum_ms)::bigint AS total, sum(${metric}_samples)::bigint AS samples
      FROM ops_metrics_hourly GROUP BY 1, 2, 3
    )
    UPDATE ops_metrics_daily m SET ${metric}_values = d.vals, ${metric}_counts = d.counts,
      ${metric}_sum_ms = t.total, ${metric}_samples = t.samples
    FROM total t
    LEFT JOIN distribution d ON d.day = t.day AND d.platform IS NOT DISTINCT FROM t.platform
      AND d.group_id IS NOT DISTINCT FROM t.group_id
    WHERE m.bucket_date = t.day AND m.platform IS NOT DISTINCT FROM t.platform
      AND m.group_id IS NOT DISTINCT FROM t.group_id`);
  }
}
