import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { EPOCH, hasBucket, hourOf, minuteOf } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../../definitions/tiers.js';
import type { InvalidationReason } from '../invalidation-reason.js';
import type { RawTable } from '../../definitions/raw-tables.js';
import { floors, floorValues, type RetentionHours } from './floors.sql.js';

/**
 * Inserts the buckets that a query selects as tier, bucket_start and next_attempt_at, in their order: it is what keeps
 * two of these statements from a deadlock. A bucket that is stale already is no longer held back; and where a rebuild had
 * noted it, it now has a reason of its own, so that cancelling the rebuild does not lose it. A minute that has never been
 * computed remains one: see liveMinutes().
 */
function note(tables: OpsTables, reason: InvalidationReason, buckets: string, atOnce = false): string {
  return `INSERT INTO ${tables.invalidations} AS i (tier, bucket_start, reason, next_attempt_at)
  SELECT DISTINCT ON (tier, bucket_start) tier, bucket_start, '${reason}', next_attempt_at
  FROM (${buckets}) AS stale(tier, bucket_start, next_attempt_at) ORDER BY tier, bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE SET noted_at = clock_timestamp(), suspicious_at = NULL,
    reason = CASE
      WHEN i.tier = '${MINUTE_TIER}' AND i.reason = 'backfill' THEN i.reason
      WHEN i.reason = 'rebuild' OR EXCLUDED.reason = 'new_rows' AND i.reason <> 'definition' THEN EXCLUDED.reason
      ELSE i.reason END${atOnce ? ',\n    next_attempt_at = clock_timestamp()' : ''}
  RETURNING tier`;
}

/** The minutes of an hour `bucket_start` of the relation, as far as minutes are kept: tier and bucket_start. */
export const minutesOf = (tables: OpsTables, hours: string): string => `SELECT '${MINUTE_TIER}', m.starts
  FROM ${hours} h JOIN ${tables.live} l ON h.bucket_start + interval '1 hour' > l.minutes_from
  CROSS JOIN LATERAL generate_series(
    GREATEST(h.bucket_start, l.minutes_from), h.bucket_start + interval '59 minutes', interval '1 minute') AS m(starts)`;

/**
 * {@link note}s the hours that a query selects as bucket_start, and their minutes. It returns the tier of each.
 *
 * @param alsoMinutes selects the starts of further minutes
 */
export function noteHours(
  tables: OpsTables,
  reason: InvalidationReason,
  hours: string,
  {
    atOnce = false,
    minutes = true,
    alsoMinutes,
  }: { readonly atOnce?: boolean; readonly minutes?: boolean; readonly alsoMinutes?: string } = {},
): string {
  return `WITH hour(bucket_start) AS MATERIALIZED (${hours})
  ${note(
    tables,
    reason,
    `SELECT b.*, clock_timestamp()
    FROM (
      SELECT '${HOUR_TIER}', bucket_start FROM hour${minutes ? ` UNION ALL ${minutesOf(tables, 'hour')}` : ''}${
        alsoMinutes === undefined ? '' : ` UNION ALL SELECT '${MINUTE_TIER}', m.* FROM (${alsoMinutes}) m`
      }
    ) b`,
    atOnce,
  )}`;
}

/** {@link note}s the minutes that a query selects as bucket_start. */
export const noteMinutes = (tables: OpsTables, reason: InvalidationReason, minutes: string): string =>
  note(
    tables,
    reason,
    `SELECT '${MINUTE_TIER}', bucket_start, clock_timestamp() FROM (${minutes}) AS minute(bucket_start)`,
  );

/** How many hours one of these has noted. */
export const NOTED_HOURS = `(count(*) FILTER (WHERE tier = '${HOUR_TIER}'))::int`;

/** From where on a raw table's rows may be applied. */
const floorOf = (table: RawTable): string => `GREATEST(f.hours_from, f.${table.side}_from)`;

/**
 * Notes every hour of the first backfill: from the oldest raw row, at most the backfill back and never below the
 * table's floor, to now; and the hours of rows that are dated in the future, which an index finds: the clock itself,
 * which is volatile, would be held against every row.
 *
 * Bound: backfill in hours, retentions in hours.
 */
export function noteBackfill(
  tables: OpsTables,
  table: RawTable,
  bound: { backfillHours: number; retention: RetentionHours },
): SqlStatement {
  const oldestRow = `(SELECT min(created_at) FROM ${table.name} WHERE ${hasBucket('created_at')})`;
  return {
    text: `WITH start AS (
  SELECT GREATEST(${hourOf('clock_timestamp() - make_interval(hours => $1::int)')}, ${floorOf(table)}) AS at, ${oldestRow} AS oldest
  FROM ${floors(tables, 2)} f
),
noted AS (
  ${noteHours(
    tables,
    'backfill',
    `SELECT hour FROM start, generate_series(
      ${hourOf(`GREATEST(start.at + interval '59 minutes 59.999999 seconds', start.oldest)`)},
      ${hourOf('clock_timestamp()')}, interval '1 hour') AS hour
    WHERE start.oldest IS NOT NULL
    UNION
    SELECT ${hourOf('created_at')} FROM ${table.name}
    WHERE created_at >= (SELECT clock_timestamp()) AND ${hasBucket('created_at')}`,
  )}
)
SELECT ${NOTED_HOURS} AS hours FROM noted`,
    values: [bound.backfillHours, ...floorValues(bound.retention)],
  };
}

