import {
  DIMENSION_USAGE_COLUMNS,
  DISTRIBUTION_COLUMNS,
  ERROR_COLUMNS,
  MAX_COLUMNS,
} from '../../definitions/columns.js';
import { NO_KEY, OTHER_KEYS, type Dimension } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { HOUR_TIER } from '../../definitions/tiers.js';
import { roundedTo7Bits } from './canonical-distribution.js';
import { DISTRIBUTION_ARRAYS, ERROR_SUMS, errorRows, SAMPLED, usageRows, usageSums } from './raw-buckets.js';

const USAGE_SUMMED = DIMENSION_USAGE_COLUMNS.filter(
  (column) => !MAX_COLUMNS.includes(column) && !DISTRIBUTION_COLUMNS.includes(column),
);
const SAMPLE_ARRAYS = SAMPLED.map(([name]) => `${name}_array`);

/** Names of the sets that are kept, as a list of SQL. */
export const setNames = (dimensions: readonly Dimension[]): string =>
  dimensions.map(({ name }) => `'${name}'`).join(', ');

/** How many keys of the set `dimension` are kept by name. */
export const maxKeysOf = (dimensions: readonly Dimension[]): string =>
  `CASE dimension ${dimensions.map(({ name, maxKeys }) => `WHEN '${name}' THEN ${maxKeys}`).join(' ')} END`;

/**
 * The rank of a row's key among those of its bucket and set: what is stored and stays, then by requests, then by key. No
 * join: rows of one key share its rank.
 */
export const keyRank = (bucket: string, first: string): string =>
  `dense_rank() OVER (PARTITION BY ${bucket}, dimension ORDER BY key = '${OTHER_KEYS}', ${first}requests DESC, key COLLATE "C")`;

/** One side of every hour, by set, key and group, of those of its hours that are judged. */
function keyed(side: 'usage' | 'errors', dimensions: readonly Dimension[], sums: string): string {
  const keys = dimensions.map(
    ({ name, withinGroups }, index) =>
      `('${name}'::text, COALESCE(r.k${index}, '${NO_KEY}'), ${withinGroups})`,
  );
  return `SELECT r.starts, d.dimension, d.key,
    CASE WHEN d.within_groups AND r.platform <> '' THEN r.group_id ELSE 0 END AS group_key,
    ${sums}
  FROM ${side} r CROSS JOIN LATERAL (VALUES ${keys.join(', ')}) AS d(dimension, key, within_groups)
  WHERE r.starts AT TIME ZONE 'UTC' <> ALL (ARRAY(SELECT bucket FROM given WHERE ${side}_reason IS NOT NULL))
  GROUP BY 1, 2, 3, 4`;
}

const keyTexts = (dimensions: readonly Dimension[], value: (one: Dimension) => string): string =>
  dimensions.map((one, index) => `, (${value(one)})::text AS k${index}`).join('');

/**
 * CTEs that end in `computed`: bucket, dimension, group_key, key and every compared column of the hours from $1 to $2, as their
 * raw rows give them. Like raw-buckets.ts they share nothing with the rollup but which column a key is of.
 *
 * They read the relation `given` (bucket, usage_reason, errors_reason): hours of which a side is not judged. The other is
 * held against what a drain would make of it: keys that are stored of a side that stays are kept by name, whatever their
 * requests.
 */
