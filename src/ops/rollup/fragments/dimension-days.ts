import { ERROR_COLUMNS } from '../../definitions/columns.js';
import { OTHER_KEYS } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import {
  addedRows,
  DIMENSION_COLUMNS,
  isNamed,
  isOfSet,
  KEY_ORDER,
  mostKeys,
  writtenDimensions,
} from './dimension-rows.js';

const COUNTS = ['success_count', ...ERROR_COLUMNS];
const HOURS = `h.bucket_start >= $1::timestamptz AND h.bucket_start < $2::timestamptz
      AND (h.bucket_start AT TIME ZONE 'UTC')::date NOT IN (SELECT bucket_date FROM dropped)`;

/** What the statement around says of its days. */
interface Days {
  readonly distributions: boolean;
  /** Condition over a daily row `m`. */
  readonly inRange: string;
  readonly assignment: (column: string) => string;
}

/**
 * CTEs that write the rows of the dimensions of every day that is recomputed, from their hourly rows, and from the
 * relations `dropped`, `held` and `overall`. A day keeps the busiest keys of its own; what is `(other)` in an hour stays
 * that. A set that does not add up to the day's overall row, because it began in the middle of the day, has no rows in
 * it: its hours answer.
 */
export function dimensionDays(tables: OpsTables, { distributions, inRange, assignment }: Days): string {
  const sets = tables.dimensions
    .map(({ name, usage }) => `('${name}'::varchar, ${usage !== null})`)
    .join(', ');
  return `dimension_keys AS MATERIALIZED (
  SELECT (h.bucket_start AT TIME ZONE 'UTC')::date AS bucket_date, h.dimension, h.key,
    ${COUNTS.map((column) => `sum(h.${column}) AS ${column}`).join(', ')}
  FROM ${tables.dimensionHourly} h
  WHERE ${HOURS} AND COALESCE(h.group_id, 0) = 0
  GROUP BY 1, 2, 3
),
dimension_sets AS MATERIALIZED (
  SELECT k.bucket_date, k.dimension
  FROM (
    SELECT bucket_date, dimension, ${COUNTS.map((column) => `sum(${column}) AS ${column}`).join(', ')}
    FROM dimension_keys GROUP BY 1, 2
  ) k
  JOIN (VALUES ${sets}) AS d(dimension, has_usage) ON d.dimension = k.dimension
  JOIN overall o ON o.bucket_date = k.bucket_date
  WHERE k.bucket_date NOT IN (SELECT bucket_date FROM held)
    AND (NOT d.has_usage OR k.success_count = o.success_count)
    AND ${ERROR_COLUMNS.map((column) => `k.${column} = o.${column}`).join(' AND ')}
),
dimension_names AS MATERIALIZED (
  SELECT bucket_date, dimension, key
  FROM (
    SELECT bucket_date, dimension, key, row_number() OVER (PARTITION BY bucket_date, dimension ORDER BY ${KEY_ORDER}) AS rank
    FROM dimension_keys WHERE ${isNamed} AND ${isOfSet('bucket_date')}
  ) ranked
  WHERE rank <= ${mostKeys(tables.dimensions)}
),
dimension_rows AS MATERIALIZED (
  ${addedRows(
    `(
        SELECT h.bucket_date, h.dimension, COALESCE(h.group_id, 0) AS group_key, COALESCE(n.key, '${OTHER_KEYS}') AS key,
          ${DIMENSION_COLUMNS.map((column) => `h.${column}`).join(', ')}
        FROM (
          SELECT * FROM (
            SELECT h.*, (h.bucket_start AT TIME ZONE 'UTC')::date AS bucket_date FROM ${tables.dimensionHourly} h WHERE ${HOURS}
          ) h
          WHERE ${isOfSet('bucket_date')}
          OFFSET 0
        ) h
        FULL JOIN dimension_names n ON n.bucket_date = h.bucket_date AND n.dimension = h.dimension AND n.key = h.key
      ) r`,
    'bucket_date, dimension, group_key, key',
    distributions,
  )}
),
${writtenDimensions({
  table: tables.dimensionDaily,
  bucket: 'bucket_date',
  stored: `SELECT m.id, m.bucket_date, m.dimension, m.group_id, m.key
      FROM ${tables.dimensionDaily} m
      WHERE ${inRange}
        AND m.bucket_date NOT IN (SELECT bucket_date FROM dropped UNION ALL SELECT bucket_date FROM held)`,
  assignment,
})}`;
}
