import type { OpsTables } from '../../metrics/ops-tables.js';
import { closedThrough, EPOCH } from '../../metrics/sql-time.js';
import type { ReadPlan } from '../read-plan.js';
import type { Bindings } from './bindings.js';
import { OVERALL } from './level.sql.js';

const iso = (dates: readonly Date[]): string[] => dates.map((date) => date.toISOString());

/**
 * Decides, in the database and by its clock, what each part of the range is answered from. The relations:
 *
 * - `clock`: now, and the instant through which hours are closed.
 * - `hour`: every whole hour of the plan that is closed, with its overall row. An hour is rolled up when it has one
 *   that was computed after the hour had ended (another program may have rolled up the hour that was still
 *   running). Otherwise `rolled_up_at` is NULL.
 * - `gap`: closed hours that are not rolled up but have raw rows: a first backfill is still under way, the hour
 *   closed a moment ago, its drain fails. An hour without any raw row needs nothing.
 * - `dropped`: days of which the retention has dropped an hour. Their daily rows know more than what is left of their
 *   hours, and of their raw rows, some of which may have been purged.
 * - `day`: whole UTC days inside one segment whose daily row is there and dropped, or is not older than any of its
 *   hourly rows while its hours have no gap. The latter equals its hours, and it still has a distribution where the
 *   retention has dropped theirs.
 * - `raw_range`: what only raw rows can answer: the ragged ends, the gaps outside those days, and everything from the
 *   first hour on that is not closed, up to now.
 *
 * An hour that is stale (noted for recomputation) and has a row is answered from that row.
 *
 * LIMIT and OFFSET 0 keep the planner from turning index probes around: it does not know how few the hours, days and
 * raw ranges are, and read whole tables instead.
 */
export function bucketRelations(
  tables: OpsTables,
  plan: ReadPlan,
  safeDelaySeconds: number,
  bindings: Bindings,
): string {
  const delay = bindings.add(safeDelaySeconds, 'float8');
  const segments = bindings.addNumbers(plan.hourSegments, 'int[]');
  const numbers = bindings.addNumbers(plan.hourNumbers, 'int[]');
  const raggedSegments = bindings.addNumbers(
    plan.ragged.map(({ segment }) => segment),
    'int[]',
  );
  const raggedFrom = bindings.add(iso(plan.ragged.map(({ from }) => from)), 'timestamptz[]');
  const raggedTo = bindings.add(iso(plan.ragged.map(({ to }) => to)), 'timestamptz[]');
  const hasRaw = (table: string): string =>
    `EXISTS (SELECT 1 FROM ${table} r WHERE r.created_at >= h.starts AND r.created_at < h.starts + interval '1 hour')`;
  return `clock AS MATERIALIZED (
  SELECT clock_timestamp() AS now, ${closedThrough(delay)} AS closed
),
planned AS MATERIALIZED (
  SELECT segment, hour_number, ${EPOCH} + hour_number * interval '1 hour' AS starts
  FROM unnest(${segments}, ${numbers}) AS given(segment, hour_number)
),
hour AS MATERIALIZED (
  SELECT p.segment, p.hour_number / 24 AS day_number, p.starts, m.computed_at AS rolled_up_at,
    m.success_count + m.error_count_total AS requests, m.token_consumed AS tokens
  FROM planned p
  JOIN clock c ON p.starts < c.closed
  LEFT JOIN LATERAL (
    SELECT m.computed_at, m.success_count, m.error_count_total, m.token_consumed
    FROM ${tables.hourly} m
    WHERE m.bucket_start = p.starts AND ${OVERALL} AND m.computed_at >= p.starts + interval '1 hour'
    LIMIT 1
  ) m ON true
),
gap AS MATERIALIZED (
  SELECT h.segment, h.day_number, h.starts
  FROM hour h
  WHERE h.rolled_up_at IS NULL AND (${hasRaw(tables.usageLogs)} OR ${hasRaw(tables.errorLogs)})
),
dropped AS MATERIALIZED (
  SELECT DISTINCT h.day_number FROM hour h JOIN ${tables.droppedHours} x ON x.bucket_start = h.starts
),
day AS MATERIALIZED (
  SELECT w.segment, w.day_number, m.bucket_date
  FROM (
    SELECT segment, day_number, max(rolled_up_at) AS rolled_up_at
    FROM hour GROUP BY segment, day_number HAVING count(*) = 24
  ) w
  JOIN ${tables.daily} m ON m.bucket_date = date '1970-01-01' + w.day_number AND ${OVERALL}
  WHERE w.day_number IN (SELECT day_number FROM dropped)
    OR (w.rolled_up_at IS NULL OR m.computed_at >= w.rolled_up_at) AND w.day_number NOT IN (SELECT day_number FROM gap)
),
raw_range AS MATERIALIZED (
  SELECT r.segment, r.starts, LEAST(r.ends, c.now) AS ends, false AS whole_hour
  FROM unnest(${raggedSegments}, ${raggedFrom}, ${raggedTo}) AS r(segment, starts, ends)
  JOIN clock c ON r.starts < c.now
  UNION ALL
  SELECT g.segment, g.starts, g.starts + interval '1 hour', true FROM gap g
  WHERE NOT EXISTS (SELECT 1 FROM day d WHERE d.segment = g.segment AND d.day_number = g.day_number)
  UNION ALL
  SELECT p.segment, p.starts, LEAST(p.starts + interval '1 hour', c.now), p.starts + interval '1 hour' <= c.now
  FROM planned p JOIN clock c ON p.starts >= c.closed AND p.starts < c.now
)`;
}
