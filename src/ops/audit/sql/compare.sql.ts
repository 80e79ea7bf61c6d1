import { storedVersion } from '../../definitions/definition-version.js';
import {
  COST_COLUMNS,
  DISTRIBUTED,
  ERROR_COUNTS,
  LATENCIES,
  TOKEN_COLUMNS,
  TOKENS,
  USAGE_GROUP_JOIN,
} from '../../definitions/definitions.js';
import { countedRows } from '../../definitions/distributed-tables.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { errorSize, usageSize } from '../../definitions/side-size.js';
import { dayOf } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../../definitions/tiers.js';
import { edges } from '../../rollup/fragments/judged-sides.js';
import { floors, floorValues, type RetentionHours } from '../../invalidation/sql/floors.sql.js';
import { liveMinutes } from '../../invalidation/sql/live.sql.js';
import { NOTED_HOURS, noteHours, noteMinutes } from '../../invalidation/sql/note.sql.js';
import type { AuditStep } from './lanes.sql.js';

type Fingerprint = readonly (readonly [column: string, raw: string])[];

const OUTPUT_SPEEDS = DISTRIBUTED.filter(([name]) => name === 'output_speed');

/** Sums that came later than the tables: NULL in a stored row that nobody knows them of. */
const LATER_FINGERPRINT: Fingerprint = [
  ...[...TOKEN_COLUMNS, ...COST_COLUMNS].map((column) => [column, `COALESCE(sum(u.${column}), 0)`] as const),
  ...OUTPUT_SPEEDS.flatMap(([name, sum, raw]) => [
    [`${name}_samples`, `count(${raw})`] as const,
    [sum, `COALESCE(sum(${raw}), 0)`] as const,
  ]),
];

const PLAIN_FINGERPRINT: Fingerprint = [
  ['success_count', 'count(*)'],
  ['token_consumed', `COALESCE(sum(${TOKENS}), 0)`],
  ...LATENCIES.flatMap(([latency, column]) => [
    [`${latency}_samples`, `count(u.${column})`] as const,
    [`${latency}_sum_ms`, `COALESCE(sum(u.${column}), 0)`] as const,
  ]),
];

/**
 * One fingerprint of a side, from raw rows and as stored: counts and sums that a change of a row shows in. Not in them: a
 * row that was updated in place so that only its key in a dimension changes, or its group. That is for verify.
 */
const USAGE_FINGERPRINT: Fingerprint = [...PLAIN_FINGERPRINT, ...LATER_FINGERPRINT];

const IS_LATER: ReadonlySet<string> = new Set(LATER_FINGERPRINT.map(([column]) => column));

/** A sum over stored rows `alias`: what one of them that has requests does not know, nobody knows of all. */
const summed = (alias: string, column: string): string =>
  IS_LATER.has(column)
    ? `CASE WHEN bool_and(${alias}.success_count = 0 OR ${alias}.${column} IS NOT NULL) THEN COALESCE(sum(${alias}.${column}), 0) END AS ${column}`
    : `sum(${alias}.${column}) AS ${column}`;

const ERROR_FINGERPRINT: Fingerprint = ERROR_COUNTS.map(
  ([column, condition]) => [column, `count(*) FILTER (WHERE ${condition})`] as const,
);

