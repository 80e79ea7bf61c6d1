import type { OpsTables } from '../../definitions/ops-tables.js';
import { MINUTE_TIER } from '../../definitions/tiers.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { hasBucket, minuteOf } from '../../sql/sql-time.js';
import { noteMinutes } from './note.sql.js';

/** The invalidation `i` has been tried, or looked at, and is not drained with the next tick. */
export const IS_STUCK = '(i.attempts > 0 OR i.suspicious_at IS NOT NULL OR i.loss_seen_at IS NOT NULL)';

/**
 * A one-row relation: `minutes_from`, the instant from which on minutes are complete as of `live_through`; both NULL
 * where there are none. Minutes whose backfill is still to come lie below it: it comes newest first.
 *
 * A minute that is noted for new rows is complete all the same, as of `live_through`; one that is noted for anything else
 * is stale ({@link isStaleMinute}).
 */
export const liveMinutes = (tables: OpsTables): string => `(
    SELECT CASE WHEN l.minutes_from IS NOT NULL THEN GREATEST(l.minutes_from, b.backfilled_from) END AS minutes_from, l.live_through
    FROM (SELECT 1) one
    -- Later than now: the clock has been set back since.
    LEFT JOIN ${tables.live} l ON l.minutes_from IS NOT NULL AND l.live_through <= clock_timestamp()
    CROSS JOIN (
      SELECT max(i.bucket_start) + interval '1 minute' AS backfilled_from
      FROM ${tables.invalidations} i WHERE i.tier = '${MINUTE_TIER}' AND i.reason = 'backfill'
    ) b
  )`;

/** Whether the invalidation `i` of a minute says more than that new rows have come since `live_through`. */
export const isStaleMinute = `(i.tier = '${MINUTE_TIER}' AND i.reason <> 'backfill' AND (i.reason <> 'new_rows' OR ${IS_STUCK}))`;

/**
 * Begins to keep minutes, from so many hours ago or from the oldest raw row: those up to now are noted. Where another
 * instance has begun, or minutes are kept already, nothing is done. The next minute is noted too: an instance that has not
 * seen this yet may detect rows of it.
 *
 * Bound: how many hours.
 */
export function startMinutes(tables: OpsTables, hours: number): SqlStatement {
  const from = minuteOf('statement_timestamp() - make_interval(hours => $1::int)');
  // Of no other relation: a distributed table takes no part in a correlated subquery.
  const oldest = [tables.usageLogs, tables.errorLogs].map(
    (table) =>
      `(SELECT min(created_at) FROM ${table} WHERE created_at >= ${from} AND ${hasBucket('created_at')})`,
  );
  return {
    text: `WITH started AS (
  INSERT INTO ${tables.live} AS l (minutes_from)
  SELECT ${from}
  ON CONFLICT (id) DO UPDATE SET minutes_from = EXCLUDED.minutes_from, live_through = NULL
  WHERE l.minutes_from IS NULL
  RETURNING 1
),
noted AS (
  ${noteMinutes(
    tables,
    'backfill',
    `SELECT m.bucket_start FROM started CROSS JOIN (SELECT LEAST(${oldest.join(', ')}) AS created_at) first
    CROSS JOIN LATERAL generate_series(
      ${minuteOf('first.created_at')}, clock_timestamp() + interval '1 minute', interval '1 minute') AS m(bucket_start)`,
  )}
)
SELECT count(*)::int AS minutes FROM noted`,
    values: [hours],
  };
}

/** Ends the keeping of minutes: from now on nothing says that they are complete. */
export function endMinutes(tables: OpsTables): SqlStatement {
  return {
    text: `WITH ended AS (
  UPDATE ${tables.live} SET minutes_from = NULL, live_through = NULL WHERE minutes_from IS NOT NULL RETURNING 1
)
SELECT count(*)::int AS rows FROM ended`,
    values: [],
  };
}

/**
 * Minutes are complete up to an instant at which every new row was noted, once no minute waits for new rows any more.
 * Those that fail or are held back are not waited for: they are stale.
 *
 * Bound: that instant (ISO), and by how many seconds it must be later than the last.
 */
export function advanceLive(tables: OpsTables, through: string, bySeconds = 0): SqlStatement {
  return {
    text: `WITH advanced AS (
  UPDATE ${tables.live} SET live_through = $1::timestamptz
  WHERE minutes_from IS NOT NULL AND (live_through IS NULL OR live_through > clock_timestamp()
      OR live_through + make_interval(secs => $2::float8) < $1::timestamptz)
    AND NOT EXISTS (
      SELECT 1 FROM ${tables.invalidations} i
      WHERE i.tier = '${MINUTE_TIER}' AND i.reason = 'new_rows' AND NOT ${IS_STUCK}
    )
  RETURNING 1
)
SELECT count(*)::int AS rows FROM advanced`,
    values: [through, bySeconds],
  };
}
