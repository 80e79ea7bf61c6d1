import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../definitions/tiers.js';
import type { Bucket } from './recomputed-buckets.js';

const UNITS = { [MINUTE_TIER]: 'Minute', [HOUR_TIER]: 'Hour', [DAY_TIER]: 'Day' } as const;

/** For a line of the log. */
export function describeBuckets(buckets: readonly Bucket[]): string {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) {
    return 'Nothing';
  }
  const text = ({ tier, start }: Bucket): string => (tier === DAY_TIER ? start.slice(0, 10) : start);
  const unit = UNITS[first.tier];
  return first === last ? `${unit} ${text(first)}` : `${unit}s ${text(first)} to ${text(last)}`;
}
