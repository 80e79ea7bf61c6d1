import { ERROR_COLUMNS, SAMPLE_COLUMNS, USAGE_COLUMNS, WRITTEN_COLUMNS } from '../../definitions/columns.js';
import { isOldDefinition, storedVersion } from '../../definitions/definition-version.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { hourOf, isoUtc } from '../../sql/sql-time.js';
import type { TimeRange } from '../../common/utc.js';
import { fillOfUsage, foreignColumns } from '../fragments/foreign-columns.js';
import { errorsSide } from '../fragments/errors-side.js';
import { judgedSides, type Edge, type SideMode, type Verdict } from '../fragments/judged-sides.js';
import { notedByHand } from '../fragments/noted-by-hand.js';
import { distributionColumns } from '../fragments/distribution-columns.js';
import { ONE_HOUR } from '../fragments/levels.js';
import { rowsWithoutKey } from '../fragments/rows-without-key.js';
import { usageSide } from '../fragments/usage-side.js';
import { binsCte } from '../fragments/sorted-latencies.js';
import { DEFAULT_ROLLUP_OPTIONS, type RollupOptions } from './rollup-options.js';

/** The row that each of the statements here returns; the counts are bigint, and arrive as strings. */
export interface UpsertHourlyResult {
  written: string;
  removed: string;
  /** The hours of which a side was held back or waits; every other one has been recomputed. */
  held: HeldHour[];
}

/** An hour of which a side stays as it is stored for now, although its raw rows give less. */
export interface HeldHour {
  /** ISO, UTC. */
  readonly hour: string;
  readonly usage: Verdict;
  readonly errors: Verdict;
  /** The requests that its raw rows give. */
  readonly requests: number;
}

/** An hour to recompute, and what may happen to its sides. */
export interface HourToRecompute {
  /** ISO, UTC. */
  readonly hour: string;
  readonly usage: SideMode;
  readonly errors: SideMode;
  /** Somebody waits for it: a side that stays as it is is said to be held back. */
  readonly asked: boolean;
  /** A smaller loss has been seen long enough to be no purge in progress. */
  readonly settled: boolean;
}

interface Recompute {
  /** Selects bucket_start, usage_mode, errors_mode, asked, settled. */
  readonly hours: string;
  readonly edge: Edge;
  readonly values: unknown[];
  /** More CTEs, over `judged`. */
  readonly more?: string;
}

/** A row of the hourly table has a side where it counts anything of it; one that counts nothing stems from errors. */
const HAS_USAGE = 'm.success_count > 0';
const HAS_ERRORS = `(m.success_count = 0 OR ${ERROR_COLUMNS.map((column) => `m.${column} <> 0`).join(' OR ')})`;

/** A side of it may be taken; else it is left alone. */
const IS_RECOMPUTED = `(j.usage = 'take' OR j.errors = 'take')`;

/** One side of every hour that is recomputed: from its raw rows, or as it is stored, row by row. */
function side(tables: OpsTables, name: 'usage' | 'errors', columns: readonly string[], has: string): string {
  const select = (alias: string): string => columns.map((column) => `${alias}.${column}`).join(', ');
  const ofUsage = fillOfUsage(name === 'usage' && tables.fills.hourly.ttftSampleCount);
  return `SELECT r.bucket_start, r.platform_key, r.group_key, ${select('r')}${ofUsage('r.ttft_samples')}
  FROM ${name}_raw r JOIN judged j USING (bucket_start) WHERE j.${name} = 'take'
  UNION ALL
  SELECT m.bucket_start, COALESCE(m.platform, ''), COALESCE(m.group_id, 0), ${select('m')}${ofUsage('m.ttft_sample_count')}
  FROM judged j JOIN ${tables.hourly} m ON m.bucket_start = j.bucket_start AND ${has}
  WHERE j.${name} <> 'take' AND ${IS_RECOMPUTED}`;
}

/**
 * Recomputes the hours of `hours`, upserts their rows and removes the rows of their levels that have no raw row
 * any more: one statement, one snapshot. Each side of an hour is judged by itself, see {@link SideMode}; an hour of
 * which no side may be taken is left alone.
 */
