import { USAGE_GROUP_JOIN } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { closedThrough, dayOf, EPOCH } from '../../sql/sql-time.js';
import type { HourSpan, ReadPlan } from '../read-plan.js';
import type { Bindings } from './bindings.js';
import { OVERALL_RANGED } from './level.sql.js';

/**
 * How many closed hours that are not rolled up yet one answer counts from raw rows, the newest of them: usually that is
 * the one closed a moment ago. With more it would cost what the traffic of a backlog costs.
 */
const LIVE_HOURS = 3;

interface BucketOptions {
  readonly safeDelaySeconds: number;
  /** Columns of the overall daily row that `day` has, beside its date. */
  readonly dayColumns: readonly string[];
}

const utcDate = (timestamptz: string): string => `(${timestamptz} AT TIME ZONE 'UTC')::date`;

const iso = (dates: readonly Date[]): string[] => dates.map((date) => date.toISOString());

/**
 * Decides, in the database and by its clock, what each part of the range is answered from. The relations:
 *
 * - `clock`: now, and the instant through which hours are closed.
 * - `part`: the closed whole hours of each segment, UTC day by UTC day.
 * - `noted`: the invalidations of those days.
 * - `day`: parts that are a whole day and answered from its daily row: one that was computed after the day had ended
 *   (another program may have rolled up the day that was still running), while neither the day nor one of its hours is
 *   noted. Or the retention has dropped an hour of it: then the daily row knows more than what is left of its hours,
 *   and of their raw rows, some of which may have been purged. A daily row still has a distribution where the
 *   retention has dropped those of its hours. All days come from one range scan.
 * - `hour`: every hour of the other parts, one range scan for each of them. It is rolled up when it has an overall row
 *   that was computed after the hour had ended. Otherwise `rolled_up_at` is NULL.
 * - `gap`: hours that are not rolled up but have raw rows that count: a first backfill is still under way, the hour
 *   closed a moment ago, its drain fails. The newest of them are `live`, the others are missing in the answer. An hour
 *   without any such row needs nothing.
 * - `raw_range`: what only raw rows can answer: the ragged ends, the live gaps, and everything from the first hour on
 *   that is not closed, up to now.
 *
 * An hour that is stale (noted for recomputation) and has a row is answered from that row.
 *
 * LIMIT and OFFSET 0 keep the planner from turning index probes around: it does not know how few the hours, days and
 * raw ranges are, and read whole tables instead.
 */
