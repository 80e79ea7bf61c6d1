import { HOUR_MS } from '../common/utc.js';
import { HOUR_TIER, MINUTE_TIER, type RawTier } from '../definitions/tiers.js';
import type { TrendBucket } from './trend-buckets.js';

/** A period, or a part of one, with the number of its period. */
export interface Segment {
  readonly segment: number;
  readonly from: Date;
  readonly to: Date;
}

/** Longest period whose busiest hour is looked for, in hours: in every one of it, and a year has too many. */
export const LONGEST_PEAK_HOURS = 31 * 24;

/** The whole UTC hours of one segment: [firstHour, endHour), counted since 1970. */
export interface HourSpan {
  readonly segment: number;
  readonly firstHour: number;
  readonly endHour: number;
}

/** The tier whose every bucket is a point, where there is one whose percentiles can be taken as they stand. */
export const BUCKET_TIER: Partial<Record<TrendBucket, RawTier>> = { '1m': MINUTE_TIER, hour: HOUR_TIER };

/** Which whole UTC hours and which ragged ends make up consecutive segments of time. */
export interface ReadPlan {
  readonly segments: readonly Segment[];
  readonly spans: readonly HourSpan[];
  /** Parts without a whole hour: minutes or raw rows answer them. */
  readonly ragged: readonly Segment[];
}

/**
 * Takes consecutive segments apart, given by their ascending borders: segment i is [cuts[i], cuts[i + 1]). Every
 * instant falls into exactly one whole hour or ragged range of its own segment, so segments add up.
 */
export function planSegments(cuts: readonly Date[]): ReadPlan {
  const spans: HourSpan[] = [];
  const ragged: Segment[] = [];
  const segments: Segment[] = [];
  const addRagged = (segment: number, from: number, to: number): void => {
    if (from < to) {
      ragged.push({ segment, from: new Date(from), to: new Date(to) });
    }
  };
  cuts.slice(1).forEach((end, segment) => {
    segments.push({ segment, from: cuts[segment] ?? end, to: end });
    const from = cuts[segment]?.getTime() ?? NaN;
    const to = end.getTime();
    const firstHour = Math.ceil(from / HOUR_MS);
    const endHour = Math.floor(to / HOUR_MS);
    if (firstHour >= endHour) {
      addRagged(segment, from, to);
      return;
    }
    addRagged(segment, from, firstHour * HOUR_MS);
    spans.push({ segment, firstHour, endHour });
    addRagged(segment, endHour * HOUR_MS, to);
  });
  return { segments, spans, ragged };
}
