import {
  ERROR_COUNTS,
  ERROR_GROUP,
  ERROR_PLATFORM,
  LATENCIES,
  PERCENTILES,
  TOKENS,
  USAGE_GROUP_JOIN,
  USAGE_PLATFORM,
} from '../../metrics/definitions.js';
import type { OpsTables } from '../../metrics/ops-tables.js';

/**
 * One hour of each raw table, rolled up to its three levels. Both take the hour from the alias `h` of the query
 * around them (LATERAL), so that PostgreSQL reads each hour by one index range scan and sorts a small set in
 * memory, instead of sorting the whole window. An added interval of hours does not depend on the time zone.
 *
 * Each row carries the key in NULL-free form, as the unique index has it: platform_key ('' = none) and group_key
 * (0 = none).
 */
const inHour = (alias: string): string =>
  `${alias}.created_at >= h.bucket_start AND ${alias}.created_at < h.bucket_start + interval '1 hour'`;

const LEVELS = 'GROUPING SETS ((), (r.platform), (r.platform, r.group_id))';

const LEVEL_KEY = `CASE WHEN GROUPING(r.platform) = 0 THEN r.platform ELSE '' END AS platform_key,
    CASE WHEN GROUPING(r.group_id) = 0 THEN r.group_id ELSE 0 END AS group_key`;

/**
 * An hour without rows has no overall row; a platform '' counts in the overall row only (it would take that row's
 * key), and so does a group 0 at the platform level.
 */
const LEVEL_EXISTS = `count(*) > 0
    AND (GROUPING(r.platform) = 1 OR r.platform <> '')
    AND (GROUPING(r.group_id) = 1 OR r.group_id <> 0)`;

const FRACTIONS = `ARRAY[${PERCENTILES.map(([, fraction]) => fraction).join(', ')}]::float8[]`;

export function usageOfHour(tables: OpsTables): string {
  const latencies = LATENCIES.map(
    ([latency, column]) => `
    percentile_cont(${FRACTIONS}) WITHIN GROUP (ORDER BY r.${column}) AS ${latency}_percentiles,
    sum(r.${column}::bigint)::float8 / NULLIF(count(r.${column}), 0) AS ${latency}_avg_ms,
    max(r.${column}) AS ${latency}_max_ms`,
  );
  return `SELECT
    ${LEVEL_KEY},
    count(*) AS success_count,
    sum(r.tokens)::bigint AS token_consumed,${latencies.join(',')}
  FROM (
    SELECT ${USAGE_PLATFORM} AS platform, g.id AS group_id, ${TOKENS} AS tokens,
      ${LATENCIES.map(([, column]) => `u.${column}`).join(', ')}
    FROM ${tables.usageLogs} u JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
    WHERE ${inHour('u')}
  ) r
  GROUP BY ${LEVELS}
  HAVING ${LEVEL_EXISTS}`;
}

export function errorsOfHour(tables: OpsTables): string {
  const counts = ERROR_COUNTS.map(
    ([column]) => `
    count(*) FILTER (WHERE r.${column}) AS ${column}`,
  );
  const conditions = ERROR_COUNTS.map(
    ([column, condition]) => `
      ${condition} AS ${column}`,
  );
  return `SELECT
    ${LEVEL_KEY},${counts.join(',')}
  FROM (
    SELECT ${ERROR_PLATFORM} AS platform, ${ERROR_GROUP} AS group_id,${conditions.join(',')}
    FROM ${tables.errorLogs} e
    WHERE ${inHour('e')}
  ) r
  GROUP BY ${LEVELS}
  HAVING ${LEVEL_EXISTS}`;
}

/**
 * Selects the columns of ops_metrics_hourly, computed for every hour of the relation `hours`. The two raw tables
 * are rolled up apart and joined at the level, so that neither multiplies the other's rows.
 */
export function computedHours(tables: OpsTables): string {
  const percentiles = LATENCIES.flatMap(([latency]) => [
    ...PERCENTILES.map(
      ([name], index) => `(s.${latency}_percentiles[${index + 1}])::int AS ${latency}_${name}_ms`,
    ),
    `s.${latency}_avg_ms`,
    `s.${latency}_max_ms`,
  ]);
  const errorCounts = ERROR_COUNTS.map(([column]) => `COALESCE(f.${column}, 0) AS ${column}`);
  return `SELECT bucket_start, platform_key, group_key,
    COALESCE(s.success_count, 0) AS success_count,
    ${errorCounts.join(',\n    ')},
    COALESCE(s.token_consumed, 0) AS token_consumed,
    ${percentiles.join(',\n    ')}
  FROM (
    SELECT h.bucket_start, l.* FROM hours h CROSS JOIN LATERAL (
  ${usageOfHour(tables)}
    ) l
  ) s
  FULL JOIN (
    SELECT h.bucket_start, l.* FROM hours h CROSS JOIN LATERAL (
  ${errorsOfHour(tables)}
    ) l
  ) f USING (bucket_start, platform_key, group_key)`;
}
