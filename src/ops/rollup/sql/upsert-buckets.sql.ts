import {
  ERROR_COLUMNS,
  SAMPLE_COLUMNS,
  SPLIT_COLUMNS,
  USAGE_COLUMNS,
  WRITTEN_COLUMNS,
} from '../../definitions/columns.js';
import { isOldDefinition, storedVersion } from '../../definitions/definition-version.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { hourOf, isoUtc } from '../../sql/sql-time.js';
import { HOUR_TIER, storeOf, widthOf, type RawTier } from '../../definitions/tiers.js';
import type { TimeRange } from '../../common/utc.js';
import { fillOfUsage, foreignColumns } from '../fragments/foreign-columns.js';
import { errorsSide } from '../fragments/errors-side.js';
import {
  HAS_SIDE,
  isTaken,
  judgedSides,
  type Edge,
  type SideMode,
  type Verdict,
} from '../fragments/judged-sides.js';
import { notedByHand } from '../fragments/noted-by-hand.js';
import { dimensionBuckets } from '../fragments/dimension-buckets.js';
import { keptColumns } from '../fragments/dimension-samples.js';
import { rowsWithoutKey } from '../fragments/rows-without-key.js';
import { usageCells } from '../fragments/distributed-usage.js';
import { usageSide } from '../fragments/usage-side.js';
import { binsCte } from '../fragments/sorted-latencies.js';
import { DEFAULT_ROLLUP_OPTIONS, type RollupOptions } from './rollup-options.js';

/** The row that each of the statements here returns; the counts are bigint, and arrive as strings. */
export interface UpsertResult {
  written: string;
  removed: string;
  /** The buckets of which a side was held back or waits; every other one has been recomputed. */
  held: HeldBucket[];
}

/** A bucket of which a side stays as it is stored for now, although its raw rows give less. */
export interface HeldBucket {
  /** ISO, UTC. */
  readonly bucket: string;
  readonly usage: Verdict;
  readonly errors: Verdict;
  /** The requests that its raw rows give. */
  readonly requests: number;
}

/** A bucket to recompute, and what may happen to its sides. */
export interface BucketToRecompute {
  /** ISO, UTC. */
  readonly bucket: string;
  readonly usage: SideMode;
  readonly errors: SideMode;
  /** Somebody waits for it: a side that stays as it is is said to be held back. */
  readonly asked: boolean;
  /** A smaller loss has been seen long enough to be no purge in progress. */
  readonly settled: boolean;
}

interface Recompute {
  /** Selects bucket_start, usage_mode, errors_mode, asked, settled. */
  readonly buckets: string;
  readonly edge: Edge;
  /**
   * Percentiles above the groups are selected, where that is faster than sorting. The planner takes such a statement for so
   * dear that JIT would compile it for minutes: for transactions that switch it off.
   */
  readonly selects: boolean;
  readonly values: unknown[];
  /** More CTEs, over `judged`. */
  readonly more?: string;
}

/** A side of it may be taken; else it is left alone. */
const IS_RECOMPUTED = `(j.usage = 'take' OR j.errors = 'take')`;

/** One side of every bucket that is recomputed: from its raw rows, or as it is stored, row by row. */
function side(
  { table, fills }: ReturnType<typeof storeOf>,
  name: 'usage' | 'errors',
  columns: readonly string[],
): string {
  const select = (alias: string): string => columns.map((column) => `${alias}.${column}`).join(', ');
  const ofUsage = fillOfUsage(name === 'usage' && fills.ttftSampleCount);
  return `SELECT r.bucket_start, r.platform_key, r.group_key, ${select('r')}${ofUsage('r.ttft_samples')}
  FROM ${name}_raw r WHERE ${isTaken(name)}
  UNION ALL
  SELECT m.bucket_start, COALESCE(m.platform, ''), COALESCE(m.group_id, 0), ${select('m')}${ofUsage('m.ttft_sample_count')}
  FROM judged j JOIN ${table} m ON m.bucket_start = j.bucket_start AND ${HAS_SIDE[name]}
  WHERE j.${name} <> 'take' AND ${IS_RECOMPUTED}`;
}

/**
 * Recomputes the buckets of a tier, upserts their rows and removes the rows of their levels that have no raw row
 * any more: one statement, one snapshot. Each side of a bucket is judged by itself, see {@link SideMode}; a bucket of
 * which no side may be taken is left alone.
 */
