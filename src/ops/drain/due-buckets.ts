import { DAY_TIER, HOUR_TIER, MINUTE_TIER, type Tier } from '../definitions/tiers.js';
import type { DueBuckets } from './sql/claim.sql.js';

export const isAnything = (due: DueBuckets): boolean => Object.values(due).some((count) => count > 0);

/** No more of each than so many. Days are taken one by one in any case. */
export const atMost = (most: number, due: DueBuckets): DueBuckets => ({
  minutes: Math.min(most, due.minutes),
  'backfilled minutes': Math.min(most, due['backfilled minutes']),
  hours: Math.min(most, due.hours),
  days: due.days,
});

/** What a drain of a single bucket goes by. */
export const oneOf = (tier: Tier): DueBuckets => ({
  minutes: tier === MINUTE_TIER ? 1 : 0,
  'backfilled minutes': tier === MINUTE_TIER ? 1 : 0,
  hours: tier === HOUR_TIER ? 1 : 0,
  days: tier === DAY_TIER ? 1 : 0,
});
