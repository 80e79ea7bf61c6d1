import {
  COUNT_COLUMNS,
  DIMENSION_USAGE_COLUMNS,
  ERROR_COLUMNS,
  MAX_COLUMNS,
  SAMPLE_COLUMNS,
} from '../../definitions/columns.js';
import { DISTRIBUTED } from '../../definitions/definitions.js';
import { OTHER_KEYS, type Dimension } from '../../definitions/dimensions.js';
import { splitSums } from './split-sums.js';
import { keptColumns, mergedRecords, recordsOf } from './dimension-samples.js';

/** Every column of a row of a dimension but its key. */
export const DIMENSION_COLUMNS: readonly string[] = [...DIMENSION_USAGE_COLUMNS, ...ERROR_COLUMNS];

/** How many keys of the dimension `dimension` are kept by name. */
export const mostKeys = (dimensions: readonly Dimension[]): string =>
  `CASE dimension ${dimensions.map(({ name, maxKeys }) => `WHEN '${name}' THEN ${maxKeys}`).join(' ')} END`;

/**
 * The keys of each bucket and dimension in the order in which they are kept by name: by requests, then by key. A window
 * function's ORDER BY; rows with `success_count`, `error_count_total` and `key`.
 */
export const KEY_ORDER = 'success_count + error_count_total DESC, key COLLATE "C"';

const summedRows = (alias: string): string[] => [
  ...[...COUNT_COLUMNS, ...SAMPLE_COLUMNS].map(
    (column) => `COALESCE(sum(${alias}.${column}), 0)::bigint AS ${column}`,
  ),
  ...MAX_COLUMNS.map((column) => `max(${alias}.${column}) AS ${column}`),
  ...splitSums(alias),
];

/**
 * Rows of dimensions added up by a key, with their distributions; of a row that has samples and no distribution, the sum
 * has none either: part of it would pass for the whole.
 *
 * @param from rows `r` of a dimension
 * @param key columns to group by: they are the first ones of the result
 */
export function addedRows(from: string, key: string, distributions: boolean): string {
  const records = DISTRIBUTED.map(
    ([name]) => `${recordsOf('r', name)} AS ${name}_records,
      bool_and(COALESCE(r.${name}_samples, 0) = 0 OR r.${name}_values IS NOT NULL) AS ${name}_complete`,
  );
  const counted = DISTRIBUTED.map(([name]) =>
    distributions
      ? `CASE WHEN s.${name}_complete THEN ${mergedRecords(`s.${name}_records`, `s.${name}_samples`)} END AS ${name}_counted`
      : `NULL::int[] AS ${name}_counted`,
  );
  return `SELECT s.*, ${keptColumns('s').join(', ')}
  FROM (
    SELECT s.*, ${counted.join(',\n      ')}
    FROM (
      SELECT ${key}, ${summedRows('r').join(',\n        ')},
        ${records.join(',\n        ')}
      FROM ${from}
      GROUP BY ${key}
      OFFSET 0
    ) s
    OFFSET 0
  ) s`;
}

interface DimensionTable {
  readonly table: string;
  readonly bucket: 'bucket_start' | 'bucket_date';
  /** Selects the stored rows (id, bucket, dimension, group_id, key) of the buckets that are recomputed. */
  readonly stored: string;
  /** What an upsert sets a column to. */
  readonly assignment?: (column: string) => string;
}

/**
 * CTEs that write the rows of the relation `dimension_rows` (bucket, dimension, group_key, key and the columns), and
 * remove the others that are stored of their buckets. A FULL JOIN is never a nested loop.
 */
export function writtenDimensions({ table, bucket, stored, assignment }: DimensionTable): string {
  const columns = DIMENSION_COLUMNS.join(', ');
  const set = assignment ?? ((column: string): string => `${column} = EXCLUDED.${column}`);
  return `written_keys AS (
  INSERT INTO ${table} AS m (${bucket}, dimension, group_id, key, ${columns})
  SELECT ${bucket}, dimension, NULLIF(group_key, 0), key, ${columns} FROM dimension_rows
  ON CONFLICT (${bucket}, dimension, COALESCE(group_id, 0), key) DO UPDATE SET
    ${DIMENSION_COLUMNS.map(set).join(',\n    ')}
),
removed_keys AS (
  DELETE FROM ${table} WHERE id = ANY(ARRAY(
    SELECT s.id
    FROM (
      ${stored}
    ) s
    FULL JOIN (SELECT ${bucket}, dimension, group_key, key FROM dimension_rows) c
      ON c.${bucket} = s.${bucket} AND c.dimension = s.dimension AND c.group_key = COALESCE(s.group_id, 0) AND c.key = s.key
    WHERE c.${bucket} IS NULL
  ))
)`;
}

export const isNamed = `key <> '${OTHER_KEYS}'`;

/**
 * That the rows of a relation are of one of the CTE `dimension_sets`. A hashed subplan, and so are all joins of keys with
 * their names FULL JOINs: to whatever else it could be, the planner, who knows nothing of how many keys there are, gives a
 * nested loop.
 */
export const isOfSet = (bucket: string): string =>
  `((${bucket}, dimension) IN (SELECT ${bucket}, dimension FROM dimension_sets)) IS TRUE`;
