import { DIMENSION_USAGE_COLUMNS, ERROR_COLUMNS } from '../../definitions/columns.js';
import { OTHER_KEYS } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { HAS_SIDE, isTaken } from './judged-sides.js';
import {
  addedRows,
  DIMENSION_COLUMNS,
  isNamed,
  isOfSet,
  KEY_ORDER,
  mostKeys,
  writtenDimensions,
} from './dimension-rows.js';

const KEY = ['bucket_start', 'dimension', 'group_key', 'key'] as const;
/** What is taken of each side, and by what it is seen to be there as a whole. */
const SIDES = [
  ['usage', DIMENSION_USAGE_COLUMNS, ['success_count']],
  ['errors', ERROR_COLUMNS, ERROR_COLUMNS],
] as const;

type Side = (typeof SIDES)[number];

/** One side of every set that can be computed: from raw rows, or as it is stored. */
function side(tables: OpsTables, [name, columns]: Side): string {
  const select = (alias: string): string => columns.map((column) => `${alias}.${column}`).join(', ');
  // A key of a group may have had several platforms.
  const raw =
    name === 'usage'
      ? select('r')
      : columns.map((column) => `sum(r.${column})::bigint AS ${column}`).join(', ');
  return `SELECT ${KEY.map((column) => `r.${column}`).join(', ')}, false AS is_stored, ${raw}
  FROM ${name}_read r WHERE r.dimension IS NOT NULL AND ${isTaken(name)}${
    name === 'usage' ? '' : `\n  GROUP BY ${KEY.map((_, index) => index + 1).join(', ')}`
  }
  UNION ALL
  SELECT m.bucket_start, m.dimension, COALESCE(m.group_id, 0), m.key, true, ${select('m')}
  FROM judged j JOIN ${tables.dimensionHourly} m ON m.bucket_start = j.bucket_start AND ${HAS_SIDE[name]}
  WHERE j.${name} <> 'take'`;
}

/**
 * A side that stays as it is stored must be there, whole: a set that began later than its bucket cannot be added to, and
 * has no rows in it.
 */
function wholeSets(tables: OpsTables, isRecomputed: string): string {
  const isWhole = ([name, , columns]: Side): string =>
    `(j.${name} = 'take'${name === 'usage' ? ' OR NOT d.has_usage' : ''} OR ${columns
      .map((column) => `COALESCE(s.${column}, 0) = COALESCE(m.${column}, 0)`)
      .join(' AND ')})`;
  const sums = SIDES.flatMap(([, , columns]) => columns.map((column) => `sum(s.${column}) AS ${column}`));
  return `SELECT j.bucket_start, d.dimension
  FROM judged j
  CROSS JOIN (VALUES ${tables.dimensions.map(({ name, usage }) => `('${name}'::varchar, ${usage !== null})`).join(', ')}) AS d(dimension, has_usage)
  LEFT JOIN ${tables.hourly} m ON m.bucket_start = j.bucket_start AND ${isOverallRow('m')}
  LEFT JOIN LATERAL (
    SELECT ${sums.join(', ')} FROM ${tables.dimensionHourly} s
    WHERE s.bucket_start = j.bucket_start AND s.dimension = d.dimension AND COALESCE(s.group_id, 0) = 0
  ) s ON j.usage <> 'take' OR j.errors <> 'take'
  WHERE ${isRecomputed} AND ${SIDES.map(isWhole).join(' AND ')}`;
}

/**
 * CTEs that write the rows of the dimensions of every hour that is recomputed, by the CTE `judged`, from the relations
 * `usage_read` and `errors_read`. The keys that are kept by name are the busiest ones over all groups; those that are
 * stored, of a side that is not computed again, cannot be told apart from `(other)` any more once they are in it, and stay.
 */
export function dimensionBuckets(tables: OpsTables, distributions: boolean, isRecomputed: string): string {
  const using = KEY.join(', ');
  const columns = [
    ...DIMENSION_USAGE_COLUMNS.map((column) =>
      /_(?:values|counts|max_ms)$/.test(column)
        ? `u.${column}`
        : `CASE WHEN u.success_count IS NULL THEN 0 ELSE u.${column} END AS ${column}`,
    ),
    ...ERROR_COLUMNS.map((column) => `COALESCE(e.${column}, 0) AS ${column}`),
  ];
  return `dimension_sets AS MATERIALIZED (
  ${wholeSets(tables, isRecomputed)}
),
${SIDES.map(
  (one) => `dimension_${one[0]} AS (
  ${side(tables, one)}
)`,
).join(',\n')},
dimension_keys AS MATERIALIZED (
  SELECT ${using}, COALESCE(u.is_stored, false) OR COALESCE(e.is_stored, false) AS is_stored,
    ${columns.join(', ')}
  FROM dimension_usage u FULL JOIN dimension_errors e USING (${using})
  WHERE ${isOfSet('bucket_start')}
),
dimension_names AS MATERIALIZED (
  SELECT bucket_start, dimension, key
  FROM (
    SELECT bucket_start, dimension, key, is_stored,
      row_number() OVER (PARTITION BY bucket_start, dimension ORDER BY is_stored DESC, ${KEY_ORDER}) AS rank
    FROM dimension_keys WHERE group_key = 0 AND ${isNamed}
  ) ranked
  WHERE is_stored OR rank <= ${mostKeys(tables.dimensions)}
),
dimension_named AS MATERIALIZED (
  SELECT k.*, n.key IS NOT NULL AS has_name
  FROM dimension_keys k FULL JOIN dimension_names n
    ON n.bucket_start = k.bucket_start AND n.dimension = k.dimension AND n.key = k.key
),
dimension_rows AS MATERIALIZED (
  SELECT ${using}, ${DIMENSION_COLUMNS.join(', ')} FROM dimension_named WHERE has_name
  UNION ALL
  SELECT ${using}, ${DIMENSION_COLUMNS.join(', ')}
  FROM (
    ${addedRows('dimension_named r WHERE NOT has_name', 'bucket_start, dimension, group_key', distributions)}
  ) s CROSS JOIN (SELECT '${OTHER_KEYS}'::text AS key) k
),
${writtenDimensions({
  table: tables.dimensionHourly,
  bucket: 'bucket_start',
  stored: `SELECT m.id, m.bucket_start, m.dimension, m.group_id, m.key
      FROM judged j JOIN ${tables.dimensionHourly} m ON m.bucket_start = j.bucket_start
      WHERE ${isRecomputed}`,
})}`;
}
