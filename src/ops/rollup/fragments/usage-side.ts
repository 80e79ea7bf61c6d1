import {
  LATENCIES,
  PERCENTILES,
  TOKEN_COLUMNS,
  USAGE_GROUP_JOIN,
  USAGE_PLATFORM,
} from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { HOUR_TIER, widthOf, type BucketWidth, type RawTier } from '../../definitions/tiers.js';
import { forEachBucket, inBucket } from './levels.js';
import { distribution, largest, percentile, runsOf, sortedArray, sortedRuns } from './sorted-latencies.js';

const each = (column: (latency: string) => string, separator = ',\n    '): string =>
  LATENCIES.map(([latency]) => column(latency)).join(separator);

/**
 * The bucket's rows by group, read once: an index range scan and a hash of some 40 groups, which also collects the
 * latencies. Grouped before the join: a join of the groups, not of the rows. The only place that reads usage rows.
 */
function byGroup(tables: OpsTables, width: BucketWidth): string {
  const latencies = LATENCIES.map(
    ([latency, column]) => `sum(u.${column}) AS ${latency}_sum_ms,
      array_agg(u.${column}) FILTER (WHERE u.${column} IS NOT NULL) AS ${latency}_raw`,
  );
  return `SELECT ${USAGE_PLATFORM} AS platform, g.id AS group_id, u.success_count,
    ${TOKEN_COLUMNS.map((column) => `COALESCE(u.${column}, 0)`).join(' + ')} AS token_consumed,
    ${each((latency) => `COALESCE(u.${latency}_sum_ms, 0) AS ${latency}_sum_ms`)},
    ${each((latency) => `${sortedArray(`u.${latency}_raw`)} AS ${latency}_sorted`)}
  FROM (
    SELECT u.group_id, count(*) AS success_count,
      ${TOKEN_COLUMNS.map((column) => `sum(u.${column}) AS ${column}`).join(', ')},
      ${latencies.join(',\n      ')}
    FROM ${tables.usageLogs} u
    WHERE ${inBucket('u', width)} AND u.group_id <> 0 AND ${tables.usageCondition}
    GROUP BY u.group_id
  ) u JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}`;
}

const SUMS = ['success_count', 'token_consumed', ...LATENCIES.map(([latency]) => `${latency}_sum_ms`)];
const LEVEL_COLUMNS = [
  ...SUMS,
  ...LATENCIES.flatMap(([latency]) => [
    `${latency}_sorted`,
    `(cardinality(${latency}_sorted) - 1)::float8 AS ${latency}_last`,
  ]),
].join(', ');

/**
 * The level above a relation: sums are added up, and latencies sorted from those that are sorted below. Everything of
 * the level below is read once, however many rows the level above has.
 */
function levelAbove(below: string, platform: string, grouping: string): string {
  return `SELECT r.platform, ${SUMS.map((column) => `r.${column}`).join(', ')},
    ${each((latency) => `${sortedRuns(`r.${latency}_runs`)} AS ${latency}_sorted`)}
  FROM (
    SELECT ${platform} AS platform,
      ${SUMS.map((column) => `sum(r.${column})::bigint AS ${column}`).join(',\n      ')},
      ${each((latency) => `${runsOf(`r.${latency}_sorted`)} AS ${latency}_runs`, ',\n      ')}
    FROM ${below} r
    ${grouping}
  ) r`;
}

/**
 * Not at the platform level of an hour: its distribution is always exactly the sum of its groups', which a reader adds up
 * sooner than every hour would. (The overall one is not the sum of theirs, where a platform is ''.) Of minutes there are
 * too many in an answer for that.
 */
const ownDistribution = (sorted: string, tier: RawTier): string =>
  tier === HOUR_TIER
    ? `CASE WHEN s.group_key <> 0 OR s.platform_key = '' THEN ${distribution(sorted)} END`
    : distribution(sorted);

/**
 * The usage side of every bucket of the CTE `buckets`: bucket_start, platform_key ('' = none), group_key (0 = none), as
 * the unique index has them, counts, sums and latencies, with the distribution of each latency as one array
 * `<latency>_counted` (see distribution()).
 *
 * A platform '' counts in the overall row only: it would take that row's key.
 *
 * Where distributions are wanted, the statement must have the CTE of binsCte().
 */
export function usageSide(tables: OpsTables, distributions: boolean, tier: RawTier): string {
  const columns = LATENCIES.flatMap(([latency]) => {
    const latencies = `s.${latency}_sorted`;
    return [
      ...PERCENTILES.map(
        ([name, fraction]) =>
          `${percentile(latencies, `s.${latency}_last`, fraction)} AS ${latency}_${name}_ms`,
      ),
      `s.${latency}_sum_ms::float8 / NULLIF(cardinality(${latencies}), 0) AS ${latency}_avg_ms`,
      `${largest(latencies)} AS ${latency}_max_ms`,
      `s.${latency}_sum_ms`,
      `cardinality(${latencies}) AS ${latency}_samples`,
      `${distributions ? ownDistribution(latencies, tier) : 'NULL::int[]'} AS ${latency}_counted`,
    ];
  });
  return forEachBucket(
    'usage',
    `WITH by_group AS MATERIALIZED (
  ${byGroup(tables, widthOf(tier))}
),
by_platform AS MATERIALIZED (
  ${levelAbove('by_group', 'r.platform', 'GROUP BY r.platform')}
),
overall AS MATERIALIZED (
  ${levelAbove('by_platform', "''", 'HAVING count(*) > 0')}
)
SELECT s.platform_key, s.group_key, s.success_count, s.token_consumed,
    ${columns.join(',\n    ')}
  FROM (
    SELECT platform AS platform_key, group_id AS group_key, ${LEVEL_COLUMNS} FROM by_group WHERE platform <> ''
    UNION ALL
    SELECT platform, 0, ${LEVEL_COLUMNS} FROM by_platform WHERE platform <> ''
    UNION ALL
    SELECT platform, 0, ${LEVEL_COLUMNS} FROM overall
    OFFSET 0
  ) s`,
  );
}
