import {
  LATENCIES,
  PERCENTILES,
  TOKEN_COLUMNS,
  USAGE_GROUP_JOIN,
  USAGE_PLATFORM,
} from '../../metrics/definitions.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import { IN_LEVEL, inHour, LEVEL_EXISTS, LEVEL_KEY, LEVELS } from './levels.js';
import { distribution, largest, percentile } from './sorted-latencies.js';

/**
 * The hour's rows by group, read once: an index range scan and a hash of some 40 groups, which also collects the
 * latencies. Grouped before the join: a join of the groups, not of the rows. The only place that reads usage rows.
 */
function byGroup(tables: OpsTables): string {
  const tokens = TOKEN_COLUMNS.map((column) => `sum(u.${column}) AS ${column}`);
  const latencies = LATENCIES.map(
    ([latency, column]) => `sum(u.${column}) AS ${latency}_sum_ms,
      array_agg(u.${column}) FILTER (WHERE u.${column} IS NOT NULL) AS ${latency}_raw`,
  );
  return `SELECT ${USAGE_PLATFORM} AS platform, g.id AS group_id, u.success_count,
    ${TOKEN_COLUMNS.map((column) => `COALESCE(u.${column}, 0)`).join(' + ')} AS tokens,
    ${LATENCIES.map(([latency]) => `u.${latency}_sum_ms, ${sorted(`u.${latency}_raw`)} AS ${latency}_sorted`).join(',\n    ')}
  FROM (
    SELECT u.group_id, count(*) AS success_count,
      ${tokens.join(', ')},
      ${latencies.join(',\n      ')}
    FROM ${tables.usageLogs} u
    WHERE ${inHour('u')} AND u.group_id <> 0
    GROUP BY u.group_id
  ) u JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}`;
}

/** Counts and sums are added up from the groups to the levels above; only the latencies are sorted for each level. */
function byLevel(): string {
  const sums = LATENCIES.map(
    ([latency]) => `COALESCE(sum(r.${latency}_sum_ms), 0)::bigint AS ${latency}_sum_ms`,
  );
  return `SELECT ${LEVEL_KEY},
    sum(r.success_count)::bigint AS success_count,
    sum(r.tokens)::bigint AS token_consumed,
    ${sums.join(',\n    ')}
  FROM by_group r
  GROUP BY ${LEVELS}
  HAVING ${LEVEL_EXISTS}`;
}

/** Without an aggregate's own ORDER BY: a sort of plain ints is the fastest sort there is. */
const sorted = (latencies: string): string => `ARRAY(
    SELECT x.latency FROM (SELECT unnest(${latencies})) x(latency) ORDER BY x.latency
  )`;

/** The levels above are sorted from their groups' sorted latencies: that takes a tenth less than from unsorted ones. */
const sortedOfLevel = (latency: string): string => `CASE
    WHEN l.group_key <> 0 THEN (SELECT r.${latency}_sorted FROM by_group r WHERE ${IN_LEVEL})
    ELSE ARRAY(
      SELECT x.latency
      FROM (SELECT unnest(r.${latency}_sorted) FROM by_group r WHERE ${IN_LEVEL}) x(latency)
      ORDER BY x.latency
    )
  END AS ${latency}_sorted`;

/**
 * Not at the platform level: its distribution is always exactly the sum of its groups', which a reader adds up sooner
 * than every hour would. The overall one is not the sum of theirs, where a platform is ''.
 */
const ownDistribution = (sorted: string): string =>
  `CASE WHEN s.group_key <> 0 OR s.platform_key = '' THEN ${distribution(sorted)} END`;

/**
 * One hour of usage_logs at its three levels, for the hour `h.bucket_start` of the query around it (LATERAL): each
 * hour is read by one index range scan, and what is sorted is small and in memory.
 *
 * Where distributions are wanted, the query around must have the CTE of binsCte().
 */
export function usageOfHour(tables: OpsTables, distributions: boolean): string {
  const columns = LATENCIES.flatMap(([latency]) => {
    const latencies = `s.${latency}_sorted`;
    return [
      ...PERCENTILES.map(([name, fraction]) => `${percentile(latencies, fraction)} AS ${latency}_${name}_ms`),
      `s.${latency}_sum_ms::float8 / NULLIF(cardinality(${latencies}), 0) AS ${latency}_avg_ms`,
      `${largest(latencies)} AS ${latency}_max_ms`,
      `s.${latency}_sum_ms`,
      `cardinality(${latencies}) AS ${latency}_samples`,
      `${distributions ? ownDistribution(latencies) : 'NULL::int[]'} AS ${latency}_counted`,
    ];
  });
  return `WITH by_group AS MATERIALIZED (
  ${byGroup(tables)}
),
levels AS MATERIALIZED (
  ${byLevel()}
),
sorted AS MATERIALIZED (
  SELECT l.*, ${LATENCIES.map(([latency]) => sortedOfLevel(latency)).join(', ')}
  FROM levels l
)
SELECT s.platform_key, s.group_key, s.success_count, s.token_consumed,
    ${columns.join(',\n    ')}
  FROM sorted s`;
}
