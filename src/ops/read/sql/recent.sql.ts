import { USAGE_GROUP_JOIN } from '../../definitions/definitions.js';
import { countedRows } from '../../definitions/distributed-tables.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { isStaleMinute } from '../../invalidation/sql/live.sql.js';
import { isoUtc } from '../../sql/sql-time.js';
import type { Segment } from '../read-plan.js';
import type { Bindings } from './bindings.js';
import type { LevelSql } from './level.sql.js';
import { unslicedRelation } from './unsliced.sql.js';

/**
 * How many closed hours that are not rolled up yet, and whose minutes are not kept, one answer counts from raw rows, the
 * newest of them: usually that is the one closed a moment ago. With more it would cost what the traffic of a backlog
 * costs.
 */
const LIVE_HOURS = 3;

const iso = (dates: readonly Date[]): string[] => dates.map((date) => date.toISOString());

/**
 * What the time is answered from that no day and no hour answers. The relations:
 *
 * - `gap`: hours that are neither rolled up nor answered from minutes but have raw rows that count: a first backfill is
 *   still under way, the hour closed a moment ago, its drain fails. The newest of them are `live`, the others are
 *   missing in the answer. An hour without any such row needs nothing.
 * - `recent`: the ragged ends, the hours that minutes answer, the live gaps, and everything from the first hour on that
 *   is not closed.
 * - `minute_range`: as much of these as minutes answer; `raw_range`: the rest, which only raw rows can. Both know the
 *   start of the range that they are part of, and whether that is a whole UTC hour that has passed.
 */
export function recentRelations(tables: OpsTables, ragged: readonly Segment[], bindings: Bindings): string {
  const segments = bindings.addNumbers(
    ragged.map(({ segment }) => segment),
    'int[]',
  );
  const from = bindings.add(iso(ragged.map((range) => range.from)), 'timestamptz[]');
  const to = bindings.add(iso(ragged.map((range) => range.to)), 'timestamptz[]');
  // Of no other relation: a distributed table takes no part in a correlated subquery.
  const rawSince = (table: string): string =>
    `(SELECT r.created_at FROM ${table} r WHERE r.created_at >= (SELECT starts FROM not_rolled_up)
      AND r.created_at < (SELECT ends FROM not_rolled_up) ORDER BY r.created_at LIMIT 1)`;
  const inHour = (alias: string): string =>
    `${alias}.created_at >= h.starts AND ${alias}.created_at < h.starts + interval '1 hour'`;
  const isGap = 'h.rolled_up_at IS NULL AND NOT h.by_minutes';
  const { usage, errors } = tables.distributed;
  // Where no subquery may ask hour by hour, all of them are asked together.
  const together = (name: string, rows: string): string => `${name} AS MATERIALIZED (
  SELECT h.starts FROM hour h JOIN ${rows} WHERE ${isGap} GROUP BY h.starts
),
`;
  return `not_rolled_up AS MATERIALIZED (
  SELECT min(h.starts) AS starts, max(h.starts) + interval '1 hour' AS ends FROM hour h WHERE ${isGap}
),
first_raw AS MATERIALIZED (
  SELECT LEAST(${rawSince(tables.usageLogs)}, ${rawSince(tables.errorLogs)}) AS created_at
  FROM not_rolled_up WHERE starts IS NOT NULL
),
${
  usage
    ? together(
        'usage_hour',
        `${countedRows(tables.usageLogs, 'u', tables.usageCondition)} ON ${inHour('u')} JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}`,
      )
    : ''
}${errors ? together('error_hour', `${countedRows(tables.errorLogs, 'e', tables.errorCondition)} ON ${inHour('e')}`) : ''}gap AS MATERIALIZED (
  SELECT h.segment, h.starts, row_number() OVER (ORDER BY h.starts DESC) <= ${LIVE_HOURS} AS live
  FROM hour h JOIN first_raw f ON h.starts + interval '1 hour' > f.created_at
  WHERE ${isGap} AND (
    ${
      errors
        ? 'h.starts IN (SELECT starts FROM error_hour)'
        : `EXISTS (SELECT 1 FROM ${tables.errorLogs} e WHERE ${inHour('e')} AND ${tables.errorCondition})`
    }
    -- Usage rows of no group count nowhere. A scalar subquery: a join might hash all groups for every hour.
    OR ${
      usage
        ? 'h.starts IN (SELECT starts FROM usage_hour)'
        : `EXISTS (
      SELECT 1 FROM ${tables.usageLogs} u
      WHERE ${inHour('u')} AND ${tables.usageCondition} AND (SELECT true FROM ${tables.groups} g WHERE ${USAGE_GROUP_JOIN})
    )`
    }
  )
),
recent AS MATERIALIZED (
  SELECT r.segment, r.starts, r.ends, false AS whole_hour
  FROM unnest(${segments}, ${from}, ${to}) AS r(segment, starts, ends)
  JOIN clock c ON r.starts < c.as_of
  UNION ALL
  SELECT h.segment, h.starts, h.starts + interval '1 hour', true FROM hour h WHERE h.by_minutes
  UNION ALL
  SELECT g.segment, g.starts, g.starts + interval '1 hour', true FROM gap g WHERE g.live
  UNION ALL
  SELECT s.segment, h.starts, h.starts + interval '1 hour', h.starts + interval '1 hour' <= c.as_of
  FROM span s
  JOIN clock c ON s.ends > c.closed
  CROSS JOIN LATERAL generate_series(
    GREATEST(s.starts, c.closed), LEAST(s.ends - interval '1 hour', c.as_of), interval '1 hour'
  ) AS h(starts)
  WHERE h.starts < c.as_of
),
minute_range AS MATERIALIZED (
  SELECT r.segment, r.starts AS part_of, r.whole_hour,
    GREATEST(r.starts, c.minutes_from) AS starts, LEAST(r.ends, c.minutes_end) AS ends
  FROM recent r JOIN clock c ON r.starts < c.minutes_end AND r.ends > c.minutes_from
),
raw_range AS MATERIALIZED (
  SELECT r.segment, r.starts AS part_of, r.whole_hour, p.starts, p.ends
  FROM recent r CROSS JOIN clock c CROSS JOIN LATERAL (
    VALUES (r.starts, LEAST(r.ends, c.minutes_from, c.now)), (GREATEST(r.starts, c.raw_from), LEAST(r.ends, c.now))
  ) AS p(starts, ends)
  WHERE p.starts < p.ends
)`;
}