/** Hours that rest between two recomputations, and days that rest before they are merged, are due at once; those that have failed, or are watched, are not. */
export function endRests(tables: OpsTables): SqlStatement {
  return {
    text: `WITH ended AS (
  UPDATE ${tables.invalidations} SET next_attempt_at = clock_timestamp()
  WHERE tier IN ('${HOUR_TIER}', '${DAY_TIER}') AND attempts = 0 AND loss_seen_at IS NULL AND next_attempt_at > clock_timestamp()
  RETURNING 1
)
SELECT count(*)::int AS buckets FROM ended`,
    values: [],
  };
}

/** What one look at the new rows of a table found. Counts are bigint, as strings. */
export interface NotedRows {
  hours: number;
  /** The highest id that was looked at; null without a row. */
  through_id: string | null;
  /** There may be more rows up to the candidate. */
  is_full: boolean;
  late_rows: string;
  /** Age of the oldest late row, in seconds, or null. */
  latest_by_seconds: number | null;
  below_floor_rows: string;
}

/**
 * Notes the minutes and hours of the next rows above an id, so many of them at the most. Those up to `countedId` are
 * looked at again, and not counted again.
 *
 * A closed hour that was computed a moment ago waits until its interval is over; its minutes do not.
 *
 * Bound: id to look above, highest id to look at, how many rows, table key, counted id, interval in seconds, retentions in
 * hours.
 */
export function noteNewRows(
  tables: OpsTables,
  table: RawTable,
  bound: {
    aboveId: string;
    throughId: string;
    rows: number;
    countedId: string;
    intervalSeconds: number;
    retention: RetentionHours;
  },
): SqlStatement {
  return {
    text: `WITH chunk AS MATERIALIZED (
  SELECT id, created_at FROM ${table.name}
  WHERE id > $1::bigint AND id <= $2::bigint
  ORDER BY id LIMIT $3::int
),
fresh AS MATERIALIZED (
  SELECT ${minuteOf('created_at')} AS minute, count(*) FILTER (WHERE id > $5::bigint) AS rows,
    min(created_at) FILTER (WHERE id > $5::bigint) AS oldest
  FROM chunk
  WHERE ${hasBucket('created_at')}
  GROUP BY 1
),
fresh_hour AS MATERIALIZED (
  SELECT ${hourOf('minute')} AS bucket_start, sum(rows) AS rows, min(oldest) AS oldest FROM fresh GROUP BY 1
),
floor AS MATERIALIZED (SELECT ${floorOf(table)} AS at FROM ${floors(tables, 7)} f),
noted AS (
  ${note(
    tables,
    'new_rows',
    `SELECT '${HOUR_TIER}', h.bucket_start, clock_timestamp() + GREATEST(interval '0',
      make_interval(secs => $6::float8) - GREATEST(interval '0', clock_timestamp() - COALESCE(m.computed_at, ${EPOCH})))
    FROM floor JOIN fresh_hour h ON h.bucket_start >= floor.at
    LEFT JOIN ${tables.hourly} m ON m.bucket_start = h.bucket_start AND ${isOverallRow('m')}
    UNION ALL
    SELECT '${MINUTE_TIER}', minute, clock_timestamp()
    FROM fresh JOIN floor ON ${hourOf('minute')} >= floor.at JOIN ${tables.live} l ON minute >= l.minutes_from`,
  )}
)
SELECT
  (SELECT ${NOTED_HOURS} FROM noted) AS hours,
  (SELECT max(id)::bigint::text FROM chunk) AS through_id,
  (SELECT count(*) = $3::int FROM chunk) AS is_full,
  COALESCE(sum(f.rows) FILTER (WHERE f.bucket_start < s.late_before), 0)::text AS late_rows,
  extract(epoch FROM clock_timestamp() - min(f.oldest) FILTER (WHERE f.bucket_start < s.late_before))::float8
    AS latest_by_seconds,
  COALESCE(sum(f.rows) FILTER (WHERE f.bucket_start < floor.at), 0)::text AS below_floor_rows
FROM floor, ${tables.detectState} s LEFT JOIN fresh_hour f ON true
WHERE s.raw_table = $4`,
    values: [
      bound.aboveId,
      bound.throughId,
      bound.rows,
      table.key,
      bound.countedId,
      bound.intervalSeconds,
      ...floorValues(bound.retention),
    ],
  };
}
