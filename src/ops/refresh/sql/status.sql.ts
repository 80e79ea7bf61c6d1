import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { closedThrough, isoUtc } from '../../metrics/sql-time.js';
import { recomputeFloorOrNull } from './recompute-floor.sql.js';

/** The single values of the status; bigint as text, times ISO in UTC. */
export interface StatusRow {
  now: string;
  closed_through: string;
  floor: string | null;
  latest_hourly: string | null;
  latest_daily: string | null;
  hourly_rows: string;
  daily_rows: string;
  pending: number;
  waiting_to_close: number;
  failing: number;
  suspicious: number;
  oldest_pending: string | null;
}

/** Bound: safe delay in seconds, retention in hours or null. */
export function readStatus(
  tables: OpsTables,
  safeDelaySeconds: number,
  retentionHours: number | null,
): SqlStatement {
  return {
    text: `SELECT ${isoUtc('clock_timestamp()')} AS now, ${isoUtc(closedThrough('$1'))} AS closed_through,
  ${isoUtc(recomputeFloorOrNull(tables, '$2'))} AS floor,
  (SELECT ${isoUtc('max(bucket_start)')} FROM ${tables.hourly}) AS latest_hourly,
  (SELECT to_char(max(bucket_date), 'YYYY-MM-DD') FROM ${tables.daily}) AS latest_daily,
  (SELECT count(*)::text FROM ${tables.hourly}) AS hourly_rows,
  (SELECT count(*)::text FROM ${tables.daily}) AS daily_rows,
  i.*
FROM (
  SELECT
    (count(*) FILTER (WHERE suspicious_at IS NULL AND bucket_start < ${closedThrough('$1')}))::int AS pending,
    (count(*) FILTER (WHERE suspicious_at IS NULL AND bucket_start >= ${closedThrough('$1')}))::int AS waiting_to_close,
    (count(*) FILTER (WHERE suspicious_at IS NULL AND attempts > 0))::int AS failing,
    (count(*) FILTER (WHERE suspicious_at IS NOT NULL))::int AS suspicious,
    ${isoUtc(`min(noted_at) FILTER (WHERE suspicious_at IS NULL AND bucket_start < ${closedThrough('$1')})`)}
      AS oldest_pending
  FROM ${tables.invalidations}
) i`,
    values: [safeDelaySeconds, retentionHours],
  };
}

export interface DetectStateRow {
  rawTable: string;
  safeId: string;
  closedThrough: string;
  lateRows: string;
  belowFloorRows: string;
  updatedAt: string;
}

export function readDetectStates(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT raw_table AS "rawTable", safe_id::text AS "safeId", ${isoUtc('closed_through')} AS "closedThrough",
  late_rows::text AS "lateRows", below_floor_rows::text AS "belowFloorRows", ${isoUtc('updated_at')} AS "updatedAt"
FROM ${tables.detectState} ORDER BY raw_table DESC`,
    values: [],
  };
}

export interface HeartbeatRow {
  jobName: string;
  lastRunAt: string | null;
  lastSuccessAt: string | null;
  lastErrorAt: string | null;
  lastError: string | null;
  lastDurationMs: string | null;
  lastResult: string | null;
}

export function readHeartbeats(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT job_name AS "jobName", ${isoUtc('last_run_at')} AS "lastRunAt",
  ${isoUtc('last_success_at')} AS "lastSuccessAt", ${isoUtc('last_error_at')} AS "lastErrorAt",
  last_error AS "lastError", last_duration_ms::text AS "lastDurationMs", last_result::text AS "lastResult"
FROM ${tables.heartbeats} ORDER BY job_name`,
    values: [],
  };
}

/** An hour that is failing or held back. */
export interface TroubledBucketRow {
  bucketStart: string;
  reason: string;
  attempts: number;
  nextAttemptAt: string;
  lastError: string | null;
  suspiciousSince: string | null;
}

/** Bound: how many. */
export function readTroubledBuckets(tables: OpsTables, limit: number): SqlStatement {
  return {
    text: `SELECT ${isoUtc('bucket_start')} AS "bucketStart", reason, attempts,
  ${isoUtc('next_attempt_at')} AS "nextAttemptAt", last_error AS "lastError",
  ${isoUtc('suspicious_at')} AS "suspiciousSince"
FROM ${tables.invalidations}
WHERE attempts > 0 OR suspicious_at IS NOT NULL
ORDER BY bucket_start DESC LIMIT $1::int`,
    values: [limit],
  };
}
