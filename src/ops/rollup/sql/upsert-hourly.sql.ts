import { WRITTEN_COLUMNS } from '../../metrics/columns.js';
import { DEFINITION_VERSION } from '../../metrics/definition-version.js';
import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { hourOf, isoUtc } from '../../metrics/sql-time.js';
import type { TimeRange } from '../../metrics/utc.js';
import { computedHours } from '../fragments/computed-hours.js';
import { ONE_HOUR } from '../fragments/levels.js';
import { rowsWithoutKey } from '../fragments/rows-without-key.js';
import { binsCte } from '../fragments/sorted-latencies.js';
import { DEFAULT_ROLLUP_OPTIONS, type RollupOptions } from './rollup-options.js';

/** The row that each of the statements here returns; the counts are bigint, and arrive as strings. */
export interface UpsertHourlyResult {
  written: string;
  removed: string;
  /** Hours (ISO, UTC) that were held back because they would have shrunk; empty without a guard. */
  suspicious: string[];
}

/**
 * Recomputes the hours of `hours`, upserts their rows and removes the rows of their levels that have no raw row
 * any more: one statement, one snapshot. `guarded` is a subset of `hours`: an hour of it whose overall requests
 * would fall by more than half is left as it is.
 */
function recompute(
  tables: OpsTables,
  hours: string,
  guarded: string,
  values: unknown[],
  { distributions }: RollupOptions,
): SqlStatement {
  const columns = WRITTEN_COLUMNS.join(', ');
  const text = `WITH hours AS MATERIALIZED (
  ${hours}
),${distributions ? `\n${binsCte()},` : ''}
computed AS MATERIALIZED (
  ${computedHours(tables, distributions, ONE_HOUR)}
),
overall AS MATERIALIZED (
  SELECT bucket_start, success_count + error_count_total AS requests
  FROM computed WHERE platform_key = '' AND group_key = 0
),
suspicious AS MATERIALIZED (
  SELECT h.bucket_start
  FROM (${guarded}) h
  JOIN ${tables.hourly} m ON m.bucket_start = h.bucket_start AND m.platform IS NULL AND m.group_id IS NULL
  LEFT JOIN overall c ON c.bucket_start = h.bucket_start
  WHERE 2 * COALESCE(c.requests, 0) < m.success_count + m.error_count_total
),
written AS (
  INSERT INTO ${tables.hourly} AS m
    (bucket_start, platform, group_id, ${columns}, definition_version, computed_at)
  SELECT bucket_start, NULLIF(platform_key, ''), NULLIF(group_key, 0), ${columns}, ${DEFINITION_VERSION}, clock_timestamp()
  FROM computed
  WHERE bucket_start NOT IN (SELECT bucket_start FROM suspicious)
  ON CONFLICT (bucket_start, COALESCE(platform, ''), COALESCE(group_id, 0)) DO UPDATE SET
    ${WRITTEN_COLUMNS.map((column) => `${column} = EXCLUDED.${column}`).join(',\n    ')},
    definition_version = EXCLUDED.definition_version,
    computed_at = EXCLUDED.computed_at
  RETURNING 1
),
removed AS (
  DELETE FROM ${tables.hourly} WHERE id = ANY(ARRAY(${rowsWithoutKey(
    `SELECT m.id, m.bucket_start, m.platform, m.group_id
      FROM hours h JOIN ${tables.hourly} m ON m.bucket_start = h.bucket_start
      WHERE h.bucket_start NOT IN (SELECT bucket_start FROM suspicious)`,
    'bucket_start',
  )}))
  RETURNING 1
)
SELECT
  (SELECT count(*) FROM written) AS written,
  (SELECT count(*) FROM removed) AS removed,
  ARRAY(SELECT ${isoUtc('bucket_start')} FROM suspicious ORDER BY bucket_start) AS suspicious`;
  return { text, values };
}

/**
 * Recomputes every hour of a range that lies on hour boundaries. Only hours between the first and the last row
 * that the range has, raw or rolled up, are looked at, so a range of decades costs what its data costs.
 *
 * Bound: range start, range end.
 */
export function upsertHourlyRange(
  tables: OpsTables,
  range: TimeRange,
  options: RollupOptions = DEFAULT_ROLLUP_OPTIONS,
): SqlStatement {
  const within = (table: string, column: string, fn: 'min' | 'max'): string =>
    `(SELECT ${fn}(${column}) FROM ${table} WHERE ${column} >= $1::timestamptz AND ${column} < $2::timestamptz)`;
  const extreme = (fn: 'min' | 'max'): string =>
    [
      within(tables.usageLogs, 'created_at', fn),
      within(tables.errorLogs, 'created_at', fn),
      within(tables.hourly, 'bucket_start', fn),
    ].join(', ');
  const hours = `SELECT bucket_start FROM generate_series(
    ${hourOf(`LEAST(${extreme('min')})`)},
    GREATEST(${extreme('max')}),
    interval '1 hour'
  ) AS series(bucket_start)`;
  return recompute(
    tables,
    hours,
    'SELECT bucket_start FROM hours WHERE false',
    [range.start.toISOString(), range.end.toISOString()],
    options,
  );
}

/**
 * Recomputes the given hours.
 *
 * Bound: the hours; those of them that must not shrink.
 */
export function upsertHours(
  tables: OpsTables,
  hours: readonly string[],
  guarded: readonly string[],
  options: RollupOptions = DEFAULT_ROLLUP_OPTIONS,
): SqlStatement {
  return recompute(
    tables,
    'SELECT bucket_start FROM unnest($1::timestamptz[]) AS given(bucket_start)',
    'SELECT bucket_start FROM unnest($2::timestamptz[]) AS given(bucket_start)',
    [hours, guarded],
    options,
  );
}
