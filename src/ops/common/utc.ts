export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A half-open range of time [start, end). */
export interface TimeRange {
  readonly start: Date;
  readonly end: Date;
}

/**
 * Widens a window outward to whole UTC buckets of the given length. Unix time has no leap seconds and no time
 * zone, so whole UTC hours and days are multiples of their length since the epoch.
 *
 * @returns null where there is nothing to do: an invalid Date, or an end that is not after the start.
 */
export function widenToBuckets(start: Date, end: Date, bucketMs: number): TimeRange | null {
  const from = start.getTime();
  const to = end.getTime();
  if (Number.isNaN(from) || Number.isNaN(to) || to <= from) {
    return null;
  }
  return {
    start: new Date(Math.floor(from / bucketMs) * bucketMs),
    end: new Date(Math.ceil(to / bucketMs) * bucketMs),
  };
}
