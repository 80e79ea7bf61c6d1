import type { OpsTables } from '../../definitions/ops-tables.js';
import type { Tier } from '../../definitions/tiers.js';

/**
 * A CTE that notes the buckets that a statement outside the drain has written: it may have read before a drain did and
 * written after it. Where the jobs have never run there is no drain, and nothing to note for.
 *
 * @param buckets selects bucket_start (timestamptz)
 */
export function notedByHand(tables: OpsTables, tier: Tier, buckets: string): string {
  return `,
noted AS (
  INSERT INTO ${tables.invalidations} AS i (tier, bucket_start, reason)
  SELECT '${tier}', bucket_start, 'by_hand' FROM (${buckets}) b
  WHERE EXISTS (SELECT 1 FROM ${tables.detectState}) ORDER BY bucket_start
  ON CONFLICT (tier, bucket_start) DO UPDATE SET noted_at = clock_timestamp()
)`;
}
