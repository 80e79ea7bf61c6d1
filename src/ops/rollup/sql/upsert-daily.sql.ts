import {
  COUNT_COLUMNS,
  METRIC_COLUMNS,
  SAMPLE_COLUMNS,
  SPLIT_COLUMNS,
  WRITTEN_COLUMNS,
} from '../../definitions/columns.js';
import { DISTRIBUTED, LATENCIES } from '../../definitions/definitions.js';
import { isOldDefinition, storedVersion } from '../../definitions/definition-version.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { errorSize, usageSize } from '../../definitions/side-size.js';
import type { TimeRange } from '../../common/utc.js';
import { fillOfUsage, foreignColumns } from '../fragments/foreign-columns.js';
import { rowsWithoutKey } from '../fragments/rows-without-key.js';
import { hoursOfDay, MERGED_DAYS } from '../fragments/merged-days.js';
import { notedByHand } from '../fragments/noted-by-hand.js';
import { distributionColumns } from '../fragments/distribution-columns.js';
import { dimensionDays } from '../fragments/dimension-days.js';
import { splitSums } from '../fragments/split-sums.js';
import type { PurgeEdges } from './purge-edges.sql.js';
import { DEFAULT_ROLLUP_OPTIONS, type RollupOptions } from './rollup-options.js';

/** The row that the statement returns; the counts are bigint, and arrive as strings. */
export interface UpsertDailyResult {
  written: string;
  removed: string;
  /** Days (YYYY-MM-DD) left as they are, since they would lose more than half of what they count. */
  held: string[];
}

/**
 * Weighted by the successes of the hours that have a value. The sum runs in the order of the hours, so that the
 * same hours always give the same double.
 */
const weightedMean = (column: string): string =>
  `sum(h.${column}::float8 * h.success_count ORDER BY h.bucket_start)
      / NULLIF(sum(h.success_count) FILTER (WHERE h.${column} IS NOT NULL), 0)::float8`;

function dailyColumns(): string[] {
  const counts = COUNT_COLUMNS.map((column) => `sum(h.${column})::bigint AS ${column}`);
  const latencies = LATENCIES.flatMap(([latency]) => [
    // A double is rounded half to even by the cast; a numeric would be rounded half away from zero.
    ...['p50', 'p90'].map((p) => `(${weightedMean(`${latency}_${p}_ms`)})::int AS ${latency}_${p}_ms`),
    ...['p95', 'p99'].map((p) => `max(h.${latency}_${p}_ms) AS ${latency}_${p}_ms`),
    `${weightedMean(`${latency}_avg_ms`)} AS ${latency}_avg_ms`,
    `max(h.${latency}_max_ms) AS ${latency}_max_ms`,
  ]);
  const samples = SAMPLE_COLUMNS.map((column) => `sum(h.${column})::bigint AS ${column}`);
  return [...counts, ...latencies, ...samples, ...splitSums('h')];
}

const TOUCHED = `SELECT DISTINCT bucket_date::timestamp AT TIME ZONE 'UTC' AS bucket_start
    FROM (SELECT bucket_date FROM computed UNION ALL SELECT bucket_date FROM removed) touched`;

/** What an upsert sets: distributions that were merged before the retention dropped those of the hours stay. */
function assignment(column: string, { distributions }: RollupOptions): string {
  const [name, sum] =
    DISTRIBUTED.find(([one]) => new RegExp(`^${one}_(?:values|counts)$`).test(column)) ?? [];
  if (name === undefined || !distributions) {
    return `${column} = EXCLUDED.${column}`;
  }
  return `${column} = CASE
      WHEN EXCLUDED.${name}_values IS NULL AND EXCLUDED.${name}_samples > 0
        AND EXCLUDED.${name}_samples = m.${name}_samples AND EXCLUDED.${sum} = m.${sum}
      THEN m.${column} ELSE EXCLUDED.${column} END`;
}

interface DailyOptions extends RollupOptions {
  readonly byHand?: boolean;
  readonly guarded?: PurgeEdges | undefined;
}

/**
 * Recomputes the daily rows of a range that lies on UTC day boundaries from its hourly rows, each level by
 * itself, and removes the rows of levels that have no hourly row any more. Days of which the retention has dropped an
 * hour stay as they are: their rows know more than the hours that are left.
 *
 * Bound: range start, range end, purge edges of the raw tables.
 *
 * @param byHand whether it is outside the drain: then the days are noted, so that the drain has the last word
 * @param guarded the purge edges, where a day is to stay as it is that would lose more than half of what it counts. Its hours cannot do that
 * by themselves: other rows of its day were computed from more hours than there are.
 */
