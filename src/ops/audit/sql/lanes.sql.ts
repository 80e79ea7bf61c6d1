import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { closedThrough, hasBucket, hourOf, isoUtc } from '../../sql/sql-time.js';
import { floors, floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';

/** `recent`: the hours that closed last, again and again. `history`: all of them, in a slow round. */
export type AuditLane = 'recent' | 'history';

/** The hours that one step of the audit compares. */
export interface AuditStep {
  /** Half-open, ISO; equal where the round has nothing left to compare. */
  from: string;
  to: string;
  /** End of the last closed hour. */
  closed: string;
  /** It is the first of a round. */
  starts_round: boolean;
  /** It is the last of a round. */
  ends_round: boolean;
}

/** How far back the recent lane goes, in hours. */
const RECENT_HOURS = 24;

/**
 * Locks a lane, unless another instance is at it or it has had its share of time (then there is no row), and says which
 * hours are next: downward from where the round stands, until so many requests are stored in them, or so many hours are.
 * A round begins at the last closed hour, and ends at the lane's oldest whole hour that may be recomputed and was rolled
 * up, or should have been by the first run.
 *
 * Bound: lane, safe delay in seconds, how many requests, how many hours, retentions in hours, backfill in hours.
 */
export function nextAuditStep(
  tables: OpsTables,
  lane: AuditLane,
  bound: {
    safeDelaySeconds: number;
    requests: number;
    hours: number;
    retention: RetentionHours;
    backfillHours: number;
  },
): SqlStatement {
  // Of no other relation: a distributed table takes no part in a correlated subquery.
  const newestHour = (table: string): string =>
    hourOf(
      `(SELECT max(created_at) FROM ${table} WHERE created_at < (SELECT upto FROM start) AND ${hasBucket('created_at')})`,
    );
  const laneStart = lane === 'recent' ? `c.closed - interval '${RECENT_HOURS} hours'` : `'-infinity'`;
  return {
    text: `WITH lane AS MATERIALIZED (
  SELECT position FROM ${tables.auditState} WHERE lane = $1 AND paid_until <= clock_timestamp() FOR UPDATE SKIP LOCKED
),
bounds AS MATERIALIZED (
  SELECT c.closed,
    ${hourOf(`GREATEST(${laneStart}, f.floor,
      LEAST((SELECT min(bucket_start) FROM ${tables.hourly}), c.closed - make_interval(hours => $8::int))
    ) + interval '59 minutes 59.999999 seconds'`)} AS oldest
  FROM (SELECT ${closedThrough('$2')} AS closed) c CROSS JOIN ${floors(tables, 5)} f
),
start AS MATERIALIZED (
  SELECT COALESCE(l.position <= b.oldest OR l.position > b.closed, true) AS starts_round, b.oldest, b.closed,
    CASE WHEN l.position > b.oldest AND l.position <= b.closed THEN l.position ELSE b.closed END AS upto
  FROM lane l CROSS JOIN bounds b
),
-- Straight to the next hour that has a row: one row of the year 1970 must not cost a walk to there.
round AS MATERIALIZED (
  SELECT s.starts_round, s.oldest, s.closed, LEAST(s.upto, GREATEST(s.oldest, n.newest + interval '1 hour')) AS upto
  FROM start s CROSS JOIN (
    SELECT GREATEST(
      (SELECT max(bucket_start) FROM ${tables.hourly} WHERE bucket_start < (SELECT upto FROM start)),
      ${newestHour(tables.usageLogs)}, ${newestHour(tables.errorLogs)}
    ) AS newest
  ) n
),
hour AS (
  SELECT h.starts, COALESCE(m.requests, 0) AS requests
  FROM round r
  CROSS JOIN generate_series(1, $4::int) AS back
  CROSS JOIN LATERAL (SELECT r.upto - back * interval '1 hour' AS starts) h
  LEFT JOIN LATERAL (
    SELECT m.success_count + m.error_count_total AS requests FROM ${tables.hourly} m
    WHERE m.bucket_start = h.starts AND ${isOverallRow('m')} OFFSET 0
  ) m ON true
  WHERE h.starts >= r.oldest
),
-- The hours before this one have not filled the step.
chosen AS (
  SELECT starts FROM (
    SELECT starts, sum(requests) OVER (ORDER BY starts DESC) - requests AS before FROM hour
  ) s WHERE before < $3::bigint
)
SELECT ${isoUtc('s.starts')} AS from, ${isoUtc('r.upto')} AS to, ${isoUtc('r.closed')} AS closed, r.starts_round, s.starts <= r.oldest AS ends_round
FROM round r CROSS JOIN LATERAL (SELECT COALESCE((SELECT min(starts) FROM chosen), r.upto) AS starts) s`,
    values: [
      lane,
      bound.safeDelaySeconds,
      bound.requests,
      bound.hours,
      ...floorValues(bound.retention),
      bound.backfillHours,
    ],
  };
}

/** The lanes that have time to spend, the recent hours first: all that a tick without an audit has to ask. */
export function dueLanes(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT lane FROM ${tables.auditState} WHERE paid_until <= clock_timestamp() ORDER BY lane DESC`,
    values: [],
  };
}

/** Longest unused time that a lane may catch up with, in seconds: a minute of work at one percent. */
const CREDIT_SECONDS = 6_000;

/**
 * Moves a lane on. What it has cost is paid for with a pause, so that it takes no more than its share of the time; time
 * that it has not used is its credit. Between rounds it rests.
 *
 * Bound: lane, new position (ISO), whether a round has begun, hours compared, hours that differed, the pause and the rest
 * in seconds.
 */
export function advanceAudit(
  tables: OpsTables,
  lane: AuditLane,
  bound: {
    position: string;
    startsRound: boolean;
    audited: number;
    differing: number;
    pauseSeconds: number;
    restSeconds: number;
  },
): SqlStatement {
  return {
    text: `WITH advanced AS (
  UPDATE ${tables.auditState} SET
    position = $2::timestamptz,
    last_round_started_at = CASE WHEN $3::boolean THEN round_started_at ELSE last_round_started_at END,
    round_started_at = CASE WHEN $3::boolean OR round_started_at IS NULL THEN clock_timestamp() ELSE round_started_at END,
    audited_hours = audited_hours + $4::bigint,
    differing_hours = differing_hours + $5::bigint,
    paid_until = CASE WHEN $7::float8 > 0 THEN clock_timestamp() + make_interval(secs => $7::float8)
      ELSE GREATEST(paid_until, clock_timestamp() - interval '${CREDIT_SECONDS} seconds') + make_interval(secs => $6::float8)
    END,
    updated_at = clock_timestamp()
  WHERE lane = $1
  RETURNING 1
)
SELECT count(*)::int AS rows FROM advanced`,
    values: [
      lane,
      bound.position,
      bound.startsRound,
      bound.audited,
      bound.differing,
      bound.pauseSeconds,
      bound.restSeconds,
    ],
  };
}

/** Bound: lanes. Those that are new start with their first round. */
export function startAudit(tables: OpsTables, lanes: readonly AuditLane[]): SqlStatement {
  return {
    text: `WITH started AS (
  INSERT INTO ${tables.auditState} (lane) SELECT unnest($1::text[]) ON CONFLICT (lane) DO NOTHING RETURNING 1
)
SELECT count(*)::int AS rows FROM started`,
    values: [lanes],
  };
}
