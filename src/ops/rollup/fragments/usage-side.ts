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
import { keptSamples } from './dimension-samples.js';
import { dimensionSets } from './dimension-sets.js';
import { forEachBucket, inBucket } from './levels.js';
import {
  distribution,
  largest,
  percentile,
  runsOf,
  sorted,
  sortedArray,
  sortedRuns,
  STORED_EXACT_UP_TO,
} from './sorted-latencies.js';

const each = (column: (name: string, sum: string) => string, separator = ',\n    '): string =>
  DISTRIBUTED.map(([name, sum]) => column(name, sum)).join(separator);

const IS_LATENCY: ReadonlySet<string> = new Set(LATENCIES.map(([name]) => name));

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
    dimensions.length > 0 && IS_LATENCY.has(column) ? `max(r.${column})` : 'NULL::int';
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

const LEVEL_COLUMNS = [
  ...SUMS,
  ...DISTRIBUTED.map(([name]) => `${name}_sorted`),
  ...LATENCIES.map(([name]) => `(cardinality(${name}_sorted) - 1)::float8 AS ${name}_last`),
].join(', ');

/** Grouped before the join: a join of the groups, not of the rows. */
const byGroup = (tables: OpsTables): string => `SELECT ${USAGE_PLATFORM} AS platform, g.id AS group_id,
    ${SUMS.map((column) => `u.${column}`).join(', ')},
    ${each((name) => `${sortedArray(`u.${name}_raw`)} AS ${name}_sorted`)}
  FROM by_set u JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
  WHERE u.dimension IS NULL`;

/**
 * The level above a relation: sums are added up, and latencies sorted from those that are sorted below. Everything of
 * the level below is read once, however many rows the level above has.
 */
function levelAbove(below: string, platform: string, grouping: string): string {
  const sum = (column: string): string =>
    `sum(r.${column})${(COST_COLUMNS as readonly string[]).includes(column) ? '' : '::bigint'} AS ${column}`;
  return `SELECT r.platform, ${SUMS.map((column) => `r.${column}`).join(', ')},
    ${each((name) => `${sortedRuns(`r.${name}_runs`)} AS ${name}_sorted`)}
  FROM (
    SELECT ${platform} AS platform,
      ${SUMS.map(sum).join(',\n      ')},
      ${each((name) => `${runsOf(`r.${name}_sorted`)} AS ${name}_runs`, ',\n      ')}
    FROM ${below} r
    ${grouping}
  ) r`;
}

/**
 * Not at the platform level of an hour: its distribution is always exactly the sum of its groups', which a reader adds up
 * sooner than every hour would. (The overall one is not the sum of theirs, where a platform is ''.) Of minutes there are
 * too many in an answer for that.
 */
const ownDistribution = (sorted: string, tier: RawTier): string =>
  tier === HOUR_TIER
    ? `CASE WHEN s.group_key <> 0 OR s.platform_key = '' THEN ${distribution(sorted)} END`
    : distribution(sorted);

const TOKEN_SUM = `${TOKEN_COLUMNS.map((column) => `s.${column}`).join(' + ')} AS token_consumed`;
const PLAIN_COLUMNS = `s.success_count, ${TOKEN_SUM}, ${PLAIN_SUMS.map((column) => `s.${column}`).join(', ')}`;

/** The rows of the levels, from the relations by_group, by_platform and overall. */
function levels(distributions: boolean, tier: RawTier): string {
  const percentiles = LATENCIES.flatMap(([latency]) => {
    const latencies = `s.${latency}_sorted`;
    return [
      ...PERCENTILES.map(
        ([name, fraction]) =>
          `${percentile(latencies, `s.${latency}_last`, fraction)} AS ${latency}_${name}_ms`,
      ),
      `s.${latency}_sum_ms::float8 / NULLIF(cardinality(${latencies}), 0) AS ${latency}_avg_ms`,
      `${largest(latencies)} AS ${latency}_max_ms`,
    ];
  });
  return `SELECT NULL::text AS dimension, NULL::text AS key, s.platform_key, s.group_key,
    ${PLAIN_COLUMNS},
    ${percentiles.join(',\n    ')},
    ${each(
      (name, sum) => `s.${sum}, cardinality(s.${name}_sorted) AS ${name}_samples,
    ${distributions ? ownDistribution(`s.${name}_sorted`, tier) : 'NULL::int[]'} AS ${name}_counted`,
    )}
  FROM (
    SELECT platform AS platform_key, group_id AS group_key, ${LEVEL_COLUMNS} FROM by_group WHERE platform <> ''
    UNION ALL
    SELECT platform, 0, ${LEVEL_COLUMNS} FROM by_platform WHERE platform <> ''
    UNION ALL
    SELECT platform, 0, ${LEVEL_COLUMNS} FROM overall
    OFFSET 0
  ) s`;
}

/** The rows of the dimensions, likewise; nothing is sorted but what is too much to be kept as it is. */
function keys(tables: OpsTables, distributions: boolean): string {
  const noPercentiles = LATENCIES.map(
    ([latency]) => `${'NULL::int, '.repeat(PERCENTILES.length)}NULL::float8, s.${latency}_max`,
  );
  return `SELECT s.dimension, s.key, '', s.group_key,
    ${PLAIN_COLUMNS},
    ${noPercentiles.join(',\n    ')},
    ${each(
      (name, sum) => `s.${sum}, COALESCE(cardinality(s.${name}_raw), 0),
    ${distributions ? keptSamples(`s.${name}_raw`, `s.${name}_sorted`) : 'NULL::int[]'}`,
    )}
  FROM (
    SELECT r.*, COALESCE(r.group_id, 0) AS group_key,
      ${each((name) => `CASE WHEN cardinality(r.${name}_raw) > ${STORED_EXACT_UP_TO} THEN ${sorted(`SELECT unnest(r.${name}_raw)`)} END AS ${name}_sorted`)}
    FROM by_set r
    WHERE r.dimension IS NOT NULL
      AND (r.group_id IS NULL OR (SELECT ${USAGE_PLATFORM} <> '' FROM ${tables.groups} g WHERE g.id = r.group_id))
    OFFSET 0
  ) s`;
}

/**
 * The usage side of every bucket of the CTE `buckets`: platform_key ('' = none) and group_key (0 = none), as the unique
 * index has them, or dimension and key; counts, sums and latencies, with each distribution as one array `<name>_counted`
 * (see distribution(); in a dimension keptSamples()).
 *
 * A platform '' counts in the overall row only: it would take that row's key.
 *
 * Where distributions are wanted, the statement must have the CTE of binsCte().
 *
 * @param dimensions those that are kept of the tier
 */
export function usageSide(
  tables: OpsTables,
  distributions: boolean,
  tier: RawTier,
  dimensions: readonly Dimension[],
): string {
  const ofUsage = dimensions.filter(({ usage }) => usage !== null);
  return forEachBucket(
    'usage',
    `WITH by_set AS MATERIALIZED (
  ${bySet(tables, tier, ofUsage)}
),
by_group AS MATERIALIZED (
  ${byGroup(tables)}
),
by_platform AS MATERIALIZED (
  ${levelAbove('by_group', 'r.platform', 'GROUP BY r.platform')}
),
overall AS MATERIALIZED (
  ${levelAbove('by_platform', "''", 'HAVING count(*) > 0')}
)
${levels(distributions, tier)}${ofUsage.length === 0 ? '' : `\n  UNION ALL\n  ${keys(tables, distributions)}`}`,
  );
}
