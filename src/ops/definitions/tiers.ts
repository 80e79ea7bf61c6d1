import { NO_FILLS, type Fills, type OpsTables } from './ops-tables.js';

/**
 * The tiers of buckets. An invalidation names its tier; minutes and hours follow from raw rows, a day, which starts at
 * its UTC midnight, from its hours.
 */
export const MINUTE_TIER = 'minute';
export const HOUR_TIER = 'hour';
export const DAY_TIER = 'day';

/** The tiers that are computed from raw rows, by the same statements. */
export type RawTier = typeof MINUTE_TIER | typeof HOUR_TIER;

export type Tier = RawTier | typeof DAY_TIER;

/** How wide a bucket is, as a SQL interval of hours or less: added to an instant, it does not depend on the time zone. */
export type BucketWidth = `interval '1 ${RawTier}'`;

export const widthOf = (tier: RawTier): BucketWidth => `interval '1 ${tier}'`;

/** Where the buckets of such a tier are stored, and which columns of another program's that table may have. */
export const storeOf = (
  tables: OpsTables,
  tier: RawTier,
): { readonly table: string; readonly fills: Fills } =>
  tier === HOUR_TIER
    ? { table: tables.hourly, fills: tables.fills.hourly }
    : { table: tables.minutely, fills: NO_FILLS };
