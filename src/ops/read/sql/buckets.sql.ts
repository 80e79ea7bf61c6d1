import type { OpsTables } from '../../definitions/ops-tables.js';
import { liveMinutes } from '../../invalidation/sql/live.sql.js';
import { closedThrough, dayOf, EPOCH, minuteOf } from '../../sql/sql-time.js';
import type { HourSpan, ReadPlan } from '../read-plan.js';
import type { Bindings } from './bindings.js';
import { OVERALL_RANGED, type LevelSql } from './level.sql.js';
import { hasRows, requestsOf } from './unsliced.sql.js';

interface BucketOptions {
  readonly safeDelaySeconds: number;
  /** What `day` has of the overall daily row `m`, beside its date. */
  readonly dayColumns: readonly string[];
  /** Where the rows of a set are wanted: days that have none are answered from their hours. It has no minutes. */
  readonly dimension: LevelSql['dimension'];
}

/** How old minutes may be, in seconds, for an answer to be as of then; else what has come since is read from raw rows. */
const LIVE_SECONDS = 60;

const NO_MINUTES = '(SELECT NULL::timestamptz AS minutes_from, NULL::timestamptz AS live_through)';

const utcDate = (timestamptz: string): string => `(${timestamptz} AT TIME ZONE 'UTC')::date`;

/**
 * Decides, in the database and by its clock, which days and hours of the range are answered from their rows. The
 * relations:
 *
 * - `clock`: now; the instant through which hours are closed; `minutes_from` and `minutes_end`, between which minutes
 *   are answered from their rows (NULL: none are); `as_of`, the instant that the answer is of, which is up to when
 *   minutes are complete where that is recent (`is_live`), else now; and `raw_from`, after which raw rows are read.
 * - `part`: the closed whole hours of each segment, UTC day by UTC day.
 * - `noted`: the invalidations of those days.
 * - `day`: parts that are a whole day and answered from its daily row: one that was computed after the day had ended
 *   (another program may have rolled up the day that was still running), while neither the day nor one of its hours is
 *   noted. Or the retention has dropped an hour of it: then the daily row knows more than what is left of its hours,
 *   and of their raw rows, some of which may have been purged. A daily row still has a distribution where the
 *   retention has dropped those of its hours. All days come from one range scan.
 * - `hour`: every hour of the other parts, one range scan for each of them. It is rolled up when it has an overall row
 *   that was computed after the hour had ended. Otherwise `rolled_up_at` is NULL. One that is stale (noted for
 *   recomputation) or not rolled up is answered from its minutes (`by_minutes`) where these are kept; a stale one
 *   otherwise from its row.
 *
 * LIMIT and OFFSET 0, here and in the other statements, keep the planner from turning index probes around: it does not
 * know how few the hours, days and ranges are, and read whole tables instead. Nor how many the days of a year are: a full
 * join is never a nested loop, which compared each of them with every other.
 */
export function bucketRelations(
  tables: OpsTables,
  plan: ReadPlan,
  { safeDelaySeconds, dayColumns, dimension }: BucketOptions,
  bindings: Bindings,
): string {
  const delay = bindings.add(safeDelaySeconds, 'float8');
  const spans = (number: (span: HourSpan) => number): string =>
    bindings.addNumbers(plan.spans.map(number), 'int[]');
  const spanSegments = spans(({ segment }) => segment);
  const firstHours = spans(({ firstHour }) => firstHour);
  const endHours = spans(({ endHour }) => endHour);
  const requests = dimension === null ? [] : [`${requestsOf(dimension)} AS requests`];
  const isSliced =
    dimension === null
      ? ''
      : ` AND (d.requests = 0 OR ${hasRows(dimension, tables.dimensionDaily, 'bucket_date = d.bucket_date')})`;
  return `clock AS MATERIALIZED (
  SELECT c.now, c.closed, m.minutes_from, m.is_live, CASE WHEN m.is_live THEN m.live_through ELSE c.now END AS as_of,
    m.minutes_end, CASE WHEN m.minutes_from IS NULL OR m.is_live THEN 'infinity' ELSE m.minutes_end END AS raw_from
  FROM (SELECT clock_timestamp() AS now, ${closedThrough(delay)} AS closed) c
  LEFT JOIN LATERAL (
    SELECT l.*, ${minuteOf('l.live_through')} + CASE WHEN l.is_live THEN interval '1 minute' ELSE interval '0' END AS minutes_end
    FROM (
      SELECT l.minutes_from, LEAST(l.live_through, c.now) AS live_through,
        l.live_through >= c.now - interval '${LIVE_SECONDS} seconds' AS is_live
      FROM ${dimension === null ? liveMinutes(tables) : NO_MINUTES} l
    ) l
  ) m ON m.minutes_from < m.minutes_end
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
  SELECT d.*
  FROM (
    SELECT p.segment, p.starts, p.ends, m.*
    FROM (
      SELECT *, ${utcDate('starts')} AS date FROM part WHERE ends = starts + interval '24 hours'
    ) p
    FULL JOIN (
      SELECT m.*
      FROM (SELECT min(starts) AS starts, max(starts) AS latest FROM part WHERE ends = starts + interval '24 hours') b
      CROSS JOIN LATERAL (
        SELECT ${['m.bucket_date', 'm.computed_at', ...dayColumns, ...requests].join(', ')} FROM ${tables.daily} m
        WHERE m.bucket_date >= ${utcDate('b.starts')} AND m.bucket_date <= ${utcDate('b.latest')}
          AND ${OVERALL_RANGED}
        OFFSET 0
      ) m
    ) m ON m.bucket_date = p.date
    OFFSET 0
  ) d
  WHERE d.computed_at >= d.ends
    AND (d.starts NOT IN (SELECT day_starts FROM noted)${isSliced} OR d.starts IN (SELECT day_starts FROM dropped))
),
hour AS MATERIALIZED (
  SELECT p.segment, h.starts, h.computed_at AS rolled_up_at,${dimension === null ? '' : ' h.requests,'}
    (h.computed_at IS NULL OR h.starts IN (SELECT bucket_start FROM noted WHERE tier = 'hour'))
      AND COALESCE(h.starts >= c.minutes_from AND h.starts + interval '1 hour' <= c.minutes_end, false) AS by_minutes
  FROM (
    SELECT * FROM part p
    WHERE NOT EXISTS (SELECT 1 FROM day d WHERE d.segment = p.segment AND d.starts = p.starts)
    OFFSET 0
  ) p
  CROSS JOIN clock c
  CROSS JOIN LATERAL (
    SELECT h.starts, m.computed_at${dimension === null ? '' : ', m.requests'}
    FROM generate_series(p.starts, p.ends - interval '1 hour', interval '1 hour') AS h(starts)
    LEFT JOIN (
      SELECT ${['m.bucket_start', 'm.computed_at', ...requests].join(', ')} FROM ${tables.hourly} m
      WHERE m.bucket_start >= p.starts AND m.bucket_start < p.ends AND ${OVERALL_RANGED}
      OFFSET 0
    ) m ON m.bucket_start = h.starts AND m.computed_at >= h.starts + interval '1 hour'
    OFFSET 0
  ) h
)`;
}
