import { storedVersion } from '../../definitions/definition-version.js';
import { ERROR_COUNTS, LATENCIES, TOKENS, USAGE_GROUP_JOIN } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { errorSize, usageSize } from '../../definitions/side-size.js';
import { closedThrough, dayOf, hasBucket, hourOf, isoUtc } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER } from '../../definitions/tiers.js';
import { edges } from '../../rollup/fragments/judged-sides.js';
import { floors, floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';
import { noteHours } from '../../invalidation/sql/note.sql.js';

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
  const newestHour = (table: string): string =>
    hourOf(`(SELECT max(created_at) FROM ${table} WHERE created_at < s.upto AND ${hasBucket('created_at')})`);
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
  FROM start s CROSS JOIN LATERAL (
    SELECT GREATEST(
      (SELECT max(bucket_start) FROM ${tables.hourly} WHERE bucket_start < s.upto),
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

/** One fingerprint of a side, from raw rows and as stored: counts and sums that any change of a row shows in. */
const USAGE_FINGERPRINT: readonly (readonly [column: string, raw: string])[] = [
  ['success_count', 'count(*)'],
  ['token_consumed', `COALESCE(sum(${TOKENS}), 0)`],
  ...LATENCIES.flatMap(([latency, column]) => [
    [`${latency}_samples`, `count(u.${column})`] as const,
    [`${latency}_sum_ms`, `COALESCE(sum(u.${column}), 0)`] as const,
  ]),
];

const ERROR_FINGERPRINT = ERROR_COUNTS.map(
  ([column, condition]) => [column, `count(*) FILTER (WHERE ${condition})`] as const,
);

/** What one step found. */
export interface AuditedStep {
  audited: number;
  differing: number;
  /** Days whose overall row was not the sum of its hours'. */
  differing_days: number;
}

/** The days whose first hour is in the step, closed and quiet, with their overall row held against its hours'. */
function differingDays(tables: OpsTables): string {
  const columns = [...USAGE_FINGERPRINT, ...ERROR_FINGERPRINT].map(([column]) => column);
  const inDay = (column: string): string => `${column} >= day AND ${column} < day + interval '24 hours'`;
  return `SELECT d.day
  FROM (
    SELECT ${dayOf('s.starts')} AS day FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS s(starts)
    WHERE s.starts = ${dayOf('s.starts')}
  ) d
  CROSS JOIN ${floors(tables, 3)} f
  CROSS JOIN LATERAL (
    SELECT count(*) AS hours, ${columns.map((column) => `COALESCE(sum(m.${column}), 0) AS ${column}`).join(', ')}
    FROM ${tables.hourly} m WHERE ${inDay('m.bucket_start')} AND ${isOverallRow('m')}
  ) h
  LEFT JOIN ${tables.daily} m ON m.bucket_date = (d.day AT TIME ZONE 'UTC')::date AND ${isOverallRow('m')}
  WHERE d.day + interval '24 hours' <= $6::timestamptz AND d.day >= f.hours_from
    AND ($7::int IS NULL OR d.day >= ${dayOf('clock_timestamp() - make_interval(hours => $7::int)')})
    AND h.hours > 0 AND (m.id IS NULL OR ${storedVersion('m')} = ${tables.definition})
    AND (m.id IS NULL OR ${columns.map((column) => `h.${column} <> m.${column}`).join(' OR ')})
    AND NOT EXISTS (
      SELECT 1 FROM ${tables.invalidations} i
      WHERE i.tier = '${HOUR_TIER}' AND ${inDay('i.bucket_start')} OR i.tier = '${DAY_TIER}' AND i.bucket_start = d.day
    )`;
}

/**
 * Compares the hours of a step with their raw rows, at the overall level, and notes those that differ. Hours that are
 * noted already are left out, and so is a side below its floor, one that has only lost rows below the edge of a purge,
 * and rows that another definition computed, which are noted anyway.
 *
 * Days are held against their hours, as stored: nothing else would find a daily row that somebody has deleted.
 *
 * Bound: from, to (ISO), retentions in hours, end of the last closed hour (ISO).
 */
export function auditHours(
  tables: OpsTables,
  step: Pick<AuditStep, 'from' | 'to' | 'closed'>,
  retention: RetentionHours,
): SqlStatement {
  const select = (columns: readonly (readonly [string, string])[]): string =>
    columns.map(([column, raw]) => `${raw} AS ${column}`).join(', ');
  const differs = (side: string, columns: readonly (readonly [string, string])[]): string =>
    `(${columns.map(([column]) => `${side}.${column} <> COALESCE(m.${column}, 0)`).join(' OR ')})`;
  const inHour = (alias: string): string =>
    `${alias}.created_at >= h.starts AND ${alias}.created_at < h.starts + interval '1 hour'`;
  return {
    text: `WITH hour AS MATERIALIZED (
  SELECT h.starts, h.starts >= f.usage_from AS usage_known, h.starts >= f.errors_from AS errors_known
  FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS h(starts)
  CROSS JOIN ${floors(tables, 3)} f
  WHERE NOT EXISTS (
    SELECT 1 FROM ${tables.invalidations} i WHERE i.tier = '${HOUR_TIER}' AND i.bucket_start = h.starts
  )
),
compared AS MATERIALIZED (
  SELECT h.starts, (m.id IS NULL OR ${storedVersion('m')} = ${tables.definition}) AND (
    (h.usage_known AND ${differs('u', USAGE_FINGERPRINT)} AND NOT (h.starts < edge.usage AND ${usageSize('u')} < ${usageSize('m')}))
    OR (h.errors_known AND ${differs('e', ERROR_FINGERPRINT)}
      AND NOT (h.starts < edge.errors AND ${errorSize('e', 'm')} < ${errorSize('m', 'm')}))) AS differs
  FROM hour h CROSS JOIN ${edges(tables, 'purge')} edge
  CROSS JOIN LATERAL (
    SELECT ${select(USAGE_FINGERPRINT)}
    FROM (SELECT * FROM ${tables.usageLogs} u WHERE ${inHour('u')} AND ${tables.usageCondition} OFFSET 0) u
    JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
    WHERE h.usage_known
  ) u
  CROSS JOIN LATERAL (
    SELECT ${select(ERROR_FINGERPRINT)} FROM ${tables.errorLogs} e WHERE h.errors_known AND ${inHour('e')} AND ${tables.errorCondition}
  ) e
  LEFT JOIN LATERAL (
    SELECT * FROM ${tables.hourly} m WHERE m.bucket_start = h.starts AND ${isOverallRow('m')} OFFSET 0
  ) m ON true
),
noted AS (
  ${noteHours(tables, 'audit', 'SELECT starts FROM compared WHERE differs')}
),
noted_days AS (
  INSERT INTO ${tables.invalidations} (tier, bucket_start, reason)
  SELECT '${DAY_TIER}', day, 'audit' FROM (${differingDays(tables)}) d ORDER BY day
  ON CONFLICT (tier, bucket_start) DO NOTHING
  RETURNING 1
)
SELECT (SELECT count(*)::int FROM compared) AS audited, (SELECT count(*)::int FROM noted) AS differing,
  (SELECT count(*)::int FROM noted_days) AS differing_days`,
    values: [step.from, step.to, ...floorValues(retention), step.closed, retention.daily],
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
