/**
 * The tiers of buckets. An invalidation names its tier; a day's bucket starts at its UTC midnight, and follows from its
 * hours, which follow from raw rows.
 */
export const HOUR_TIER = 'hour';
export const DAY_TIER = 'day';

export type Tier = typeof HOUR_TIER | typeof DAY_TIER;
