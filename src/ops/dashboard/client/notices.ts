import type { Overview } from '../../read/read.types.js';
import { plural, span } from './format.js';
import type { Kept } from './loader.js';
import { bucketFor, type View } from './view.js';
import { formatTime, zoneName } from './zone.js';

/** Less than this behind is what a running tick looks like; milliseconds. */
const FRESH_ENOUGH_MS = 2 * 60_000;
const BUCKETS = { '1m': '1-minute', '5m': '5-minute', hour: '1-hour', day: '1-day' } as const;

/** What range the numbers are of, in which zone, and when they came in. */
export function rangeLine({ answer, at }: Kept<Overview>, { zone }: View): string {
  const [from, to] = [Date.parse(answer.from), Date.parse(answer.to)];
  return (
    `${formatTime(from, zone, 'full')} – ${formatTime(to, zone, 'full')}, times in ${zoneName(zone)} · ` +
    `${BUCKETS[bucketFor(to - from)]} points · updated ${formatTime(at, zone, 'seconds')}`
  );
}

/** Says where the rollup lags behind, whatever the reason; null where it does not. */
export function staleNotice({ to, freshness }: Overview, now: number, { zone }: View): string | null {
  const { freshThrough, pendingHours, missingHours } = freshness;
  const through = Date.parse(freshThrough);
  const behind = Math.min(Date.parse(to), now) - through;
  if (pendingHours + missingHours === 0 || behind <= FRESH_ENOUGH_MS) {
    return null;
  }
  const missing =
    missingHours > 0 ? ` ${plural(missingHours, 'hour')} not rolled up yet are missing in them.` : '';
  return (
    `Some numbers are not final: complete up to ${formatTime(through, zone, 'full')}, ` +
    `${span(behind, 60)} ago; ${plural(pendingHours, 'hour')} of this range wait to be recomputed.${missing}`
  );
}
