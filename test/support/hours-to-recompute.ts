import type { BucketToRecompute } from '../../src/ops/rollup/sql/upsert-buckets.sql.js';

/** Hours (ISO) as a drain orders them that nobody has asked for. */
export const guarded = (hours: readonly string[]): BucketToRecompute[] =>
  hours.map((bucket) => ({ bucket, usage: 'guard', errors: 'guard', asked: false, settled: false }));