function recompute(tables: OpsTables, order: Recompute, { distributions }: RollupOptions): SqlStatement {
  const columns = WRITTEN_COLUMNS.join(', ');
  const { ttftSampleCount } = tables.fills.hourly;
  const foreign = foreignColumns(tables.fills.hourly);
  const usage = (column: string): string =>
    column === 'success_count' || column === 'token_consumed' || SAMPLE_COLUMNS.includes(column)
      ? `COALESCE(u.${column}, 0) AS ${column}`
      : `u.${column}`;
  const text = `WITH hours AS MATERIALIZED (
  ${order.hours}
),${distributions ? `\n${binsCte()},` : ''}
usage_raw AS MATERIALIZED (
  SELECT s.*, ${distributionColumns('s').join(',\n    ')}
  FROM (
  ${usageSide(tables, distributions, ONE_HOUR)}
  ) s
),
errors_raw AS MATERIALIZED (
  ${errorsSide(tables, ONE_HOUR)}
),
${judgedSides(tables, order.edge)},
usage_side AS (
  ${side(tables, 'usage', USAGE_COLUMNS, HAS_USAGE)}
),
errors_side AS (
  ${side(tables, 'errors', ERROR_COLUMNS, HAS_ERRORS)}
),
computed AS NOT MATERIALIZED (
  SELECT bucket_start, group_key, platform_key,
    ${[...USAGE_COLUMNS.map(usage), ...ERROR_COLUMNS.map((column) => `COALESCE(e.${column}, 0) AS ${column}`)].join(',\n    ')}${fillOfUsage(ttftSampleCount)('COALESCE(u.ttft_sample_count, 0)')}
  FROM usage_side u FULL JOIN errors_side e USING (bucket_start, platform_key, group_key)
),
moment AS MATERIALIZED (SELECT clock_timestamp() AS at),
written AS (
  INSERT INTO ${tables.hourly} AS m
    (bucket_start, platform, group_id, ${columns}, definition_version, computed_at, written_at${foreign.names})
  SELECT bucket_start, NULLIF(platform_key, ''), NULLIF(group_key, 0), ${columns}, ${tables.definition}, at, at${foreign.values}
  FROM computed CROSS JOIN moment
  ON CONFLICT (bucket_start, COALESCE(platform, ''), COALESCE(group_id, 0)) DO UPDATE SET
    ${WRITTEN_COLUMNS.map((column) => `${column} = EXCLUDED.${column}`).join(',\n    ')},
    definition_version = EXCLUDED.definition_version,
    computed_at = EXCLUDED.computed_at, written_at = EXCLUDED.written_at${foreign.assignments}
  RETURNING 1
),
removed AS (
  DELETE FROM ${tables.hourly} WHERE id = ANY(ARRAY(${rowsWithoutKey(
    `SELECT m.id, m.bucket_start, m.platform, m.group_id
      FROM judged j JOIN ${tables.hourly} m ON m.bucket_start = j.bucket_start
      WHERE ${IS_RECOMPUTED}`,
    'bucket_start',
  )}))
  RETURNING bucket_start
),
-- Its raw rows are going: what another definition, or another program, has made of the hour stays, and is said no more.
settled AS (
  UPDATE ${tables.hourly} m SET definition_version = ${tables.definition}, written_at = m.computed_at
  FROM judged j
  WHERE m.bucket_start = j.bucket_start AND j.usage = 'keep' AND j.errors = 'keep'
    AND ${isOldDefinition(storedVersion('m'), String(tables.definition))}
)${order.more ?? ''}
SELECT
  (SELECT count(*) FROM written) AS written,
  (SELECT count(*) FROM removed) AS removed,
  COALESCE((
    SELECT json_agg(json_build_object('hour', ${isoUtc('bucket_start')}, 'usage', usage, 'errors', errors, 'requests', requests))
    FROM judged WHERE usage IN ('hold', 'wait') OR errors IN ('hold', 'wait')
  ), '[]') AS held`;
  return { text, values: order.values };
}

/**
 * Recomputes every hour of a range that lies on hour boundaries. Only hours between the first and the last row
 * that the range has, raw or rolled up, are looked at, so a range of decades costs what its data costs.
 *
 * It neither waits for a drain nor keeps one waiting: what it has touched is noted, so that the drain has the last word.
 *
 * Bound: range start, range end, whether hours that lie before every raw row of a table are recomputed too.
 */
export function upsertHourlyRange(
  tables: OpsTables,
  range: TimeRange,
  { force = false, ...options }: RollupOptions & { readonly force?: boolean } = DEFAULT_ROLLUP_OPTIONS,
): SqlStatement {
  const within = (table: string, column: string, fn: 'min' | 'max'): string =>
    `(SELECT ${fn}(${column}) FROM ${table} WHERE ${column} >= $1::timestamptz AND ${column} < $2::timestamptz)`;
  const extreme = (fn: 'min' | 'max'): string =>
    [
      within(tables.usageLogs, 'created_at', fn),
      within(tables.errorLogs, 'created_at', fn),
      within(tables.hourly, 'bucket_start', fn),
    ].join(', ');
  const mode = `CASE WHEN $3::boolean THEN 'take' ELSE 'edge' END`;
  return recompute(
    tables,
    {
      hours: `SELECT bucket_start, ${mode} AS usage_mode, ${mode} AS errors_mode, false AS asked, true AS settled
  FROM generate_series(
    ${hourOf(`LEAST(${extreme('min')})`)},
    GREATEST(${extreme('max')}),
    interval '1 hour'
  ) AS series(bucket_start)`,
      edge: 'followed',
      values: [range.start.toISOString(), range.end.toISOString(), force],
      more: notedByHand(
        tables,
        'hour',
        'SELECT DISTINCT bucket_start FROM (SELECT bucket_start FROM computed UNION ALL SELECT bucket_start FROM removed) touched',
      ),
    },
    options,
  );
}

/**
 * Recomputes the given hours.
 *
 * Bound: the hours; the modes of their usage and error sides; whether somebody waits; whether a loss has settled.
 */
export function upsertHours(
  tables: OpsTables,
  hours: readonly HourToRecompute[],
  options: RollupOptions = DEFAULT_ROLLUP_OPTIONS,
): SqlStatement {
  return recompute(
    tables,
    {
      hours: `SELECT bucket_start, usage_mode, errors_mode, asked, settled
  FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::boolean[], $5::boolean[])
    AS given(bucket_start, usage_mode, errors_mode, asked, settled)`,
      edge: 'purge',
      values: [
        hours.map(({ hour }) => hour),
        hours.map(({ usage }) => usage),
        hours.map(({ errors }) => errors),
        hours.map(({ asked }) => asked),
        hours.map(({ settled }) => settled),
      ],
    },
    options,
  );
}
