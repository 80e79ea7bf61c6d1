import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { DAY_TIER, MINUTE_TIER } from '../../definitions/tiers.js';
import { closedThrough } from '../../sql/sql-time.js';

/** One value of a metric. */
export interface SampleRow {
  metric: string;
  labels: Record<string, string>;
  value: number;
}

/** Times as Unix seconds, ages as seconds, by the database's clock. */
const seconds = (expression: string): string => `extract(epoch FROM ${expression})::float8`;

/**
 * How the rollup stands, from the small tables only: neither a raw table nor a metrics table is read.
 *
 * Bound: safe delay in seconds, names of the jobs.
 */
export function rollupSamples(
  tables: OpsTables,
  safeDelaySeconds: number,
  jobs: readonly string[],
): SqlStatement {
  const ends = `i.bucket_start + CASE i.tier WHEN '${DAY_TIER}' THEN interval '24 hours' ELSE interval '1 hour' END`;
  const closed = `${ends} <= ${closedThrough('$1')}`;
  // Minutes with new rows are nothing to wait for: there are some before every tick. Their lag is told instead.
  const waits = `suspicious_at IS NULL AND loss_seen_at IS NULL AND tier <> '${MINUTE_TIER}'`;
  const active = 'finished_at IS NULL AND cancelled_at IS NULL';
  return {
    text: `WITH job AS (
  SELECT jsonb_build_object('job_name', job_name) AS labels, last_run_at, last_success_at, last_error_at, last_duration_ms
  FROM ${tables.heartbeats} WHERE job_name = ANY($2::text[])
),
stale AS (
  SELECT
    count(*) FILTER (WHERE ${waits} AND ${closed}) AS pending,
    count(*) FILTER (WHERE ${waits} AND NOT ${closed}) AS waiting,
    count(*) FILTER (WHERE suspicious_at IS NULL AND attempts > 0) AS failing,
    count(*) FILTER (WHERE suspicious_at IS NOT NULL) AS suspicious,
    count(*) FILTER (WHERE suspicious_at IS NULL AND loss_seen_at IS NOT NULL) AS losing,
    -- Since it could have been recomputed: a bucket is noted with its first rows, long before it is closed.
    max(clock_timestamp() - GREATEST(noted_at, ${ends} + make_interval(secs => $1::float8)))
      FILTER (WHERE ${waits} AND ${closed}) AS oldest
  FROM ${tables.invalidations} i
),
live AS (
  SELECT ${seconds('clock_timestamp() - live_through')} AS lag FROM ${tables.live} WHERE minutes_from IS NOT NULL
),
detection AS (
  SELECT jsonb_build_object('raw_table', raw_table) AS labels, safe_id, late_rows, below_floor_rows,
    COALESCE(${seconds('clock_timestamp() - held_since')}, 0) AS held
  FROM ${tables.detectState}
),
audit AS (
  SELECT jsonb_build_object('lane', lane) AS labels, differing_hours,
    ${seconds('clock_timestamp() - COALESCE(last_round_started_at, round_started_at)')} AS age
  FROM ${tables.auditState}
),
rebuild AS (
  SELECT CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' WHEN finished_at IS NOT NULL THEN 'finished' ELSE 'running'
    END AS state, count(*) AS rebuilds
  FROM ${tables.rebuilds} GROUP BY 1
)
SELECT metric, labels, value::float8 AS value FROM (
  SELECT 'ops_rollup_job_last_success_timestamp_seconds' AS metric, labels, ${seconds('last_success_at')} AS value FROM job
  UNION ALL
  SELECT 'ops_rollup_job_last_duration_seconds', labels, last_duration_ms / 1000.0 FROM job
  UNION ALL
  SELECT 'ops_rollup_job_last_run_failed', labels,
    CASE WHEN last_error_at IS NOT NULL AND (last_success_at IS NULL OR last_error_at > last_success_at) THEN 1 ELSE 0 END
  FROM job WHERE last_run_at IS NOT NULL
  UNION ALL
  SELECT v.metric, '{}'::jsonb, v.value FROM stale, LATERAL (VALUES
    ('ops_rollup_pending_buckets', pending), ('ops_rollup_waiting_buckets', waiting),
    ('ops_rollup_failing_buckets', failing), ('ops_rollup_suspicious_buckets', suspicious),
    ('ops_rollup_losing_buckets', losing)) AS v(metric, value)
  UNION ALL
  SELECT 'ops_rollup_oldest_pending_age_seconds', '{}', GREATEST(0, COALESCE(${seconds('oldest')}, 0)) FROM stale
  UNION ALL
  SELECT 'ops_rollup_live_lag_seconds', '{}', lag FROM live
  UNION ALL
  SELECT v.metric, labels, v.value FROM detection, LATERAL (VALUES
    ('ops_rollup_late_rows_total', late_rows), ('ops_rollup_below_floor_rows_total', below_floor_rows),
    ('ops_rollup_safe_id', safe_id), ('ops_rollup_detection_held_seconds', held)) AS v(metric, value)
  UNION ALL
  SELECT v.metric, labels, v.value FROM audit, LATERAL (VALUES
    ('ops_rollup_audit_differing_buckets_total', differing_hours),
    ('ops_rollup_audit_oldest_age_seconds', age)) AS v(metric, value)
  UNION ALL
  SELECT 'ops_rollup_rebuilds', jsonb_build_object('state', state), COALESCE(rebuilds, 0)
  FROM (VALUES ('running'), ('finished'), ('cancelled')) AS s(state) LEFT JOIN rebuild USING (state)
  UNION ALL
  SELECT 'ops_rollup_rebuild_buckets_left', '{}', count(*) FROM ${tables.invalidations} i
  WHERE tier <> '${MINUTE_TIER}' AND EXISTS (
    SELECT 1 FROM ${tables.rebuilds} r
    WHERE ${active} AND i.bucket_start < r.range_end AND ${ends} > r.range_start
  )
) sample WHERE value IS NOT NULL`,
    values: [safeDelaySeconds, jobs],
  };
}
