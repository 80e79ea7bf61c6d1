import {
  COST_COLUMNS,
  DISTRIBUTED,
  LATENCIES,
  PERCENTILES,
  TOKEN_COLUMNS,
  USAGE_GROUP_JOIN,
  USAGE_PLATFORM,
} from '../../definitions/definitions.js';
import type { Dimension } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { HOUR_TIER, widthOf, type RawTier } from '../../definitions/tiers.js';
import { dimensionSets } from './dimension-sets.js';
import { bucketsWithCells, setsOfCells } from './distributed-usage.js';
import { forEachBucket, inBucket } from './levels.js';
import { isSelected, percentile, rankedOfRuns, rankedOfSorted } from './ranked-latencies.js';
import {
  kept,
  largest,
  mergedKept,
  runsOf,
  sortedArray,
  sortedRuns,
  STORED_EXACT_UP_TO,
} from './sorted-latencies.js';

const each = (column: (name: string, sum: string) => string, separator = ',\n    '): string =>
  DISTRIBUTED.map(([name, sum]) => column(name, sum)).join(separator);

/** Of a row of what is distributed, by its place in DISTRIBUTED: the latencies come first. */
const IS_LATENCY = `x.name < ${LATENCIES.length}`;

/** Sums of a row, beside those of what is distributed. */
const PLAIN_SUMS = [...TOKEN_COLUMNS, ...COST_COLUMNS];
const SUMS = ['success_count', ...PLAIN_SUMS, ...DISTRIBUTED.map(([, sum]) => sum)];

/**
 * The bucket's rows, read once, and grouped by group and by the key of each dimension: an index range scan and a hash for
 * each of the sets, which also collect what is distributed. The only place that reads usage rows.
 *
 * Rows count whose group exists. Without dimensions the join that comes after sees to that; asked of each row it is a
 * hashed subplan, which "IS TRUE" keeps from becoming a join of any other kind.
 */
function bySet(tables: OpsTables, tier: RawTier, dimensions: readonly Dimension[]): string {
  const { values, sets, name, key } = dimensionSets(dimensions, ({ usage }) => usage ?? 'NULL', 'r.group_id');
  const isOfGroup =
    dimensions.length === 0 ? '' : ` AND (u.group_id IN (SELECT id FROM ${tables.groups})) IS TRUE`;
  // Levels have theirs sorted.
  const max = (column: string): string =>
    dimensions.length > 0 && LATENCIES.some(([name]) => name === column) ? `max(r.${column})` : 'NULL::int';
  const costs = (select: (column: string, value: string | null) => string): string =>
    COST_COLUMNS.map((column) => `${select(column, tables.costs[column])} AS ${column}`).join(', ');
  return `SELECT r.group_id, ${name} AS dimension, ${key} AS key, count(*) AS success_count,
      ${TOKEN_COLUMNS.map((column) => `COALESCE(sum(r.${column}), 0) AS ${column}`).join(', ')},
      ${costs((column, value) => (value === null ? 'NULL::numeric' : `COALESCE(sum(r.${column}), 0)`))},
      ${each(
        (column, sum) => `COALESCE(sum(r.${column}), 0) AS ${sum}, ${max(column)} AS ${column}_max,
      array_agg(r.${column}) FILTER (WHERE r.${column} IS NOT NULL) AS ${column}_raw`,
        ',\n      ',
      )}
    FROM (
      SELECT u.group_id, ${TOKEN_COLUMNS.map((column) => `u.${column}`).join(', ')},
        ${costs((_column, value) => value ?? 'NULL')},
        ${DISTRIBUTED.map(([column, , raw]) => `${raw} AS ${column}`).join(', ')}${values}
      FROM ${tables.usageLogs} u
      WHERE ${inBucket('u', widthOf(tier))} AND u.group_id <> 0${isOfGroup} AND ${tables.usageCondition}
      OFFSET 0
    ) r
    GROUP BY GROUPING SETS (${['(r.group_id)', ...sets].join(', ')})`;
}

/** The rows that count, each with a number: a join of the sets, not of the rows. */
const numberedSets = (tables: OpsTables): string => `SELECT row_number() OVER () AS nth, u.*,
    CASE WHEN u.dimension IS NULL THEN ${USAGE_PLATFORM} ELSE '' END AS platform_key, COALESCE(u.group_id, 0) AS group_key
  FROM by_set u LEFT JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
  WHERE g.id IS NOT NULL AND (u.dimension IS NULL OR ${USAGE_PLATFORM} <> '') OR u.group_id IS NULL`;

