import { ERROR_COUNTS, ERROR_GROUP, ERROR_PLATFORM } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { BucketWidth } from '../../definitions/tiers.js';
import { forEachBucket, inBucket } from './levels.js';

/**
 * A bucket without rows has no overall row; a platform '' counts in the overall row only (it would take that row's
 * key), and a group 0 is no group.
 */
const LEVEL_EXISTS = `count(*) > 0
    AND (GROUPING(r.platform) = 1 OR r.platform <> '')
    AND (GROUPING(r.group_id) = 1 OR r.group_id <> 0)`;

/**
 * The error side of every bucket of the CTE `buckets`: bucket_start, platform_key ('' = none), group_key (0 = none), as
 * the unique index has them, and the error counts. Counted by platform and group, and added up from there. The only
 * place that reads error rows.
 */
export function errorsSide(tables: OpsTables, width: BucketWidth): string {
  const counts = ERROR_COUNTS.map(
    ([column, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${column}`,
  );
  return forEachBucket(
    'errors',
    `SELECT
    CASE WHEN GROUPING(r.platform) = 0 THEN r.platform ELSE '' END AS platform_key,
    CASE WHEN GROUPING(r.group_id) = 0 THEN r.group_id ELSE 0 END AS group_key,
    ${ERROR_COUNTS.map(([column]) => `sum(r.${column})::bigint AS ${column}`).join(',\n    ')}
  FROM (
    SELECT ${ERROR_PLATFORM} AS platform, ${ERROR_GROUP} AS group_id,
      ${counts.join(',\n      ')}
    FROM ${tables.errorLogs} e
    WHERE ${inBucket('e', width)} AND ${tables.errorCondition}
    GROUP BY 1, 2
  ) r
  GROUP BY GROUPING SETS ((), (r.platform), (r.platform, r.group_id))
  HAVING ${LEVEL_EXISTS}`,
  );
}
