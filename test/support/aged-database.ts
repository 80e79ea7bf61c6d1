import type { DataSource } from 'typeorm';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';

/** Autovacuum analyses a table when a tenth of it is new: as long may the statistics know nothing of the latest rows. */
const UNKNOWN_SHARE = 0.09;
const RAW_DAYS = 3;
const MINUTE_HOURS = 72;
const DISTRIBUTION_DAYS = 80;

const COLUMNS = `success_count, error_count_total, token_consumed, duration_samples, duration_sum_ms, duration_max_ms,
  duration_values, duration_counts`;
/** Distributions have been dropped, but for those of the last weeks. */
const values = (starts: string): string => `2, 1, 100, 2, 30, 20,
  CASE WHEN ${starts} >= now() - ${DISTRIBUTION_DAYS} * interval '24 hours' THEN '{10,20}'::int[] END,
  CASE WHEN ${starts} >= now() - ${DISTRIBUTION_DAYS} * interval '24 hours' THEN '{1,1}'::int[] END`;
const LEVELS = `(VALUES (NULL::varchar, NULL::bigint), ('openai', NULL), ('openai', 1)) AS l(platform, group_id)`;
const MIDNIGHT = `date_trunc('day', now(), 'UTC')`;
const days = (count: string): string => `${count} * interval '24 hours'`;

/** The rows of every hour and day from so many days before the last midnight to so many. */
async function fillMetrics(dataSource: DataSource, oldest: number, newest: number): Promise<void> {
  const hours = `generate_series(${MIDNIGHT} - ${days('$1::int')}, ${MIDNIGHT} - ${days('$2::int')} - interval '1 hour', interval '1 hour') AS s(starts)`;
  const dates = `generate_series(${MIDNIGHT} - ${days('$1::int')}, ${MIDNIGHT} - ${days('($2::int + 1)')}, interval '24 hours') AS s(starts)`;
  const date = `(s.starts AT TIME ZONE 'UTC')::date`;
  const version = `${OPS_TABLES.definition}, s.starts, s.starts`;
  for (const [table, bucket, at, from] of [
    ['hourly', 'bucket_start', 's.starts', hours],
    ['daily', 'bucket_date', date, dates],
  ] as const) {
    await dataSource.query(
      `INSERT INTO ops_metrics_${table} (${bucket}, platform, group_id, definition_version, computed_at, written_at, ${COLUMNS})
       SELECT ${at}, platform, group_id, ${version}, ${values('s.starts')} FROM ${from}, ${LEVELS}`,
      [oldest, newest],
    );
    await dataSource.query(
      `INSERT INTO ops_metrics_dimension_${table} (${bucket}, dimension, key, ${COLUMNS})
       SELECT ${at}, 'model', 'model ' || n, ${values('s.starts')} FROM ${from}, generate_series(1, 2) AS n`,
      [oldest, newest],
    );
  }
}

/**
 * What a gateway of so many days has: hours and days of all of them, as many days before whose hours have been dropped, a
 * rebuild each week; and raw rows and minutes of the last ones.
 */
export async function fillAged(dataSource: DataSource, age: number): Promise<void> {
  await dataSource.query(`INSERT INTO groups (id, name, platform) VALUES (1, 'one', 'openai')`);
  await dataSource.query(`INSERT INTO ops_known_groups (group_id, platform) VALUES (1, 'openai')`);
  for (const [table, columns, row] of [
    [
      'usage_logs',
      'user_id, api_key_id, account_id, model, group_id, duration_ms',
      `1, 1, 1, 'model 1', 1, 10`,
    ],
    ['ops_error_logs', 'error_phase, error_type, status_code', `'upstream', 'timeout', 504`],
  ] as const) {
    await dataSource.query(
      `INSERT INTO ${table} (${columns}, created_at) SELECT ${row}, s.at
       FROM generate_series(${MIDNIGHT} - ${days('$1::int')}, ${MIDNIGHT} - interval '1 second', interval '10 minutes') AS s(at)`,
      [RAW_DAYS],
    );
  }
  await dataSource.query(
    `INSERT INTO ops_metrics_minutely (bucket_start, platform, group_id, definition_version, computed_at, written_at, ${COLUMNS})
     SELECT s.starts, platform, group_id, ${OPS_TABLES.definition}, s.starts, s.starts, ${values('s.starts')}
     FROM generate_series(${MIDNIGHT} - $1 * interval '1 hour', ${MIDNIGHT} - interval '1 minute', interval '1 minute') AS s(starts), ${LEVELS}`,
    [MINUTE_HOURS],
  );
  await dataSource.query(
    `INSERT INTO ops_metrics_live (minutes_from, live_through) VALUES (${MIDNIGHT} - $1 * interval '1 hour', now())`,
    [MINUTE_HOURS],
  );
  await dataSource.query(
    `INSERT INTO ops_metrics_dropped_hours (bucket_start)
     SELECT ${MIDNIGHT} - ${days('$1::int')} - n * interval '1 hour' FROM generate_series(1, 24 * $1::int) AS n`,
    [age],
  );
  await dataSource.query(
    `INSERT INTO ops_rebuilds (range_start, range_end, hours_total, requested_at, finished_at)
     SELECT at, at + interval '24 hours', 24, at, at FROM (
       SELECT ${MIDNIGHT} - ${days('n')} AS at FROM generate_series(1, $1::int, 7) AS n) r`,
    [age],
  );
  await dataSource.query(
    `INSERT INTO ops_detect_state (raw_table, safe_id, seen_id, closed_through, late_before)
     SELECT t, 1000, 1000, date_trunc('hour', now()), now() FROM unnest(ARRAY['usage_logs', 'ops_error_logs']) AS t`,
  );
  await dataSource.query(
    `INSERT INTO ops_audit_state (lane, position) VALUES ('recent', ${MIDNIGHT}), ('history', ${MIDNIGHT})`,
  );
  const bucket = `${MIDNIGHT} - interval '48 hours'`;
  await dataSource.query(
    `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason)
     SELECT tier, ${bucket}, 'new_rows' FROM unnest(ARRAY['minute', 'hour', 'day']) AS tier`,
  );
  const known = Math.round(age * UNKNOWN_SHARE);
  await fillMetrics(dataSource, age, known);
  await dataSource.query('VACUUM ANALYZE');
  await fillMetrics(dataSource, known, 0);
}