/**
 * What is distributed of a set, one row for each that is, so that whatever is done with latencies is written, and planned,
 * once. Levels have theirs sorted, for the percentiles or the distribution; keys, which have no percentile, only where
 * they are too many to be kept as they come.
 */
const samplesOfSets = (distributions: boolean): string => {
  const isSorted = distributions
    ? `x.is_level OR cardinality(x.raw) > ${STORED_EXACT_UP_TO}`
    : `x.is_level AND ${IS_LATENCY}`;
  return `SELECT x.nth, x.platform_key, x.is_level, x.name, x.samples, x.sorted, ${largest('x.sorted')} AS largest,
    ${distributions ? `CASE WHEN x.sorted IS NULL THEN x.raw ELSE ${kept('x.sorted')} END` : 'NULL::int[]'} AS counted,
    CASE WHEN x.is_level AND ${IS_LATENCY} THEN ${rankedOfSorted('x.sorted', 'x.samples')} END AS ranked
  FROM (
    SELECT x.*, COALESCE(cardinality(x.raw), 0) AS samples, CASE WHEN ${isSorted} THEN ${sortedArray('x.raw')} END AS sorted
    FROM (
      SELECT s.nth, s.platform_key, s.dimension IS NULL AS is_level, n.name,
        CASE n.name ${DISTRIBUTED.map(([name], index) => `WHEN ${index} THEN s.${name}_raw`).join(' ')} END AS raw
      FROM sets s CROSS JOIN (VALUES ${DISTRIBUTED.map((_one, index) => `(${index})`).join(', ')}) AS n(name)
      OFFSET 0
    ) x
    OFFSET 0
  ) x`;
};

/**
 * Not at the platform level of an hour: its distribution is always exactly the sum of its groups', which a reader adds up
 * sooner than every hour would. (The overall one is not the sum of theirs, where a platform is ''.) Of minutes there are
 * too many in an answer for that.
 */
const hasDistribution = (distributions: boolean, tier: RawTier): string =>
  !distributions ? 'false' : tier === HOUR_TIER ? "x.platform_key = ''" : 'true';

const ABOVE_GROUPS = (platform: string): string =>
  `HAVING count(*) > 0 AND (GROUPING(${platform}) = 1 OR ${platform} <> '')`;

/**
 * The same of the platforms and the whole, from the groups: sorted from what is sorted below, or, where that is much,
 * selected from it and added up. Everything of the groups is read once, however many platforms there are.
 */
const samplesAboveGroups = (distributions: boolean, tier: RawTier, selects: boolean): string => {
  const isKept = hasDistribution(distributions, tier);
  return `SELECT x.platform_key, x.name, x.samples, x.largest,
    ${distributions ? `CASE WHEN NOT (${isKept}) THEN NULL ${selects ? `WHEN x.sorted IS NULL THEN (${mergedKept('x.counted_runs')})` : ''} ELSE ${kept('x.sorted')} END` : 'NULL::int[]'} AS counted,
    CASE WHEN NOT (${IS_LATENCY}) THEN NULL ${selects ? `WHEN x.sorted IS NULL THEN ${rankedOfRuns('x.runs', 'x.samples')}` : ''}
      ELSE ${rankedOfSorted('x.sorted', 'x.samples')} END AS ranked
  FROM (
    SELECT x.*, CASE WHEN (${IS_LATENCY} OR ${isKept}) ${selects ? `AND NOT (${isSelected('x.samples', 'x.groups')})` : ''} THEN ${sortedRuns('x.runs')} END AS sorted
    FROM (
      SELECT CASE WHEN GROUPING(x.platform_key) = 1 THEN '' ELSE x.platform_key END AS platform_key, x.name,
        count(*) AS groups, sum(x.samples)::int AS samples, max(x.largest) AS largest,
        ${runsOf('x.sorted')} AS runs, ${runsOf('x.counted, x.samples')} AS counted_runs
      FROM samples_of_sets x
      WHERE x.is_level
      GROUP BY GROUPING SETS ((x.name, x.platform_key), (x.name))
      ${ABOVE_GROUPS('x.platform_key')}
      OFFSET 0
    ) x
    OFFSET 0
  ) x`;
};

/** One row for each of `key` again. */
const pivoted = (from: string, key: string): string =>
  `(SELECT x.${key}, ${DISTRIBUTED.flatMap(([name], index) =>
    ['samples', 'largest', 'counted', ...(index < LATENCIES.length ? ['ranked'] : [])].map(
      (column) => `max(x.${column}) FILTER (WHERE x.name = ${index}) AS ${name}_${column}`,
    ),
  ).join(', ')} FROM ${from} x GROUP BY x.${key})`;

