/**
 * The tiers of buckets. An invalidation names its tier; a day's bucket starts at its UTC midnight, and follows from its
 * hours, which follow from raw rows.
 */
export const MINUTE_TIER = 'minute';
export const HOUR_TIER = 'hour';
export const DAY_TIER = 'day';

export type RawTier = typeof MINUTE_TIER | typeof HOUR_TIER;

export type Tier = RawTier | typeof DAY_TIER;
