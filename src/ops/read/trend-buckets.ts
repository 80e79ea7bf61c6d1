import { DAY_MS, HOUR_MS } from '../common/utc.js';

/** Widths of a point of a trend. */
export const TREND_BUCKETS = ['5m', 'hour', 'day'] as const;

export type TrendBucket = (typeof TREND_BUCKETS)[number];

/** Width of a bucket, in milliseconds. */
export const BUCKET_MS: Record<TrendBucket, number> = { '5m': 300_000, hour: HOUR_MS, day: DAY_MS };

/** Longest range of each bucket, in milliseconds: five minutes are counted from raw rows, and points cost. */
export const LONGEST_TREND_MS: Record<TrendBucket, number> = {
  '5m': DAY_MS,
  hour: 31 * DAY_MS,
  day: 366 * DAY_MS,
};

/**
 * The bucket of a range for which none is asked: five minutes up to 12 hours, hours up to 14 days, then days. That is
 * 12 points at least from an hour on, and 366 at most; the dashboard chooses by it too.
 */
export function autoBucket(from: Date, to: Date): TrendBucket {
  const length = to.getTime() - from.getTime();
  if (length <= 12 * HOUR_MS) {
    return '5m';
  }
  return length <= 14 * DAY_MS ? 'hour' : 'day';
}

/** The range's start, every bucket border inside it, and its end; buckets are UTC, counted from the epoch. */
export function trendCuts(from: Date, to: Date, bucket: TrendBucket): Date[] {
  const step = BUCKET_MS[bucket];
  const cuts = [from];
  for (let at = (Math.floor(from.getTime() / step) + 1) * step; at < to.getTime(); at += step) {
    cuts.push(new Date(at));
  }
  return [...cuts, to];
}
