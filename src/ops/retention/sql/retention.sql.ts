import { DISTRIBUTION_COLUMNS } from '../../definitions/columns.js';
import { DISTRIBUTED } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { dayOf, isoUtc, minuteOf } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../../definitions/tiers.js';

/**
 * Start of the oldest UTC day that a retention keeps: only whole days are dropped, and only those that ended before
 * the limit. A subquery: compared with the clock itself, which is volatile, an index would be read from end to end.
 *
 * @param retentionHours placeholder of a bound number of hours; NULL where everything is kept
 */
const keptFrom = (retentionHours: string): string =>
  `(SELECT ${dayOf(`clock_timestamp() - make_interval(hours => ${retentionHours}::int)`)})`;

/** What the three retentions look for; one bound number of hours, and the instant (ISO) to look from. */
type NextDay = (tables: OpsTables, retentionHours: number, from: string) => SqlStatement;

const nextHourlyDay = (condition: string): NextDay =>
  function nextDay(tables, retentionHours, from) {
    return {
      text: `SELECT ${isoUtc(dayOf('min(bucket_start)'))} AS day FROM ${tables.hourly}
WHERE bucket_start >= $2::timestamptz AND bucket_start < ${keptFrom('$1')}${condition}`,
      values: [retentionHours, from],
    };
  };

/** The oldest day, from an instant on, whose hourly rows are past their retention. */
export const nextDayOfHours = nextHourlyDay('');

/**
 * The same for hours that have a distribution. The overall row speaks for its hour: it has one wherever another row does,
 * one of a dimension included, and an index of its own, or each run would look at every hour that has ever lost its own.
 * Where there is an output speed there is a TTFT.
 */
export const nextDayOfDistributions = nextHourlyDay(
  ` AND platform IS NULL AND group_id IS NULL AND (duration_values IS NOT NULL OR ttft_values IS NOT NULL)`,
);

/** The same for daily rows. */
export const nextDayOfDailies: NextDay = (tables, retentionHours, from) => ({
  text: `SELECT to_char(min(bucket_date), 'YYYY-MM-DD"T00:00:00.000Z"') AS day FROM ${tables.daily}
WHERE bucket_date >= ($2::timestamptz AT TIME ZONE 'UTC')::date
  AND bucket_date < (${keptFrom('$1')} AT TIME ZONE 'UTC')::date`,
  values: [retentionHours, from],
});

const inDay = (column: string): string =>
  `${column} >= $1::timestamptz AND ${column} < $1::timestamptz + interval '24 hours'`;

/** Whether the rows of a day can be spared. */
export interface DaySettled {
  /** Neither the day nor an hour of it is noted as stale, not even one that is failing or held back. */
  settled: boolean;
  /** The daily rows have been computed from the hours, or do not need them. */
  hours_spare: boolean;
  /** The daily rows have the distributions that the hours would lose. */
  distributions_spare: boolean;
}

const DATE = `($1::timestamptz AT TIME ZONE 'UTC')::date`;

/** A condition for each of what is distributed. */
const each = (condition: (name: string) => string, separator: string): string =>
  DISTRIBUTED.map(([name]) => condition(name)).join(separator);

/**
 * For each set of a day's hours, whether the day has it too, and its distributions. A set that does not add up to the day,
 * since it began within it, has no daily rows, and never will.
 */
function setsOfDay(tables: OpsTables): string {
  const names = (some: OpsTables['dimensions']): string => some.map(({ name }) => `'${name}'`).join(', ');
  const errorsOnly = names(tables.dimensions.filter(({ usage }) => usage === null));
  return `SELECT d.dimension IS NOT NULL OR o.id IS NULL OR h.errors <> o.error_count_total
        OR h.dimension NOT IN (${errorsOnly}) AND h.successes <> o.success_count AS merged,
      d.dimension IS NULL OR ${each((name) => `NOT (h.${name}_kept AND d.${name}_lost)`, ' AND ')} AS distributed
    FROM (
      SELECT dimension, sum(success_count) FILTER (WHERE group_id IS NULL) AS successes,
        sum(error_count_total) FILTER (WHERE group_id IS NULL) AS errors,
        ${each((name) => `bool_or(${name}_values IS NOT NULL) AS ${name}_kept`, ', ')}
      FROM ${tables.dimensionHourly}
      WHERE ${inDay('bucket_start')} AND dimension IN (${names(tables.dimensions)})
      GROUP BY dimension
    ) h
    LEFT JOIN (
      SELECT dimension, ${each((name) => `bool_or(${name}_samples > 0 AND ${name}_values IS NULL) AS ${name}_lost`, ', ')}
      FROM ${tables.dimensionDaily} WHERE bucket_date = ${DATE}
      GROUP BY dimension
    ) d USING (dimension)
    LEFT JOIN ${tables.daily} o ON o.bucket_date = ${DATE} AND ${isOverallRow('o')}`;
}

/**
 * Asks it, under the day's lock. The daily rows do not need the hours where a part of these has been dropped before
 * (then they were computed from all of them), and where they are past their own retention.
 *
 * Bound: day (ISO), retention of the daily rows in hours or null.
 */
