import type { OpsTables } from '../../definitions/ops-tables.js';
import type { LevelSql } from './level.sql.js';

type Sliced = NonNullable<LevelSql['dimension']>;

/**
 * How many requests of an overall row `m` the set must have rows of: errors, where it has no others; and within groups the
 * successes, all of which have one.
 */
export const requestsOf = ({ set, isWithinGroups }: Sliced): string =>
  set.usage === null
    ? 'm.error_count_total'
    : isWithinGroups
      ? 'm.success_count'
      : 'm.success_count + m.error_count_total';

/** Whether the set has rows in a bucket, or rows within groups. A scalar subquery: it stays a probe of the index. */
export const hasRows = ({ set, isWithinGroups }: Sliced, table: string, ofBucket: string): string =>
  `(SELECT true FROM ${table} x WHERE x.${ofBucket} AND x.dimension = '${set.name}'
      AND COALESCE(x.group_id, 0) ${isWithinGroups ? '<>' : '='} 0 LIMIT 1) IS TRUE`;

/**
 * The relation `unsliced`: the buckets that are answered from rows and have none of the set, although they have requests:
 * it was not kept when they were rolled up, and their raw rows are gone, or are still to be recomputed.
 */
export function unslicedRelation(tables: OpsTables, dimension: Sliced): string {
  const has = (table: string, ofBucket: string): string => hasRows(dimension, table, ofBucket);
  return `unsliced AS MATERIALIZED (
  SELECT d.segment, d.starts, d.ends, d.requests FROM day d
  WHERE d.requests > 0 AND NOT (${has(tables.dimensionDaily, 'bucket_date = d.bucket_date')})
  UNION ALL
  SELECT h.segment, h.starts, h.starts + interval '1 hour', h.requests FROM hour h
  WHERE h.rolled_up_at IS NOT NULL AND h.requests > 0 AND NOT (${has(tables.dimensionHourly, 'bucket_start = h.starts')})
)`;
}
