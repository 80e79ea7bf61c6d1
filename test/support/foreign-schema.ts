import type { DataSource } from 'typeorm';

/** Tables as another gateway might have made them: more columns, its own index names, its own order of columns. */
const GROUPS = `CREATE TABLE groups (
  id bigserial PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  name varchar(100) NOT NULL,
  rate_multiplier numeric(10,4) NOT NULL DEFAULT 1,
  platform varchar(50) NOT NULL DEFAULT 'anthropic',
  status varchar(20) NOT NULL DEFAULT 'active'
);
CREATE UNIQUE INDEX group_name_active ON groups (name) WHERE deleted_at IS NULL;`;

const USAGE_LOGS = `CREATE TABLE usage_logs (
  created_at timestamptz NOT NULL DEFAULT now(),
  request_id varchar(64) NOT NULL,
  id bigserial PRIMARY KEY,
  model varchar(100) NOT NULL,
  input_tokens int NOT NULL DEFAULT 0,
  output_tokens int NOT NULL DEFAULT 0,
  cache_creation_tokens int NOT NULL DEFAULT 0,
  cache_read_tokens int NOT NULL DEFAULT 0,
  cache_creation_5m_tokens int NOT NULL DEFAULT 0,
  input_cost numeric(20,10) NOT NULL DEFAULT 0,
  total_cost numeric(20,10) NOT NULL DEFAULT 0,
  rate_multiplier numeric(10,4) NOT NULL DEFAULT 1,
  stream boolean NOT NULL DEFAULT false,
  duration_ms int,
  first_token_ms int,
  user_agent varchar(512),
  ip_address varchar(45),
  user_id bigint NOT NULL,
  account_id bigint NOT NULL,
  group_id bigint REFERENCES groups (id) ON DELETE SET NULL
);
CREATE INDEX usagelog_created_at ON usage_logs (created_at);
CREATE INDEX usagelog_user_id_created_at ON usage_logs (user_id, created_at);`;

const ERROR_LOGS = `CREATE TABLE ops_error_logs (
  id bigserial PRIMARY KEY,
  request_id varchar(64),
  client_request_id varchar(64),
  group_id bigint,
  platform varchar(32),
  error_phase varchar(32) NOT NULL,
  error_type varchar(64) NOT NULL,
  status_code int,
  is_business_limited boolean NOT NULL DEFAULT false,
  error_body text,
  error_source varchar(64),
  error_owner varchar(32),
  upstream_status_code int,
  time_to_first_token_ms bigint,
  retry_count int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_errors_time ON ops_error_logs (created_at DESC);`;

export const FOREIGN_RAW_TABLES = ['groups', 'usage_logs', 'ops_error_logs'];
export const FOREIGN_METRICS_TABLES = ['ops_metrics_hourly', 'ops_metrics_daily'];

/** Metrics tables with the specification's columns, but without means and maxima. */
function metricsTable(grain: 'hourly' | 'daily'): string {
  const [bucket, type] = grain === 'hourly' ? ['bucket_start', 'timestamptz'] : ['bucket_date', 'date'];
  const table = `ops_metrics_${grain}`;
  const index = `idx_${table}`;
  return `CREATE TABLE ${table} (
  id bigserial PRIMARY KEY,
  ${bucket} ${type} NOT NULL,
  platform varchar(32),
  group_id bigint,
  success_count bigint NOT NULL DEFAULT 0,
  error_count_total bigint NOT NULL DEFAULT 0,
  business_limited_count bigint NOT NULL DEFAULT 0,
  error_count_sla bigint NOT NULL DEFAULT 0,
  upstream_error_count_excl_429_529 bigint NOT NULL DEFAULT 0,
  upstream_429_count bigint NOT NULL DEFAULT 0,
  upstream_529_count bigint NOT NULL DEFAULT 0,
  token_consumed bigint NOT NULL DEFAULT 0,
  duration_p50_ms int, duration_p90_ms int, duration_p95_ms int, duration_p99_ms int,
  ttft_p50_ms int, ttft_p90_ms int, ttft_p95_ms int, ttft_p99_ms int,
  computed_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ${index}_unique_dim ON ${table} (${bucket}, COALESCE(platform, ''), COALESCE(group_id, 0));
CREATE INDEX ${index}_bucket ON ${table} (${bucket} DESC);`;
}

export const FOREIGN_HEARTBEATS = `CREATE TABLE ops_job_heartbeats (
  job_name varchar(64) PRIMARY KEY,
  last_run_at timestamptz,
  last_success_at timestamptz,
  last_error_at timestamptz,
  last_error text,
  last_duration_ms bigint,
  updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO ops_job_heartbeats (job_name, last_run_at) VALUES ('another_job', '2026-01-01T00:00:00Z')`;

export async function createForeignRaw(dataSource: DataSource): Promise<void> {
  await dataSource.query(GROUPS + USAGE_LOGS + ERROR_LOGS);
}

export async function createForeignMetrics(
  dataSource: DataSource,
  grains: readonly ('hourly' | 'daily')[] = ['hourly', 'daily'],
): Promise<void> {
  await dataSource.query(grains.map(metricsTable).join('\n'));
}

/** A few raw rows on 2026-03-01, and metrics rows of that day that do not follow from them. */
export async function fillForeignRaw(dataSource: DataSource): Promise<void> {
  await dataSource.query(`
    INSERT INTO groups (name, platform) VALUES ('default', 'anthropic'), ('team', 'openai'), ('gone', 'openai');
    INSERT INTO usage_logs (request_id, model, user_id, account_id, group_id, input_tokens, output_tokens,
                            duration_ms, first_token_ms, created_at)
    SELECT 'r' || n, 'm', 1, 1, 1 + n % 2, n, 2 * n, 10 * n, CASE WHEN n % 3 = 0 THEN n END,
           timestamptz '2026-03-01T00:00:00Z' + n * interval '17 minutes'
    FROM generate_series(1, 80) AS n;
    INSERT INTO ops_error_logs (error_phase, error_type, platform, group_id, status_code, upstream_status_code,
                                error_owner, is_business_limited, created_at)
    SELECT 'upstream', 'api_error', (ARRAY['anthropic', NULL, ''])[1 + n % 3], NULLIF(n % 4, 0),
           (ARRAY[500, 200, NULL, 429])[1 + n % 4], (ARRAY[NULL, 529, 429])[1 + n % 3],
           (ARRAY['provider', 'client'])[1 + n % 2], n % 5 = 0,
           timestamptz '2026-03-01T00:30:00Z' + n * interval '41 minutes'
    FROM generate_series(1, 30) AS n`);
}

export async function fillForeignMetrics(dataSource: DataSource): Promise<void> {
  await dataSource.query(`
    INSERT INTO ops_metrics_hourly (bucket_start, platform, group_id, success_count, duration_p50_ms) VALUES
      ('2026-03-01T00:00:00Z', NULL, NULL, 3, 7), ('2026-03-01T00:00:00Z', 'vanished', NULL, 1, 1),
      ('2026-03-01T01:00:00Z', 'openai', 99, 2, NULL);
    INSERT INTO ops_metrics_daily (bucket_date, platform, group_id, success_count) VALUES
      ('2026-03-01', NULL, NULL, 3), ('2026-03-01', 'vanished', 5, 1)`);
}
