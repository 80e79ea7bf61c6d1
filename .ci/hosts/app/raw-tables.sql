-- The raw tables of a host that never ran this package's migrations for them, and some traffic.
CREATE SCHEMA gateway;
CREATE TABLE gateway.groups (id bigserial PRIMARY KEY, name varchar(100) UNIQUE, platform varchar(50) NOT NULL);
CREATE TABLE gateway.usage_logs (
  id bigserial PRIMARY KEY, group_id bigint, input_tokens int DEFAULT 0, output_tokens int DEFAULT 0,
  cache_creation_tokens int DEFAULT 0, cache_read_tokens int DEFAULT 0, duration_ms int, first_token_ms int,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE gateway.ops_error_logs (
  id bigserial PRIMARY KEY, group_id bigint, platform varchar(32), status_code int, upstream_status_code int,
  error_owner varchar(32), is_business_limited boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON gateway.usage_logs (created_at);
CREATE INDEX ON gateway.ops_error_logs (created_at);
INSERT INTO gateway.groups (name, platform) VALUES ('main', 'openai');
INSERT INTO gateway.usage_logs (group_id, input_tokens, duration_ms, created_at)
  SELECT 1, 10, n, now() - interval '3 hours' FROM generate_series(1, 101) AS n;
INSERT INTO gateway.ops_error_logs (group_id, platform, status_code, created_at)
  VALUES (1, 'openai', 500, now() - interval '3 hours');