/** The sums of the platforms and the whole, from the groups. */
const sumsAboveGroups = (): string =>
  `(SELECT CASE WHEN GROUPING(s.platform_key) = 1 THEN '' ELSE s.platform_key END AS platform_key,
      ${SUMS.map((column) => `sum(s.${column})${(COST_COLUMNS as readonly string[]).includes(column) ? '' : '::bigint'} AS ${column}`).join(', ')}
    FROM sets s WHERE s.dimension IS NULL
    GROUP BY GROUPING SETS ((s.platform_key), ())
    ${ABOVE_GROUPS('s.platform_key')})`;

/** The rows of levels and dimensions. Joined by FULL JOIN, which is never a nested loop, however many groups there are. */
function measured(): string {
  const columns = [
    ...SUMS.map((column) => `s.${column}`),
    ...DISTRIBUTED.flatMap(([name], index) => [
      `x.${name}_samples, x.${name}_counted`,
      ...(index < LATENCIES.length ? [`x.${name}_ranked`] : []),
    ]),
  ].join(', ');
  const largestOf = (otherwise: (name: string) => string): string =>
    LATENCIES.map(([name]) => `COALESCE(x.${name}_largest, ${otherwise(name)}) AS ${name}_largest`).join(
      ', ',
    );
  const percentiles = LATENCIES.flatMap(([latency]) => [
    ...PERCENTILES.map(
      ([name, fraction], nth) =>
        `${percentile(`s.${latency}_ranked`, nth, fraction, `s.${latency}_samples`)} AS ${latency}_${name}_ms`,
    ),
    `CASE WHEN s.dimension IS NULL THEN s.${latency}_sum_ms::float8 / NULLIF(s.${latency}_samples, 0) END AS ${latency}_avg_ms`,
    `s.${latency}_largest AS ${latency}_max_ms`,
  ]);
  return `SELECT s.dimension, s.key, s.platform_key, s.group_key,
    s.success_count, ${TOKEN_COLUMNS.map((column) => `s.${column}`).join(' + ')} AS token_consumed,
    ${PLAIN_SUMS.map((column) => `s.${column}`).join(', ')},
    ${percentiles.join(',\n    ')},
    ${each((name, sum) => `s.${sum}, s.${name}_samples, s.${name}_counted`)}
  FROM (
    SELECT s.dimension, s.key, s.platform_key, s.group_key, ${columns}, ${largestOf((name) => `s.${name}_max`)}
    FROM sets s FULL JOIN ${pivoted('samples_of_sets', 'nth')} x ON x.nth = s.nth
    WHERE s.dimension IS NOT NULL OR s.platform_key <> ''
    UNION ALL
    SELECT NULL, NULL, s.platform_key, 0, ${columns}, ${largestOf(() => 'NULL')}
    FROM ${sumsAboveGroups()} s FULL JOIN ${pivoted('samples_above_groups', 'platform_key')} x ON x.platform_key = s.platform_key
    OFFSET 0
  ) s`;
}

/**
 * The usage side of every bucket of the CTE `buckets`: platform_key ('' = none) and group_key (0 = none), as the unique
 * index has them, or dimension and key; counts, sums and latencies, with each distribution as one array `<name>_counted`
 * as it is kept: see kept() in sorted-latencies.ts.
 *
 * A platform '' counts in the overall row only: it would take that row's key.
 *
 * Where distributions are wanted, the statement must have the CTE of binsCte(); of a distributed table those of
 * usageCells().
 *
 * @param dimensions those that are kept of the tier
 * @param selects whether many latencies may be selected instead of sorted: only in a transaction that switches JIT off
 */
export function usageSide(
  tables: OpsTables,
  distributions: boolean,
  tier: RawTier,
  dimensions: readonly Dimension[],
  selects: boolean,
): string {
  const ofUsage = dimensions.filter(({ usage }) => usage !== null);
  const isDistributed = tables.distributed.usage;
  return forEachBucket(
    'usage',
    `WITH by_set AS MATERIALIZED (
  ${isDistributed ? setsOfCells(tables, ofUsage) : bySet(tables, tier, ofUsage)}
),
sets AS MATERIALIZED (
  ${numberedSets(tables)}
),
samples_of_sets AS MATERIALIZED (
  ${samplesOfSets(distributions)}
),
samples_above_groups AS MATERIALIZED (
  ${samplesAboveGroups(distributions, tier, selects)}
)
${measured()}`,
    isDistributed ? bucketsWithCells(tables, ofUsage) : 'buckets h',
  );
}
