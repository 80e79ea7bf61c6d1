const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Says whether a bucket key of the given width lies in a window, after the window was widened to whole buckets. */
export type WindowTest = (bucket: string) => boolean;

function widened(from: Date, to: Date, widthMs: number): WindowTest {
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime()) || to <= from) return () => false;
  const first = Math.floor(from.getTime() / widthMs) * widthMs;
  const end = Math.ceil(to.getTime() / widthMs) * widthMs;
  return (bucket) => {
    const start = Date.parse(bucket);
    return start >= first && start < end;
  };
}

/** What raw rows are counted by. */
export type RawWidth = 'hour' | 'minute';

/** Accepts the hours, or minutes, that [from, to) touches; nothing for an empty or invalid window. */
export function bucketsOf(from: Date, to: Date, width: RawWidth): WindowTest {
  return widened(from, to, width === 'hour' ? HOUR_MS : MINUTE_MS);
}

/** Accepts the UTC days that [from, to) touches. A bare date parses as UTC midnight. */
export function daysOf(from: Date, to: Date): WindowTest {
  return widened(from, to, DAY_MS);
}

/** "2025-03-09T07:59:59.999999Z" belongs to "2025-03-09T07:00:00Z": cut, not computed, so no zone can interfere. */
export function bucketOf(instant: string, width: RawWidth): string {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/.test(instant)) {
    throw new TypeError(`not an ISO instant in UTC: ${instant}`);
  }
  return width === 'hour' ? `${instant.slice(0, 13)}:00:00Z` : `${instant.slice(0, 16)}:00Z`;
}

/** The UTC day of an hourly bucket. */
export function dayOf(bucketStart: string): string {
  return bucketStart.slice(0, 10);
}
