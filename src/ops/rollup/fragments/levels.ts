import type { BucketWidth } from '../../definitions/tiers.js';

/** The bucket `h.bucket_start` of the query around. */
export const inBucket = (alias: string, width: BucketWidth): string =>
  `${alias}.created_at >= h.bucket_start AND ${alias}.created_at < h.bucket_start + ${width}`;

/**
 * For every bucket of the CTE `buckets` of which a side is not simply kept, the rows that `ofBucket` selects for the bucket `h.bucket_start`: each bucket is
 * read by one index range scan of its own, and what is sorted is small and in memory.
 */
export const forEachBucket = (
  side: 'usage' | 'errors',
  ofBucket: string,
  buckets = 'buckets h',
): string => `SELECT h.bucket_start, l.*
  FROM ${buckets} CROSS JOIN LATERAL (
  ${ofBucket}
  ) l
  WHERE h.${side}_mode <> 'keep'`;
