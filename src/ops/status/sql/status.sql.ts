import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { closedThrough, isoUtc } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../../definitions/tiers.js';
import { floors, floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';
import { liveMinutes } from '../../invalidation/sql/live.sql.js';

/** The single values of the status; bigint as text, times ISO in UTC. */
export interface StatusRow {
  now: string;
  closed_through: string;
  floor: string | null;
  usage_floor: string | null;
  errors_floor: string | null;
  latest_hourly: string | null;
  latest_daily: string | null;
  minutes_from: string | null;
  live_through: string | null;
  live_lag_seconds: number | null;
  minutely_rows: string;
  hourly_rows: string;
  daily_rows: string;
  pending_minutes: number;
  pending_hours: number;
  pending_days: number;
  waiting_to_close: number;
  failing: number;
  suspicious: number;
  losing: number;
  oldest_pending: string | null;
}

/** Counted up to here, estimated above: a count reads the whole table. */
const COUNTED_ROWS = 10_000;

const rowsOf = (
  table: string,
): string => `(SELECT CASE WHEN c.reltuples > ${COUNTED_ROWS} THEN c.reltuples::bigint::text
    ELSE (SELECT count(*)::text FROM (SELECT 1 FROM ${table} LIMIT ${10 * COUNTED_ROWS}) counted) END
    FROM pg_class c WHERE c.oid = '${table.replaceAll("'", "''")}'::regclass)`;

/** Bound: safe delay in seconds, retentions in hours. */
export function readStatus(
  tables: OpsTables,
  safeDelaySeconds: number,
  retention: RetentionHours,
): SqlStatement {
  const closedBy = (bucketEnd: string): string =>
    `suspicious_at IS NULL AND loss_seen_at IS NULL AND ${bucketEnd} <= c.closed`;
  const hour = `tier = '${HOUR_TIER}' AND ${closedBy("bucket_start + interval '1 hour'")}`;
  const day = `tier = '${DAY_TIER}' AND ${closedBy("bucket_start + interval '24 hours'")}`;
  const limit = (instant: string): string => isoUtc(`NULLIF(${instant}, '-infinity')`);
  return {
    text: `SELECT ${isoUtc('clock_timestamp()')} AS now, ${isoUtc('c.closed')} AS closed_through,
  ${limit('f.floor')} AS floor, ${limit('f.usage_from')} AS usage_floor, ${limit('f.errors_from')} AS errors_floor,
  (SELECT ${isoUtc('max(bucket_start)')} FROM ${tables.hourly}) AS latest_hourly,
  (SELECT to_char(max(bucket_date), 'YYYY-MM-DD') FROM ${tables.daily}) AS latest_daily,
  ${isoUtc('l.minutes_from')} AS minutes_from, ${isoUtc('l.live_through')} AS live_through,
  extract(epoch FROM clock_timestamp() - l.live_through)::float8 AS live_lag_seconds,
  ${rowsOf(tables.minutely)} AS minutely_rows,
  ${rowsOf(tables.hourly)} AS hourly_rows,
  ${rowsOf(tables.daily)} AS daily_rows,
  i.*
FROM (SELECT ${closedThrough('$1')} AS closed) c
CROSS JOIN ${floors(tables, 2)} f
CROSS JOIN ${liveMinutes(tables)} l
CROSS JOIN LATERAL (
  SELECT
    (count(*) FILTER (WHERE tier = '${MINUTE_TIER}' AND suspicious_at IS NULL AND loss_seen_at IS NULL))::int AS pending_minutes,
    (count(*) FILTER (WHERE ${hour}))::int AS pending_hours,
    (count(*) FILTER (WHERE ${day}))::int AS pending_days,
    (count(*) FILTER (WHERE tier = '${HOUR_TIER}' AND suspicious_at IS NULL AND bucket_start >= c.closed))::int
      AS waiting_to_close,
    (count(*) FILTER (WHERE suspicious_at IS NULL AND attempts > 0))::int AS failing,
    (count(*) FILTER (WHERE suspicious_at IS NOT NULL))::int AS suspicious,
    (count(*) FILTER (WHERE suspicious_at IS NULL AND loss_seen_at IS NOT NULL))::int AS losing,
    ${isoUtc(`min(noted_at) FILTER (WHERE ${hour} OR ${day})`)} AS oldest_pending
  FROM ${tables.invalidations}
) i`,
    values: [safeDelaySeconds, ...floorValues(retention)],
  };
}

export function readDetectStates(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT raw_table AS "rawTable", safe_id::text AS "safeId", ${isoUtc('closed_through')} AS "closedThrough",
  late_rows::text AS "lateRows", below_floor_rows::text AS "belowFloorRows",
  ${isoUtc('held_since')} AS "heldSince", held_by AS "heldBy", ${isoUtc('updated_at')} AS "updatedAt"
FROM ${tables.detectState} ORDER BY raw_table DESC`,
    values: [],
  };
}

export function readAuditStates(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT lane, ${isoUtc('position')} AS position, ${isoUtc('round_started_at')} AS "roundStartedAt",
  ${isoUtc('last_round_started_at')} AS "auditedSince",
  audited_hours::text AS "auditedHours", differing_hours::text AS "differingHours"
FROM ${tables.auditState} ORDER BY lane DESC`,
    values: [],
  };
}

/** Bound: names of the jobs. Another program may keep its own in the same table. */
export function readHeartbeats(tables: OpsTables, jobs: readonly string[]): SqlStatement {
  return {
    text: `SELECT job_name AS "jobName", ${isoUtc('last_run_at')} AS "lastRunAt",
  ${isoUtc('last_success_at')} AS "lastSuccessAt", ${isoUtc('last_error_at')} AS "lastErrorAt",
  last_error AS "lastError", last_duration_ms::text AS "lastDurationMs", last_result::text AS "lastResult"
FROM ${tables.heartbeats} WHERE job_name = ANY($1::text[]) ORDER BY job_name`,
    values: [jobs],
  };
}

/** Minutes come last: where an hour is in trouble, all of its minutes may be. Bound: how many. */
export function readTroubledBuckets(tables: OpsTables, limit: number): SqlStatement {
  return {
    text: `SELECT tier, ${isoUtc('bucket_start')} AS "bucketStart", reason, attempts,
  ${isoUtc('next_attempt_at')} AS "nextAttemptAt", last_error AS "lastError",
  ${isoUtc('suspicious_at')} AS "suspiciousSince", ${isoUtc('loss_seen_at')} AS "losingSince"
FROM ${tables.invalidations}
WHERE attempts > 0 OR suspicious_at IS NOT NULL OR loss_seen_at IS NOT NULL
ORDER BY tier = '${MINUTE_TIER}', bucket_start DESC LIMIT $1::int`,
    values: [limit],
  };
}