export function bucketRelations(
  tables: OpsTables,
  plan: ReadPlan,
  { safeDelaySeconds, dayColumns }: BucketOptions,
  bindings: Bindings,
): string {
  const delay = bindings.add(safeDelaySeconds, 'float8');
  const spans = (number: (span: HourSpan) => number): string =>
    bindings.addNumbers(plan.spans.map(number), 'int[]');
  const spanSegments = spans(({ segment }) => segment);
  const firstHours = spans(({ firstHour }) => firstHour);
  const endHours = spans(({ endHour }) => endHour);
  const raggedSegments = bindings.addNumbers(
    plan.ragged.map(({ segment }) => segment),
    'int[]',
  );
  const raggedFrom = bindings.add(iso(plan.ragged.map(({ from }) => from)), 'timestamptz[]');
  const raggedTo = bindings.add(iso(plan.ragged.map(({ to }) => to)), 'timestamptz[]');
  const rawSince = (table: string): string =>
    `(SELECT r.created_at FROM ${table} r WHERE r.created_at >= b.starts AND r.created_at < b.ends ORDER BY r.created_at LIMIT 1)`;
  const inHour = (alias: string): string =>
    `${alias}.created_at >= h.starts AND ${alias}.created_at < h.starts + interval '1 hour'`;
  return `clock AS MATERIALIZED (
  SELECT clock_timestamp() AS now, ${closedThrough(delay)} AS closed
),
span AS MATERIALIZED (
  SELECT segment, ${EPOCH} + first_hour * interval '1 hour' AS starts, ${EPOCH} + end_hour * interval '1 hour' AS ends
  FROM unnest(${spanSegments}, ${firstHours}, ${endHours}) AS given(segment, first_hour, end_hour)
),
part AS MATERIALIZED (
  SELECT s.segment, d.starts AS day_starts, GREATEST(s.starts, d.starts) AS starts,
    LEAST(s.ends, c.closed, d.starts + interval '24 hours') AS ends
  FROM span s
  JOIN clock c ON s.starts < c.closed
  CROSS JOIN LATERAL generate_series(
    ${dayOf('s.starts')}, LEAST(s.ends, c.closed) - interval '1 hour', interval '24 hours'
  ) AS d(starts)
),
noted AS MATERIALIZED (
  SELECT i.tier, i.bucket_start, ${dayOf('i.bucket_start')} AS day_starts
  FROM (SELECT min(day_starts) AS starts, max(ends) AS ends FROM part) b
  JOIN ${tables.invalidations} i
    ON i.tier IN ('hour', 'day') AND i.bucket_start >= b.starts AND i.bucket_start < b.ends
),
dropped AS MATERIALIZED (
  SELECT DISTINCT ${dayOf('x.bucket_start')} AS day_starts
  FROM (SELECT min(day_starts) AS starts, max(ends) AS ends FROM part) b
  JOIN ${tables.droppedHours} x ON x.bucket_start >= b.starts AND x.bucket_start < b.ends
),
day AS MATERIALIZED (
  SELECT p.segment, p.starts, m.*
  FROM (SELECT min(starts) AS starts, max(starts) AS latest FROM part WHERE ends = starts + interval '24 hours') b
  CROSS JOIN LATERAL (
    SELECT ${['bucket_date', 'computed_at', ...dayColumns].map((column) => `m.${column}`).join(', ')} FROM ${tables.daily} m
    WHERE m.bucket_date >= ${utcDate('b.starts')} AND m.bucket_date <= ${utcDate('b.latest')}
      AND ${OVERALL_RANGED}
    OFFSET 0
  ) m
  JOIN part p ON ${utcDate('p.starts')} = m.bucket_date
  WHERE p.ends = p.starts + interval '24 hours' AND m.computed_at >= p.ends
    AND (p.starts NOT IN (SELECT day_starts FROM noted) OR p.starts IN (SELECT day_starts FROM dropped))
),
hour AS MATERIALIZED (
  SELECT p.segment, h.starts, h.computed_at AS rolled_up_at
  FROM (
    SELECT * FROM part p
    WHERE NOT EXISTS (SELECT 1 FROM day d WHERE d.segment = p.segment AND d.starts = p.starts)
    OFFSET 0
  ) p
  CROSS JOIN LATERAL (
    SELECT h.starts, m.computed_at
    FROM generate_series(p.starts, p.ends - interval '1 hour', interval '1 hour') AS h(starts)
    LEFT JOIN (
      SELECT m.bucket_start, m.computed_at FROM ${tables.hourly} m
      WHERE m.bucket_start >= p.starts AND m.bucket_start < p.ends AND ${OVERALL_RANGED}
      OFFSET 0
    ) m ON m.bucket_start = h.starts AND m.computed_at >= h.starts + interval '1 hour'
    OFFSET 0
  ) h
),
first_raw AS MATERIALIZED (
  SELECT LEAST(${rawSince(tables.usageLogs)}, ${rawSince(tables.errorLogs)}) AS created_at
  FROM (
    SELECT min(starts) AS starts, max(starts) + interval '1 hour' AS ends FROM hour WHERE rolled_up_at IS NULL
  ) b
),
gap AS MATERIALIZED (
  SELECT h.segment, h.starts, row_number() OVER (ORDER BY h.starts DESC) <= ${LIVE_HOURS} AS live
  FROM hour h JOIN first_raw f ON h.starts + interval '1 hour' > f.created_at
  WHERE h.rolled_up_at IS NULL AND (
    EXISTS (SELECT 1 FROM ${tables.errorLogs} e WHERE ${inHour('e')} AND ${tables.errorCondition})
    -- Usage rows of no group count nowhere. A scalar subquery: a join might hash all groups for every hour.
    OR EXISTS (
      SELECT 1 FROM ${tables.usageLogs} u
      WHERE ${inHour('u')} AND ${tables.usageCondition} AND (SELECT true FROM ${tables.groups} g WHERE ${USAGE_GROUP_JOIN})
    )
  )
),
raw_range AS MATERIALIZED (
  SELECT r.segment, r.starts, LEAST(r.ends, c.now) AS ends, false AS whole_hour
  FROM unnest(${raggedSegments}, ${raggedFrom}, ${raggedTo}) AS r(segment, starts, ends)
  JOIN clock c ON r.starts < c.now
  UNION ALL
  SELECT g.segment, g.starts, g.starts + interval '1 hour', true FROM gap g WHERE g.live
  UNION ALL
  SELECT s.segment, h.starts, LEAST(h.starts + interval '1 hour', c.now), h.starts + interval '1 hour' <= c.now
  FROM span s
  JOIN clock c ON s.ends > c.closed
  CROSS JOIN LATERAL generate_series(
    GREATEST(s.starts, c.closed), LEAST(s.ends - interval '1 hour', c.now), interval '1 hour'
  ) AS h(starts)
  WHERE h.starts < c.now
)`;
}

/**
 * The relation `freshness`, one row: what of the whole closed hours of the segments from `freshFrom` on is noted for
 * recomputation, from when on, what is missing, and how many hours are missing in the segments before.
 */
export function freshnessRelation(freshFrom: string): string {
  return `freshness AS (
  SELECT s.pending_hours, LEAST(s.stale_from, g.missing_from) AS stale_from,
    g.missing_hours, g.missing_from, g.missing_before
  FROM (
    SELECT count(*)::int AS pending_hours,
      min(i.bucket_start) FILTER (WHERE i.bucket_start NOT IN (SELECT starts FROM hour WHERE rolled_up_at IS NULL))
        AS stale_from
    FROM noted i JOIN part p ON p.day_starts = i.day_starts AND i.bucket_start >= p.starts AND i.bucket_start < p.ends
    WHERE i.tier = 'hour' AND p.segment >= ${freshFrom}
  ) s CROSS JOIN (
    SELECT count(*) FILTER (WHERE segment >= ${freshFrom})::int AS missing_hours,
      min(starts) FILTER (WHERE segment >= ${freshFrom}) AS missing_from,
      count(*) FILTER (WHERE segment < ${freshFrom})::int AS missing_before
    FROM gap WHERE NOT live
  ) g
)`;
}