/**
 * The relation `freshness`, one row, its instants as text: every row of an answer repeats them. Of the segments from `freshFrom` on: what of the whole closed hours is noted for
 * recomputation and not answered from minutes, from when on an hour or a minute is stale, what is missing, and what the
 * recent time rests on; and what has no rows of the set. And how many hours, and requests, are missing in the segments before.
 */
export function freshnessRelation(
  tables: OpsTables,
  dimension: LevelSql['dimension'],
  freshFrom: string,
): string {
  const within = (relation: string): string => `(SELECT * FROM ${relation} WHERE segment >= ${freshFrom})`;
  const requests = (segments: string): string =>
    `COALESCE(sum(requests) FILTER (WHERE segment ${segments} ${freshFrom}), 0)::text`;
  const unsliced =
    dimension === null
      ? `SELECT '0' AS unsliced_requests, NULL::timestamptz AS unsliced_from, NULL::timestamptz AS unsliced_to, '0' AS unsliced_before`
      : `SELECT ${requests('>=')} AS unsliced_requests, ${requests('<')} AS unsliced_before,
      min(starts) FILTER (WHERE segment >= ${freshFrom}) AS unsliced_from, max(ends) FILTER (WHERE segment >= ${freshFrom}) AS unsliced_to
    FROM unsliced`;
  return `${dimension === null ? '' : `${unslicedRelation(tables, dimension)},\n`}freshness AS MATERIALIZED (
  SELECT ${isoUtc('c.as_of')} AS as_of, s.pending_hours,
    ${isoUtc('LEAST(s.stale_from, m.stale_from, g.missing_from)')} AS stale_from,
    g.missing_hours, ${isoUtc('g.missing_from')} AS missing_from, g.missing_before,
    CASE WHEN EXISTS ${within('raw_range')} THEN 'raw' WHEN EXISTS ${within('minute_range')} THEN 'minutes' END AS recent,
    n.unsliced_requests, ${isoUtc('n.unsliced_from')} AS unsliced_from, ${isoUtc('n.unsliced_to')} AS unsliced_to, n.unsliced_before
  FROM clock c CROSS JOIN (
    SELECT count(*)::int AS pending_hours,
      min(i.bucket_start) FILTER (WHERE i.bucket_start NOT IN (SELECT starts FROM hour WHERE rolled_up_at IS NULL))
        AS stale_from
    FROM noted i JOIN part p ON p.day_starts = i.day_starts AND i.bucket_start >= p.starts AND i.bucket_start < p.ends
    WHERE i.tier = 'hour' AND p.segment >= ${freshFrom}
      AND i.bucket_start NOT IN (SELECT starts FROM hour WHERE by_minutes)
  ) s CROSS JOIN (
    SELECT min(i.bucket_start) AS stale_from
    FROM (SELECT min(starts) AS starts, max(ends) AS ends FROM ${within('minute_range')} r) b
    JOIN ${tables.invalidations} i ON i.bucket_start >= b.starts AND i.bucket_start < b.ends AND ${isStaleMinute}
    WHERE EXISTS (SELECT 1 FROM ${within('minute_range')} r WHERE i.bucket_start >= r.starts AND i.bucket_start < r.ends)
  ) m CROSS JOIN (
    SELECT count(*) FILTER (WHERE segment >= ${freshFrom})::int AS missing_hours,
      min(starts) FILTER (WHERE segment >= ${freshFrom}) AS missing_from,
      count(*) FILTER (WHERE segment < ${freshFrom})::int AS missing_before
    FROM gap WHERE NOT live
  ) g CROSS JOIN (
    ${unsliced}
  ) n
)`;
}