export function upsertDailyRange(
  tables: OpsTables,
  range: TimeRange,
  { byHand = false, guarded, ...options }: DailyOptions = DEFAULT_ROLLUP_OPTIONS,
): SqlStatement {
  const columns = WRITTEN_COLUMNS.join(', ');
  const foreign = foreignColumns(tables.fills.daily);
  const counted = fillOfUsage(tables.fills.daily.ttftSampleCount);
  const merged = options.distributions
    ? MERGED_DAYS
    : `merged AS MATERIALIZED (
  SELECT d.bucket_date, d.platform_key, d.group_key, ${DISTRIBUTED.map(([name]) => `NULL::int[] AS ${name}_counted`).join(', ')}
  FROM summed d
)`;
  const inRange = `m.bucket_date >= ($1::timestamptz AT TIME ZONE 'UTC')::date
    AND m.bucket_date < ($2::timestamptz AT TIME ZONE 'UTC')::date`;
  // What another definition, or another program, has counted says nothing, as long as the day's raw rows are all there.
  const isGuarded = (side: 'usage' | 'errors'): string =>
    `(NOT ${isOldDefinition(storedVersion('m'), String(tables.definition))} OR m.bucket_date::timestamp AT TIME ZONE 'UTC' < edge.${side})`;
  const halves = `2 * ${usageSize('c')} < ${usageSize('m')} AND ${isGuarded('usage')}
      OR 2 * (${errorSize('c', 'm')}) < ${errorSize('m', 'm')} AND ${isGuarded('errors')}`;
  const text = `WITH dropped AS MATERIALIZED (
  SELECT DISTINCT (bucket_start AT TIME ZONE 'UTC')::date AS bucket_date FROM ${tables.droppedHours}
  WHERE bucket_start >= $1::timestamptz AND bucket_start < $2::timestamptz
),
summed AS MATERIALIZED (
  SELECT (h.bucket_start AT TIME ZONE 'UTC')::date AS bucket_date,
    COALESCE(h.platform, '') AS platform_key, COALESCE(h.group_id, 0) AS group_key,
    ${dailyColumns().join(',\n    ')}${counted(`COALESCE(sum(h.${tables.fills.hourly.ttftSampleCount ? 'ttft_sample_count' : 'ttft_samples'}), 0)`)},
    ${DISTRIBUTED.map(([name]) => hoursOfDay(name)).join(',\n    ')}
  FROM ${tables.hourly} h
  WHERE h.bucket_start >= $1::timestamptz AND h.bucket_start < $2::timestamptz
    AND (h.bucket_start AT TIME ZONE 'UTC')::date NOT IN (SELECT bucket_date FROM dropped)
  GROUP BY group_key, platform_key, bucket_date
),
${merged},
computed AS MATERIALIZED (
  SELECT bucket_date, group_key, platform_key,
    ${[...METRIC_COLUMNS, ...SAMPLE_COLUMNS, ...SPLIT_COLUMNS].map((column) => `d.${column}`).join(', ')}${counted('d.ttft_sample_count')},
    ${distributionColumns('m').join(',\n    ')}
  FROM summed d FULL JOIN merged m USING (bucket_date, platform_key, group_key)
),
overall AS MATERIALIZED (
  SELECT * FROM summed WHERE platform_key = '' AND group_key = 0
),
held AS MATERIALIZED (
  SELECT m.bucket_date
  FROM (SELECT $3::timestamptz AS usage, $4::timestamptz AS errors) edge
  CROSS JOIN ${tables.daily} m LEFT JOIN overall c ON c.bucket_date = m.bucket_date
  WHERE edge.usage IS NOT NULL AND ${inRange} AND ${isOverallRow('m')} AND (${halves})
),
moment AS MATERIALIZED (SELECT clock_timestamp() AS at),
written AS (
  INSERT INTO ${tables.daily} AS m
    (bucket_date, platform, group_id, ${columns}, definition_version, computed_at, written_at${foreign.names})
  SELECT bucket_date, NULLIF(platform_key, ''), NULLIF(group_key, 0), ${columns}, ${tables.definition}, at, at${foreign.values}
  FROM computed CROSS JOIN moment
  WHERE bucket_date NOT IN (SELECT bucket_date FROM held)
  ON CONFLICT (bucket_date, COALESCE(platform, ''), COALESCE(group_id, 0)) DO UPDATE SET
    ${WRITTEN_COLUMNS.map((column) => assignment(column, options)).join(',\n    ')},
    definition_version = EXCLUDED.definition_version,
    computed_at = EXCLUDED.computed_at, written_at = EXCLUDED.written_at${foreign.assignments}
  RETURNING 1
),
removed AS (
  DELETE FROM ${tables.daily} WHERE id = ANY(ARRAY(${rowsWithoutKey(
    `SELECT m.id, m.bucket_date, m.platform, m.group_id
      FROM ${tables.daily} m
      WHERE ${inRange}
        AND m.bucket_date NOT IN (SELECT bucket_date FROM dropped UNION ALL SELECT bucket_date FROM held)`,
    'bucket_date',
  )}))
  RETURNING bucket_date
),
${dimensionDays(tables, {
  distributions: options.distributions,
  inRange,
  assignment: (column) => assignment(column, options),
})}${byHand ? notedByHand(tables, 'day', TOUCHED) : ''}
SELECT (SELECT count(*) FROM written) AS written, (SELECT count(*) FROM removed) AS removed,
  ARRAY(SELECT to_char(bucket_date, 'YYYY-MM-DD') FROM held) AS held`;
  return {
    text,
    values: [range.start.toISOString(), range.end.toISOString(), guarded?.usage, guarded?.errors],
  };
}