function recompute(
  tables: OpsTables,
  tier: RawTier,
  order: Recompute,
  { distributions }: RollupOptions,
): SqlStatement {
  const columns = WRITTEN_COLUMNS.join(', ');
  const store = storeOf(tables, tier);
  const foreign = foreignColumns(store.fills);
  // Too many in an answer, and too often written: minutes have none.
  const dimensions = tier === HOUR_TIER ? tables.dimensions : [];
  const usage = (column: string): string =>
    SPLIT_COLUMNS.includes(column)
      ? `CASE WHEN u.success_count IS NULL THEN 0 ELSE u.${column} END AS ${column}`
      : column === 'success_count' || column === 'token_consumed' || SAMPLE_COLUMNS.includes(column)
        ? `COALESCE(u.${column}, 0) AS ${column}`
        : `u.${column}`;
  const text = `WITH buckets AS MATERIALIZED (
  ${order.buckets}
),${distributions ? `\n${binsCte()},` : ''}${tables.distributed.usage ? `\n${usageCells(tables, tier, dimensions)},` : ''}
usage_read AS MATERIALIZED (
  SELECT s.*, ${keptColumns('s').join(',\n    ')}
  FROM (
  ${usageSide(tables, distributions, tier, dimensions, order.selects)}
  ) s
),
errors_read AS MATERIALIZED (
  ${errorsSide(tables, widthOf(tier), dimensions)}
),
usage_raw AS MATERIALIZED (SELECT * FROM usage_read WHERE dimension IS NULL),
errors_raw AS MATERIALIZED (SELECT * FROM errors_read WHERE dimension IS NULL),
${judgedSides(tables, tier, order.edge)},
usage_side AS (
  ${side(store, 'usage', USAGE_COLUMNS)}
),
errors_side AS (
  ${side(store, 'errors', ERROR_COLUMNS)}
),
computed AS NOT MATERIALIZED (
  SELECT bucket_start, group_key, platform_key,
    ${[...USAGE_COLUMNS.map(usage), ...ERROR_COLUMNS.map((column) => `COALESCE(e.${column}, 0) AS ${column}`)].join(',\n    ')}${fillOfUsage(store.fills.ttftSampleCount)('COALESCE(u.ttft_sample_count, 0)')}
  FROM usage_side u FULL JOIN errors_side e USING (bucket_start, platform_key, group_key)
),
moment AS MATERIALIZED (SELECT clock_timestamp() AS at),
written AS (
  INSERT INTO ${store.table} AS m
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
  DELETE FROM ${store.table} WHERE id = ANY(ARRAY(${rowsWithoutKey(
    `SELECT m.id, m.bucket_start, m.platform, m.group_id
      FROM judged j JOIN ${store.table} m ON m.bucket_start = j.bucket_start
      WHERE ${IS_RECOMPUTED}`,
    'bucket_start',
  )}))
  RETURNING bucket_start
),
-- Its raw rows are going: what another definition, or another program, has made of the bucket stays, and is said no more.
settled AS (
  UPDATE ${store.table} m SET definition_version = ${tables.definition}, written_at = m.computed_at
  FROM judged j
  WHERE m.bucket_start = j.bucket_start AND j.usage = 'keep' AND j.errors = 'keep'
    AND ${isOldDefinition(storedVersion('m'), String(tables.definition))}
)${order.more ?? ''}${dimensions.length === 0 ? '' : `,\n${dimensionBuckets(tables, distributions, IS_RECOMPUTED)}`}
SELECT
  (SELECT count(*) FROM written) AS written,
  (SELECT count(*) FROM removed) AS removed,
  COALESCE((
    SELECT json_agg(json_build_object('bucket', ${isoUtc('bucket_start')}, 'usage', usage, 'errors', errors, 'requests', requests))
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
    HOUR_TIER,
    {
      buckets: `SELECT bucket_start, ${mode} AS usage_mode, ${mode} AS errors_mode, false AS asked, true AS settled
  FROM generate_series(
    ${hourOf(`LEAST(${extreme('min')})`)},
    GREATEST(${extreme('max')}),
    interval '1 hour'
  ) AS series(bucket_start)`,
      edge: 'followed',
      selects: false,
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
 * Recomputes the given buckets.
 *
 * Bound: the buckets; the modes of their usage and error sides; whether somebody waits; whether a loss has settled.
 */
export function upsertBuckets(
  tables: OpsTables,
  tier: RawTier,
  buckets: readonly BucketToRecompute[],
  options: RollupOptions = DEFAULT_ROLLUP_OPTIONS,
): SqlStatement {
  return recompute(
    tables,
    tier,
    {
      buckets: `SELECT bucket_start, usage_mode, errors_mode, asked, settled
  FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::boolean[], $5::boolean[])
    AS given(bucket_start, usage_mode, errors_mode, asked, settled)`,
      edge: 'purge',
      selects: true,
      values: [
        buckets.map(({ bucket }) => bucket),
        buckets.map(({ usage }) => usage),
        buckets.map(({ errors }) => errors),
        buckets.map(({ asked }) => asked),
        buckets.map(({ settled }) => settled),
      ],
    },
    options,
  );
}
