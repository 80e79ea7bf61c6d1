import { DAY_MS, HOUR_MS } from '../common/utc.js';

/** Widths of a point of a trend. */
export const TREND_BUCKETS = ['1m', '5m', 'hour', 'day'] as const;

export type TrendBucket = (typeof TREND_BUCKETS)[number];

/** Width of a bucket, in milliseconds. */
export const BUCKET_MS: Record<TrendBucket, number> = {
  '1m': 60_000,
  '5m': 300_000,
  hour: HOUR_MS,
  day: DAY_MS,
};

/** Longest range of each bucket, in milliseconds: points cost. */
export const LONGEST_TREND_MS: Record<TrendBucket, number> = {
  '1m': DAY_MS,
  '5m': DAY_MS,
  hour: 31 * DAY_MS,
  day: 366 * DAY_MS,
};

/** Up to which length of range a bucket is chosen, in milliseconds: at most 400 points, the two ragged ones included. */
const AUTO_UP_TO_MS: readonly (readonly [TrendBucket, number])[] = [
  ['1m', 6 * HOUR_MS],
  ['5m', DAY_MS],
  ['hour', 16 * DAY_MS],
];

/** Longest range whose minutes are counted from raw rows without having been asked for, in milliseconds. */
const AUTO_RAW_MS = 3 * HOUR_MS;

/**
 * The bucket of a range for which none is asked: the finest that comes to at most 400 points. The dashboard chooses by
 * it too.
 *
 * @param minutesFrom where the minutes that are kept begin; ranges from before are cut no finer than hours when long,
 *   since they would be counted from raw rows, which cost what the traffic of the range costs
 */
export function autoBucket(from: Date, to: Date, minutesFrom = from): TrendBucket {
  const length = to.getTime() - from.getTime();
  const isRaw = from < minutesFrom && length > AUTO_RAW_MS;
  const [bucket] =
    AUTO_UP_TO_MS.find(([one, upTo]) => length <= upTo && !(isRaw && BUCKET_MS[one] < HOUR_MS)) ?? [];
  return bucket ?? 'day';
}

/**
 * Where the minutes begin that an answer may rest on, in both times milliseconds since 1970; sets have none.
 *
 * @param ofSet whether it is asked for keys of a set
 */
export const minutesFrom = (now: number, minuteRetentionHours: number, ofSet: boolean): Date =>
  new Date(ofSet ? now : now - minuteRetentionHours * HOUR_MS);

/** The range's start, every bucket border inside it, and its end; buckets are UTC, counted from the epoch. */
export function trendCuts(from: Date, to: Date, bucket: TrendBucket): Date[] {
  const step = BUCKET_MS[bucket];
  const cuts = [from];
  for (let at = (Math.floor(from.getTime() / step) + 1) * step; at < to.getTime(); at += step) {
    cuts.push(new Date(at));
  }
  return [...cuts, to];
}