/** What one step found. */
export interface AuditedStep {
  audited: number;
  differing: number;
  /** Hours that were right, and their minutes were not. */
  differing_minutes: number;
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
    SELECT count(*) AS hours, ${columns.map((column) => summed('m', column)).join(', ')}
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

interface RawSide {
  readonly columns: readonly string[];
  readonly select: string;
  /** What follows FROM, of the hour `h`. */
  readonly ofHour: string;
  /** Where the table is distributed: what follows JOIN, of all hours `h`. */
  readonly ofHours: string | null;
}

/**
 * The fingerprint of a side as its raw rows give it, to be joined with the relation `hour` as `h`: hour by hour, or, as a
 * distributed table allows no LATERAL, of all hours in a relation of its own. What is not known is NULL.
 */
function rawSide(
  alias: 'u' | 'e',
  { columns, select, ofHour, ofHours }: RawSide,
): { cte: string; join: string } {
  if (ofHours === null) {
    return { cte: '', join: `CROSS JOIN LATERAL (SELECT ${select} FROM ${ofHour}) ${alias}` };
  }
  const [hours, of] = [`hours_${alias}`, `all_${alias}`];
  const orZero = (column: string): string =>
    `CASE WHEN ${of}.starts IS NULL THEN 0 ELSE ${of}.${column} END AS ${column}`;
  return {
    cte: `${hours} AS MATERIALIZED (
  SELECT h.starts, ${select} FROM hour h JOIN ${ofHours}
  GROUP BY h.starts
),\n`,
    join: `LEFT JOIN ${hours} ${of} ON ${of}.starts = h.starts
  CROSS JOIN LATERAL (SELECT ${columns.map(orZero).join(', ')}) ${alias}`,
  };
}

/**
 * Compares the hours of a step with their raw rows, at the overall level, and notes those that differ. Hours that are
 * noted already are left out, and so is a side below its floor, one that has only lost rows below the edge of a purge,
 * and rows that another definition computed, which are noted anyway.
 *
 * Days are held against their hours, as stored: nothing else would find a daily row that somebody has deleted. The
 * minutes of an hour, where all of them are complete and none is noted, are held against the same raw rows: the hour is
 * computed when it closes, and does not show what has gone before.
 *
 * Bound: from, to (ISO), retentions in hours, end of the last closed hour (ISO).
 */
export function auditHours(
  tables: OpsTables,
  step: Pick<AuditStep, 'from' | 'to' | 'closed'>,
  retention: RetentionHours,
): SqlStatement {
  const unknownCosts: ReadonlySet<string> = new Set(
    COST_COLUMNS.filter((column) => tables.costs[column] === null),
  );
  const select = (columns: Fingerprint): string =>
    columns
      .map(([column, raw]) => `${unknownCosts.has(column) ? 'NULL::numeric' : raw} AS ${column}`)
      .join(', ');
  const sideDiffers = (side: string, stored: string, columns: Fingerprint): string =>
    `(${columns
      .map(([column]) =>
        IS_LATER.has(column)
          ? `(${side}.${column} <> ${stored}.${column}) IS TRUE`
          : `${side}.${column} <> COALESCE(${stored}.${column}, 0)`,
      )
      .join(' OR ')})`;
  const differs = (stored: string): string => `(
    (h.usage_known AND ${sideDiffers('u', stored, USAGE_FINGERPRINT)}
      AND NOT (h.starts < edge.usage AND ${usageSize('u')} < ${usageSize(stored)}))
    OR (h.errors_known AND ${sideDiffers('e', stored, ERROR_FINGERPRINT)}
      AND NOT (h.starts < edge.errors AND ${errorSize('e', stored)} < ${errorSize(stored, stored)})))`;
  const sums = [...USAGE_FINGERPRINT, ...ERROR_FINGERPRINT].map(([column]) => summed('s', column));
  const inHour = (alias: string): string =>
    `${alias}.created_at >= h.starts AND ${alias}.created_at < h.starts + interval '1 hour'`;
  const sides = [
    rawSide('u', {
      columns: USAGE_FINGERPRINT.map(([column]) => column),
      select: select(USAGE_FINGERPRINT),
      ofHour: `(SELECT * FROM ${tables.usageLogs} u WHERE ${inHour('u')} AND ${tables.usageCondition} OFFSET 0) u
    JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
    WHERE h.usage_known`,
      ofHours: tables.distributed.usage
        ? `${countedRows(tables.usageLogs, 'u', tables.usageCondition)} ON ${inHour('u')}
    JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
    WHERE h.usage_known`
        : null,
    }),
    rawSide('e', {
      columns: ERROR_FINGERPRINT.map(([column]) => column),
      select: select(ERROR_FINGERPRINT),
      ofHour: `${tables.errorLogs} e WHERE h.errors_known AND ${inHour('e')} AND ${tables.errorCondition}`,
      ofHours: tables.distributed.errors
        ? `${countedRows(tables.errorLogs, 'e', tables.errorCondition)} ON ${inHour('e')} WHERE h.errors_known`
        : null,
    }),
  ];
  return {
    text: `WITH hour AS MATERIALIZED (
  SELECT h.starts, h.starts >= f.usage_from AS usage_known, h.starts >= f.errors_from AS errors_known,
    COALESCE(h.starts >= l.minutes_from AND h.starts + interval '1 hour' <= l.live_through, false) AND NOT EXISTS (
      SELECT 1 FROM ${tables.invalidations} i
      WHERE i.tier = '${MINUTE_TIER}' AND i.bucket_start >= h.starts AND i.bucket_start < h.starts + interval '1 hour'
    ) AS minutes_known
  FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS h(starts)
  CROSS JOIN ${floors(tables, 3)} f CROSS JOIN ${liveMinutes(tables)} l
  WHERE NOT EXISTS (
    SELECT 1 FROM ${tables.invalidations} i WHERE i.tier = '${HOUR_TIER}' AND i.bucket_start = h.starts
  )
),
${sides.map((side) => side.cte).join('')}compared AS MATERIALIZED (
  SELECT h.starts, (m.id IS NULL OR ${storedVersion('m')} = ${tables.definition}) AND ${differs('m')} AS differs,
    h.minutes_known AND minutes.current IS NOT FALSE AND ${differs('minutes')} AS minutes_differ
  FROM hour h CROSS JOIN ${edges(tables, 'purge')} edge
  ${sides.map((side) => side.join).join('\n  ')}
  LEFT JOIN LATERAL (
    SELECT * FROM ${tables.hourly} m WHERE m.bucket_start = h.starts AND ${isOverallRow('m')} OFFSET 0
  ) m ON true
  CROSS JOIN LATERAL (
    SELECT bool_and(${storedVersion('s')} = ${tables.definition}) AS current, ${sums.join(', ')}
    FROM ${tables.minutely} s
    WHERE h.minutes_known AND s.bucket_start >= h.starts AND s.bucket_start < h.starts + interval '1 hour'
      AND ${isOverallRow('s')}
  ) minutes
),
noted AS (
  ${noteHours(tables, 'audit', 'SELECT starts FROM compared WHERE differs')}
),
-- Those of the hours that differ are noted with them.
differing_minutes AS MATERIALIZED (SELECT starts FROM compared WHERE minutes_differ AND NOT differs),
noted_minutes AS (
  ${noteMinutes(
    tables,
    'audit',
    `SELECT d.starts + n * interval '1 minute' FROM differing_minutes d CROSS JOIN generate_series(0, 59) AS n`,
  )}
),
noted_days AS (
  INSERT INTO ${tables.invalidations} (tier, bucket_start, reason)
  SELECT '${DAY_TIER}', day, 'audit' FROM (${differingDays(tables)}) d ORDER BY day
  ON CONFLICT (tier, bucket_start) DO NOTHING
  RETURNING 1
)
SELECT (SELECT count(*)::int FROM compared) AS audited, (SELECT ${NOTED_HOURS} FROM noted) AS differing,
  (SELECT count(*)::int FROM differing_minutes) AS differing_minutes,
  (SELECT count(*)::int FROM noted_days) AS differing_days`,
    values: [step.from, step.to, ...floorValues(retention), step.closed, retention.daily],
  };
}
