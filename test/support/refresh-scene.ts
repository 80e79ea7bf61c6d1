import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { SqlRunner } from '../../src/ops/sql/sql-runner.js';
import { insertGroups } from './raw-rows.js';

const GROUPS = [
  { id: 1, name: 'one', platform: 'openai' },
  { id: 2, name: 'two', platform: 'openai' },
  { id: 3, name: 'three', platform: 'anthropic' },
];

const TABLES = `groups, usage_logs, ops_error_logs, ops_metrics_minutely, ops_metrics_hourly, ops_metrics_daily,
  ops_metrics_dimension_hourly, ops_metrics_dimension_daily, ops_metrics_live, ops_metrics_invalidations,
  ops_detect_state, ops_rebuilds, ops_job_heartbeats, ops_metrics_dropped_hours, ops_runs, ops_audit_state,
  ops_known_groups`;

/** A test that counts hours must not see one close: it begins at least so many seconds before the next does. */
const HOUR_MARGIN = 30;

/** Empties every table, and puts the groups 1, 2 (openai) and 3 (anthropic) there. */
export async function resetScene(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    `SELECT pg_sleep(CASE WHEN s > 3600 - $1::int THEN 3600.1 - s ELSE 0 END)
       FROM (SELECT extract(epoch FROM clock_timestamp())::numeric % 3600 AS s) AS clock`,
    [HOUR_MARGIN],
  );
  await dataSource.query(`TRUNCATE ${TABLES}`);
  await dataSource.query(`INSERT INTO ops_audit_state (lane) VALUES ('recent'), ('history')`);
  await insertGroups(dataSource, GROUPS);
}

/** PostgreSQL's text of an instant; special ones ('infinity', '0044-03-15 BC') are given as text. */
const instant = (at: Date | string): string => (typeof at === 'string' ? at : at.toISOString());

/** One moment, or several. */
export type Moments = Date | string | readonly Date[];

const instants = (at: Moments): string[] => (typeof at === 'object' && 'map' in at ? at : [at]).map(instant);

/** Inserts successful requests, all at the same moment, with latencies and tokens that differ. */
export async function insertRequests(runner: SqlRunner, at: Moments, count = 3, groupId = 1): Promise<void> {
  await runner.query(
    `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, output_tokens, stream,
                             duration_ms, first_token_ms, created_at)
     SELECT 1, 1, 1, 'model', $3, 10 * i, i, i % 2 = 0, 100 + 37 * i, CASE WHEN i % 2 = 0 THEN 20 * i END, at
       FROM unnest($1::timestamptz[]) AS at, generate_series(1, $2::int) AS i`,
    [instants(at), count, groupId],
  );
}

/** Inserts failed requests: one in two is the provider's, without a group, on `platform`. */
export async function insertFailures(
  runner: SqlRunner,
  at: Moments,
  count = 2,
  platform: string | null = 'openai',
): Promise<void> {
  await runner.query(
    `INSERT INTO ops_error_logs (error_phase, error_type, platform, status_code, error_owner, created_at)
     SELECT 'upstream', 'api_error', $3::text, 500, CASE WHEN i % 2 = 0 THEN 'provider' ELSE 'client' END, at
       FROM unnest($1::timestamptz[]) AS at, generate_series(1, $2::int) AS i`,
    [instants(at), count, platform],
  );
}

/** A connection of its own: what a writer holds open, or a migration. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'test-writer' });
  client.on('error', () => undefined); // ended by the server with its database
  await client.connect();
  return client;
}

/** Stale hours, ISO, oldest first. */
export async function staleHours(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ hour: string }[]>(
    `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS hour
       FROM ops_metrics_invalidations WHERE tier = 'hour' ORDER BY bucket_start`,
  );
  return rows.map(({ hour }) => hour);
}

/** Notes a day as a drain of one of its hours would. */
export async function noteDay(dataSource: DataSource, day: Date): Promise<void> {
  await dataSource.query(
    `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ('day', $1::timestamptz, 'hours')
     ON CONFLICT (tier, bucket_start) DO NOTHING`,
    [day.toISOString()],
  );
}

/** The requests that the hourly table counts, overall, in the hour that begins at `hour`; null without a row. */
export async function storedRequests(dataSource: DataSource, hour: Date): Promise<number | null> {
  const [row] = await dataSource.query<{ count: string }[]>(
    `SELECT success_count::text AS count FROM ops_metrics_hourly
      WHERE bucket_start = $1::timestamptz AND platform IS NULL AND group_id IS NULL`,
    [hour.toISOString()],
  );
  return row === undefined ? null : Number(row.count);
}

/** The id up to which detection has accounted for every usage row; null before the first run. */
export async function safeId(dataSource: DataSource): Promise<bigint | null> {
  const [row] = await dataSource.query<{ safe_id: string }[]>(
    `SELECT safe_id FROM ops_detect_state WHERE raw_table = 'usage_logs'`,
  );
  return row === undefined ? null : BigInt(row.safe_id);
}

/** An hour that a drain has failed on or held back, as the log has it. */
export interface LoggedHour {
  readonly attempts: number;
  readonly last_error: string | null;
  readonly forced: boolean;
  readonly reason: string;
  readonly is_suspicious: boolean;
  /** Seconds from the last moment before the drain to the next attempt. */
  readonly pause: number;
}

/** What the log says of a stale hour, or undefined where it is not stale. */
export async function loggedHour(
  dataSource: DataSource,
  hour: Date,
  before = new Date(0),
): Promise<LoggedHour | undefined> {
  const rows = await dataSource.query<LoggedHour[]>(
    `SELECT attempts, last_error, forced, reason, suspicious_at IS NOT NULL AS is_suspicious,
            extract(epoch FROM next_attempt_at - $2::timestamptz)::float8 AS pause
       FROM ops_metrics_invalidations WHERE tier = 'hour' AND bucket_start = $1::timestamptz`,
    [hour.toISOString(), before.toISOString()],
  );
  return rows[0];
}

/** First key of the advisory locks on days, written down here as other programs would see it. */
const DAY_LOCK_NAMESPACE = 0x6f7073;

/** Takes the locks of the UTC days of `from` and of the days after it, as an instance that drains them would. */
export async function holdDays(client: pg.Client, from: Date, days = 1): Promise<void> {
  await client.query('BEGIN');
  await client.query(
    `SELECT pg_advisory_xact_lock($1, day) FROM generate_series($2::int, $2::int + $3::int - 1) AS day`,
    [DAY_LOCK_NAMESPACE, Math.floor(from.getTime() / 86_400_000), days],
  );
}