export function daySettled(tables: OpsTables, day: string, dailyRetentionHours: number | null): SqlStatement {
  return {
    text: `SELECT
  NOT EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE i.tier = '${HOUR_TIER}' AND ${inDay('i.bucket_start')})
    AND NOT EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE i.tier = '${DAY_TIER}' AND i.bucket_start = $1::timestamptz)
    AS settled,
  rows.merged OR EXISTS (SELECT 1 FROM ${tables.droppedHours} x WHERE ${inDay('x.bucket_start')})
    OR COALESCE($1::timestamptz < ${keptFrom('$2')}, false) AS hours_spare,
  rows.merged AND rows.distributed AS distributions_spare
FROM (
  SELECT COALESCE(bool_and(merged), true) AS merged, COALESCE(bool_and(distributed), true) AS distributed
  FROM (
    SELECT d.id IS NOT NULL AS merged,
      ${each((name) => `NOT (h.${name}_values IS NOT NULL AND d.${name}_values IS NULL)`, ' AND ')} AS distributed
    FROM ${tables.hourly} h
    LEFT JOIN ${tables.daily} d ON d.bucket_date = ${DATE}
      AND COALESCE(d.platform, '') = COALESCE(h.platform, '') AND COALESCE(d.group_id, 0) = COALESCE(h.group_id, 0)
    WHERE ${inDay('h.bucket_start')}
    UNION ALL
    ${setsOfDay(tables)}
  ) one
) rows`,
    values: [day, dailyRetentionHours],
  };
}

/**
 * Deletes the hourly rows of a day, those of dimensions with them, and writes down that its hours are dropped, the ones without rows included.
 *
 * Bound: day (ISO).
 */
export function dropHours(tables: OpsTables, day: string): SqlStatement {
  return {
    text: `WITH remembered AS (
  INSERT INTO ${tables.droppedHours} (bucket_start)
  SELECT bucket_start
  FROM generate_series($1::timestamptz, $1::timestamptz + interval '23 hours', interval '1 hour') AS s(bucket_start)
  ON CONFLICT (bucket_start) DO NOTHING
),
deleted_keys AS (
  DELETE FROM ${tables.dimensionHourly} WHERE ${inDay('bucket_start')}
),
deleted AS (
  DELETE FROM ${tables.hourly} WHERE ${inDay('bucket_start')} RETURNING 1
)
SELECT count(*)::int AS rows FROM deleted`,
    values: [day],
  };
}

/**
 * Sets the distributions of a day's hourly rows, those of dimensions included, to NULL. computed_at stays: nothing was
 * computed.
 *
 * Bound: day (ISO).
 */
export function dropDistributions(tables: OpsTables, day: string): SqlStatement {
  const strip = (table: string): string => `UPDATE ${table}
  SET ${DISTRIBUTION_COLUMNS.map((column) => `${column} = NULL`).join(', ')}
  WHERE ${inDay('bucket_start')} AND (${each((name) => `${name}_values IS NOT NULL`, ' OR ')})`;
  return {
    text: `WITH stripped_keys AS (
  ${strip(tables.dimensionHourly)}
),
stripped AS (
  ${strip(tables.hourly)}
  RETURNING 1
)
SELECT count(*)::int AS rows FROM stripped`,
    values: [day],
  };
}

/**
 * Deletes the daily rows of a day, those of dimensions with them.
 *
 * Bound: day (ISO).
 */
export function dropDailies(tables: OpsTables, day: string): SqlStatement {
  return {
    text: `WITH deleted_keys AS (
  DELETE FROM ${tables.dimensionDaily} WHERE bucket_date = ${DATE}
),
deleted AS (
  DELETE FROM ${tables.daily} WHERE bucket_date = ${DATE} RETURNING 1
)
SELECT count(*)::int AS rows FROM deleted`,
    values: [day],
  };
}

/** Rows that one statement deletes: a tenth of a second. */
const ROWS_TOGETHER = 5_000;

/**
 * Minutes older than this are no longer said to be complete.
 *
 * Bound: retention in hours.
 */
export function raiseMinutesFrom(tables: OpsTables, retentionHours: number): SqlStatement {
  return {
    text: `WITH raised AS (
  UPDATE ${tables.live} SET minutes_from = GREATEST(minutes_from, ${minuteOf('clock_timestamp() - make_interval(hours => $1::int)')})
  WHERE minutes_from IS NOT NULL
  RETURNING 1
)
SELECT count(*)::int AS rows FROM raised`,
    values: [retentionHours],
  };
}

/**
 * Deletes some of the minutely rows, the oldest from an instant on, that nothing says to be complete; and what is held
 * back of such minutes, which no drain would ever release.
 *
 * Bound: that instant (ISO): where the statement before has come to, so that none reads what is deleted already.
 */
export function dropMinutes(tables: OpsTables, from: string): SqlStatement {
  const isOver = `bucket_start < COALESCE((SELECT minutes_from FROM ${tables.live}), 'infinity')`;
  return {
    text: `WITH deleted AS (
  DELETE FROM ${tables.minutely} WHERE id = ANY(ARRAY(
    SELECT id FROM ${tables.minutely} WHERE bucket_start >= $1::timestamptz AND ${isOver}
    ORDER BY bucket_start LIMIT ${ROWS_TOGETHER}
  ))
  RETURNING bucket_start
),
released AS (
  DELETE FROM ${tables.invalidations} WHERE tier = '${MINUTE_TIER}' AND suspicious_at IS NOT NULL AND ${isOver}
)
SELECT count(*)::int AS rows, CASE WHEN count(*) = ${ROWS_TOGETHER} THEN ${isoUtc('max(bucket_start)')} END AS next FROM deleted`,
    values: [from],
  };
}
