import {
  DIMENSION_USAGE_COLUMNS,
  DISTRIBUTION_COLUMNS,
  ERROR_COLUMNS,
  MAX_COLUMNS,
} from '../../definitions/columns.js';
import { DISTRIBUTED } from '../../definitions/definitions.js';
import { OTHER_KEYS } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { roundedTo7Bits, storedCells } from './canonical-distribution.js';
import { keyRank, maxKeysOf, setNames } from './dimension-hours.js';
import { ARE_KNOWN, COUNTED_ARRAYS, SUMS_OF_ROWS } from './hourly-days.js';

const COLUMNS = [...DIMENSION_USAGE_COLUMNS, ...ERROR_COLUMNS];
const COUNTS = ['success_count', ...ERROR_COLUMNS];
const DAY = "(bucket_start AT TIME ZONE 'UTC')::date AS bucket";
const IN_RANGE = 'bucket_start >= $1::timestamptz AND bucket_start < $2::timestamptz';

/**
 * CTEs that end in `computed`: bucket (a date), dimension, group_key, key and every compared column of the UTC days from $1 to
 * $2, as the hourly rows of the dimensions give them. A set that does not add up to the overall row of the day's hours has
 * no rows in it: some of them are not covered.
 */
export function computedDimensionDays(tables: OpsTables): string {
  const sums = COUNTS.map((column) => `sum(${column}) AS ${column}`).join(', ');
  const errorSets = tables.dimensions.filter(({ usage }) => usage === null);
  const cells = DISTRIBUTED.map(
    ([name]) => `SELECT h.bucket, h.dimension, h.group_key, h.key, '${name}' AS name, v.value, v.count
  FROM named h CROSS JOIN LATERAL ${storedCells('h', name)}`,
  );
  return `hours AS MATERIALIZED (
  SELECT ${DAY}, dimension, COALESCE(group_id, 0) AS group_key, key, ${COLUMNS.join(', ')}
  FROM ${tables.dimensionHourly}
  WHERE ${IN_RANGE} AND dimension IN (${setNames(tables.dimensions)})
),
overall AS (
  SELECT ${DAY}, ${sums}
  FROM ${tables.hourly} m WHERE ${IN_RANGE} AND ${isOverallRow('m')} GROUP BY 1
),
whole_sets AS MATERIALIZED (
  SELECT s.bucket, s.dimension
  FROM (SELECT bucket, dimension, ${sums} FROM hours WHERE group_key = 0 GROUP BY 1, 2) s JOIN overall o USING (bucket)
  WHERE (s.success_count = o.success_count OR s.dimension IN (${setNames(errorSets)}))
    AND ${ERROR_COLUMNS.map((column) => `s.${column} = o.${column}`).join(' AND ')}
),
named AS MATERIALIZED (
  SELECT bucket, dimension, group_key, ${COLUMNS.join(', ')},
    CASE WHEN ${keyRank('bucket', '')} <= ${maxKeysOf(tables.dimensions)} THEN key ELSE '${OTHER_KEYS}' END AS key
  FROM (
    SELECT *, COALESCE(sum(success_count + error_count_total) FILTER (WHERE group_key = 0)
      OVER (PARTITION BY bucket, dimension, key), 0) AS requests
    FROM hours WHERE (bucket, dimension) IN (SELECT bucket, dimension FROM whole_sets)
  ) h
),
key_rows AS (
  SELECT bucket, dimension, group_key, key,
    ${SUMS_OF_ROWS},
    ${MAX_COLUMNS.map((column) => `max(${column}) AS ${column}`).join(', ')}
  FROM named GROUP BY 1, 2, 3, 4
),
key_cells AS (
  SELECT bucket, dimension, group_key, key, name, ${roundedTo7Bits('value')} AS value, sum(count)::bigint AS count
  FROM (
  ${cells.join('\n  UNION ALL\n  ')}
  ) c
  GROUP BY 1, 2, 3, 4, 5, 6
),
key_distributions AS (
  SELECT bucket, dimension, group_key, key,${COUNTED_ARRAYS}
  FROM key_cells GROUP BY 1, 2, 3, 4
),
computed AS (
  SELECT bucket, dimension, group_key, key,
    ${COLUMNS.map((column) => (DISTRIBUTION_COLUMNS.includes(column) ? `d.${column}` : `r.${column}`)).join(', ')},
    ${ARE_KNOWN.join(', ')}
  FROM key_rows r FULL JOIN key_distributions d USING (bucket, dimension, group_key, key)
)`;
}