export function computedDimensionHours(tables: OpsTables): string {
  const ofUsage = tables.dimensions.filter(({ usage }) => usage !== null);
  const columns = [
    ...USAGE_SUMMED.map((column) => `COALESCE(sum(${column}), 0) AS ${column}`),
    ...MAX_COLUMNS.map((column) => `max(${column}) AS ${column}`),
    ...ERROR_COLUMNS.map((column) => `COALESCE(sum(${column}), 0) AS ${column}`),
  ];
  const carried = [...USAGE_SUMMED, ...MAX_COLUMNS, ...SAMPLE_ARRAYS, ...ERROR_COLUMNS];
  const nullOf = (column: string): string =>
    SAMPLE_ARRAYS.includes(column) ? 'NULL::bigint[]' : 'NULL::numeric';
  const select = (known: readonly string[]): string =>
    carried
      .map((column) =>
        known.includes(column)
          ? SAMPLE_ARRAYS.includes(column)
            ? `${column}::bigint[]`
            : `${column}::numeric`
          : nullOf(column),
      )
      .join(', ');
  const usage =
    ofUsage.length === 0
      ? ''
      : `usage AS NOT MATERIALIZED (
  ${usageRows(
    tables,
    HOUR_TIER,
    keyTexts(ofUsage, (one) => one.usage ?? 'NULL'),
  )}
),
keyed_usage AS (
  ${keyed('usage', ofUsage, `${usageSums(tables)},\n    ${SAMPLED.map(([name, column]) => `array_agg(${column}) FILTER (WHERE ${column} IS NOT NULL) AS ${name}_array`).join(', ')}`)}
),
`;
  const groups = 'GROUPING SETS ((starts, dimension, key';
  return `${usage}errors AS NOT MATERIALIZED (
  ${errorRows(
    tables,
    HOUR_TIER,
    keyTexts(tables.dimensions, (one) => one.error),
  )}
),
keyed_errors AS (
  ${keyed('errors', tables.dimensions, ERROR_SUMS)}
),
keyed AS (
  ${
    ofUsage.length === 0
      ? ''
      : `SELECT starts, dimension, key, group_key, false AS stays, ${select([...USAGE_SUMMED, ...MAX_COLUMNS, ...SAMPLE_ARRAYS])}
  FROM keyed_usage
  UNION ALL
  `
  }SELECT starts, dimension, key, group_key, false AS stays, ${select(ERROR_COLUMNS)}
  FROM keyed_errors
  UNION ALL
  SELECT m.bucket_start AT TIME ZONE 'UTC', m.dimension, m.key, 0, true, ${select([])}
  FROM ${tables.dimensionHourly} m JOIN given ON given.bucket = m.bucket_start
  WHERE m.group_id IS NULL AND (
    (usage_reason IS NOT NULL AND m.success_count > 0)
    OR (errors_reason IS NOT NULL AND (m.success_count = 0 OR ${ERROR_COLUMNS.map((column) => `m.${column} <> 0`).join(' OR ')}))
  )
),
ranked AS (
  SELECT *, ${keyRank('starts', 'key_stays DESC, ')} AS rank
  FROM (
    SELECT *, bool_or(stays) OVER by_key AS key_stays,
      COALESCE(sum(COALESCE(success_count, 0) + COALESCE(error_count_total, 0)) OVER by_key, 0) AS requests
    FROM keyed k(starts, dimension, key, group_key, stays, ${carried.join(', ')})
    WINDOW by_key AS (PARTITION BY starts, dimension, key)
  ) k
),
named AS MATERIALIZED (
  SELECT starts, dimension, group_key, ${carried.join(', ')},
    CASE WHEN key_stays OR rank <= ${maxKeysOf(tables.dimensions)} THEN key ELSE '${OTHER_KEYS}' END AS key
  FROM ranked WHERE NOT stays
),
key_rows AS (
  SELECT starts, dimension, key, CASE WHEN GROUPING(group_key) = 1 THEN 0 ELSE group_key END AS group_key,
    ${columns.join(',\n    ')}
  FROM named
  GROUP BY ${groups}), (starts, dimension, key, group_key))
  HAVING GROUPING(group_key) = 1 OR group_key <> 0
),
key_cells AS (
  SELECT starts, dimension, key, CASE WHEN GROUPING(group_key) = 1 THEN 0 ELSE group_key END AS group_key,
    name, value, count(*) AS count
  FROM (
    SELECT n.starts, n.dimension, n.key, n.group_key, s.name, ${roundedTo7Bits('s.sample')} AS value
    FROM named n CROSS JOIN LATERAL (
      ${SAMPLED.map(([name]) => `SELECT '${name}' AS name, unnest(n.${name}_array) AS sample`).join('\n      UNION ALL ')}
    ) s
  ) c
  GROUP BY ${groups}, name, value), (starts, dimension, key, group_key, name, value))
  HAVING GROUPING(group_key) = 1 OR group_key <> 0
),
key_distributions AS (
  SELECT starts, dimension, key, group_key,${DISTRIBUTION_ARRAYS}
  FROM key_cells GROUP BY 1, 2, 3, 4
),
computed AS (
  SELECT starts AT TIME ZONE 'UTC' AS bucket, dimension, group_key, key,
    ${[...USAGE_SUMMED, ...MAX_COLUMNS, ...ERROR_COLUMNS].map((column) => `r.${column}`).join(', ')},
    ${DISTRIBUTION_COLUMNS.map((column) => `d.${column}`).join(', ')},
    ${SAMPLED.map(([name]) => `true AS ${name}_known`).join(', ')}
  FROM key_rows r FULL JOIN key_distributions d USING (starts, dimension, key, group_key)
)`;
}
