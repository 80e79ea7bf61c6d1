import { COUNT_COLUMNS } from '../../definitions/columns.js';
import { minuteOf } from '../../sql/sql-time.js';
import { LONGEST_PEAK_HOURS, type Segment } from '../read-plan.js';
import type { Bindings } from './bindings.js';
import type { LevelSql } from './level.sql.js';
import { PIECE_COLUMNS } from './stored-pieces.sql.js';

const LOAD =
  'sum(m.success_count + m.error_count_total)::bigint AS requests, sum(m.token_consumed)::bigint AS tokens';
const MOST = 'max(m.requests) AS requests, max(m.tokens) AS tokens';

/**
 * The relation `rate`: requests and tokens of
 *
 * - `peak`: the busiest rolled-up whole hour of a segment, by requests and by tokens, by one range scan of the level's own
 *   index (a month of overall hours is in their index alone);
 * - `minute_peak`: likewise its busiest whole minute, where minutes are kept of all of it that has passed;
 * - `current`: the last whole minute before the answer's instant, where minutes are up to date and the last segment has
 *   it.
 */
export function rateRelation(level: LevelSql, segments: readonly Segment[], bindings: Bindings): string {
  const numbers = bindings.addNumbers(
    segments.map(({ segment }) => segment),
    'int[]',
  );
  const [from, to] = (['from', 'to'] as const).map((end) =>
    bindings.add(
      segments.map((segment) => segment[end].toISOString()),
      'timestamptz[]',
    ),
  );
  const { hourly, minutely } = level.store;
  const hours = `m.bucket_start >= s.starts AND m.bucket_start < LEAST(s.ends, c.closed)`;
  // Rows of a set do not say when they were computed.
  const isWhole = level.dimension === null ? " AND m.computed_at >= m.bucket_start + interval '1 hour'" : '';
  const busiest =
    level.ranged !== null
      ? `SELECT ${LOAD} FROM ${hourly} m
      WHERE ${hours} AND ${level.ranged}${isWhole}
      GROUP BY m.bucket_start`
      : `SELECT ${LOAD} FROM generate_series(s.starts, LEAST(s.ends, c.closed) - interval '1 hour', interval '1 hour') AS t(starts)
      CROSS JOIN LATERAL (SELECT * FROM ${hourly} m WHERE m.bucket_start = t.starts AND ${level.stored}${isWhole} OFFSET 0) m
      GROUP BY t.starts`;
  const rates = [
    `SELECT s.segment, 'peak' AS source, NULL::timestamptz AS starts, m.requests, m.tokens
  FROM span s JOIN rated r ON r.segment = s.segment AND r.hours CROSS JOIN clock c CROSS JOIN LATERAL (
    SELECT ${MOST} FROM (
      ${busiest}
    ) m
  ) m`,
    ...(minutely === null ? [] : ratesOfMinutes(minutely, level)),
  ];
  return `rated AS MATERIALIZED (
  SELECT r.segment, r.starts, LEAST(r.ends, ${minuteOf('c.as_of')}) AS ends,
    r.ends - r.starts <= interval '${LONGEST_PEAK_HOURS} hours' AS hours,
    COALESCE(r.starts >= c.minutes_from AND LEAST(r.ends, c.as_of) <= c.minutes_end, false) AS minutes
  FROM unnest(${numbers}, ${from}, ${to}) AS r(segment, starts, ends) CROSS JOIN clock c
),
rate AS (
  ${rates.join('\n  UNION ALL\n  ')}
)`;
}

function ratesOfMinutes(table: string, level: LevelSql): readonly string[] {
  const minutes =
    level.ranged !== null && level.rangesOfMinutes
      ? `SELECT m.bucket_start, ${LOAD} FROM ${table} m
      WHERE m.bucket_start >= r.starts AND m.bucket_start < r.ends AND ${level.ranged} GROUP BY m.bucket_start`
      : `SELECT t.starts, ${LOAD} FROM generate_series(r.starts, r.ends - interval '1 minute', interval '1 minute') AS t(starts)
      CROSS JOIN LATERAL (SELECT * FROM ${table} m WHERE m.bucket_start = t.starts AND ${level.stored} OFFSET 0) m
      GROUP BY t.starts`;
  return [
    `SELECT r.segment, 'minute_peak', NULL, COALESCE(m.requests, 0), COALESCE(m.tokens, 0)
  FROM rated r CROSS JOIN LATERAL (SELECT ${MOST} FROM (
      ${minutes}
    ) m
  ) m
  WHERE r.minutes AND r.starts < r.ends`,
    `SELECT r.segment, 'current', r.starts, COALESCE(m.requests, 0), COALESCE(m.tokens, 0)
  FROM (
    SELECT r.segment, r.ends - interval '1 minute' AS starts
    FROM rated r JOIN clock c ON r.ends = ${minuteOf('c.as_of')} AND c.is_live
      AND r.ends - interval '1 minute' >= GREATEST(r.starts, c.minutes_from)
    OFFSET 0
  ) r CROSS JOIN LATERAL (SELECT ${LOAD} FROM ${table} m WHERE m.bucket_start = r.starts AND ${level.stored}) m`,
  ];
}

/** The relation as pieces: requests for successes, and nothing else but tokens. */
export const ratePieces = `SELECT segment, source, NULL, starts, false, requests${', NULL'.repeat(
  COUNT_COLUMNS.length - 2,
)}, tokens${', NULL'.repeat(PIECE_COLUMNS.length - 5 - COUNT_COLUMNS.length)} FROM rate`;
