import { ERROR_COUNTS, ERROR_GROUP, ERROR_PLATFORM } from '../../definitions/definitions.js';
import type { Dimension } from '../../definitions/dimensions.js';
import { countedRows } from '../../definitions/distributed-tables.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { BucketWidth } from '../../definitions/tiers.js';
import { dimensionSets } from './dimension-sets.js';
import { forEachBucket, inBucket } from './levels.js';

/**
 * A bucket without rows has no overall row; a platform '' counts in the overall row only (it would take that row's
 * key), and a group 0 is no group. In a dimension, too.
 */
const ROW_EXISTS = `count(*) > 0
    AND (GROUPING(r.platform) = 1 OR r.platform <> '')
    AND (GROUPING(r.group_id) = 1 OR r.group_id <> 0)`;

/**
 * The error side of every bucket of the CTE `buckets`: platform_key ('' = none) and group_key (0 = none), as the unique
 * index has them, or dimension and key; and the error counts. Counted by all of them together, and added up from there.
 * The only place that reads error rows. In a dimension within groups, a key of a group has a row for each platform.
 */
export function errorsSide(tables: OpsTables, width: BucketWidth, dimensions: readonly Dimension[]): string {
  const counts = ERROR_COUNTS.map(
    ([column, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${column}`,
  );
  const { values, sets, name, key } = dimensionSets(
    dimensions,
    ({ error }) => error,
    'r.platform, r.group_id',
  );
  const keys = `${ERROR_PLATFORM} AS platform, ${ERROR_GROUP} AS group_id${values}`;
  const grouped = [ERROR_PLATFORM, ERROR_GROUP].length + dimensions.length;
  const firstColumns = (count: number): string =>
    Array.from({ length: count }, (_, index) => index + 1).join(', ');
  const leveled = `${name} AS dimension, ${key} AS key,
    CASE WHEN GROUPING(r.platform) = 0 THEN r.platform ELSE '' END AS platform_key,
    CASE WHEN GROUPING(r.group_id) = 0 THEN r.group_id ELSE 0 END AS group_key,
    ${ERROR_COUNTS.map(([column]) => `sum(r.${column})::bigint AS ${column}`).join(',\n    ')}`;
  const levels = `GROUPING SETS (${['()', '(r.platform)', '(r.platform, r.group_id)', ...sets].join(', ')})
  HAVING ${ROW_EXISTS}`;
  return tables.distributed.errors
    ? // The shards group them.
      `SELECT r.bucket_start, ${leveled}
  FROM (
    SELECT h.bucket_start, ${keys},
      ${counts.join(',\n      ')}
    FROM buckets h JOIN ${countedRows(tables.errorLogs, 'e', tables.errorCondition)} ON ${inBucket('e', width)}
    WHERE h.errors_mode <> 'keep'
    GROUP BY ${firstColumns(1 + grouped)}
  ) r
  GROUP BY r.bucket_start, ${levels}`
    : forEachBucket(
        'errors',
        `SELECT ${leveled}
  FROM (
    SELECT ${keys},
      ${counts.join(',\n      ')}
    FROM ${tables.errorLogs} e
    WHERE ${inBucket('e', width)} AND ${tables.errorCondition}
    GROUP BY ${firstColumns(grouped)}
  ) r
  GROUP BY ${levels}`,
      );
}
