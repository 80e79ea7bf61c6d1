import { DAY_TIER } from '../definitions/tiers.js';
import type { Bucket } from './bucket-recomputer.service.js';

/** For a line of the log. */
export function describeBuckets(buckets: readonly Bucket[]): string {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) {
    return 'Nothing';
  }
  const text = ({ tier, start }: Bucket): string => (tier === DAY_TIER ? start.slice(0, 10) : start);
  const unit = first.tier === DAY_TIER ? 'Day' : 'Hour';
  return first === last ? `${unit} ${text(first)}` : `${unit}s ${text(first)} to ${text(last)}`;
}
