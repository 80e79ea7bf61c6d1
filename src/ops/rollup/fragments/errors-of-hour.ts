import { ERROR_COUNTS, ERROR_GROUP, ERROR_PLATFORM } from '../../metrics/definitions.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import { inHour, LEVEL_EXISTS, LEVEL_KEY, LEVELS } from './levels.js';

/**
 * One hour of ops_error_logs at its three levels, for the hour `h.bucket_start` of the query around it (LATERAL).
 * Counted by platform and group, and added up from there. The only place that reads error rows.
 */
export function errorsOfHour(tables: OpsTables): string {
  const counts = ERROR_COUNTS.map(
    ([column, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${column}`,
  );
  return `SELECT
    ${LEVEL_KEY},
    ${ERROR_COUNTS.map(([column]) => `sum(r.${column})::bigint AS ${column}`).join(',\n    ')}
  FROM (
    SELECT ${ERROR_PLATFORM} AS platform, ${ERROR_GROUP} AS group_id,
      ${counts.join(',\n      ')}
    FROM ${tables.errorLogs} e
    WHERE ${inHour('e')}
    GROUP BY 1, 2
  ) r
  GROUP BY ${LEVELS}
  HAVING ${LEVEL_EXISTS}`;
}
