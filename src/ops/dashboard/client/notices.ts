import { html, type TemplateResult } from 'lit-html';
import type { Overview, TrendBucket } from '../../read/read.types.js';
import { plural, span } from './format.js';
import type { Kept } from './loader.js';
import { unslicedNote, unsplitNote, wordOf } from './slices.js';
import { isRecent, type View } from './view.js';
import { formatTime, zoneName } from './zone.js';

/** Less than this behind is what a running tick looks like; milliseconds. */
const FRESH_ENOUGH_MS = 2 * 60_000;
const BUCKETS = { '1m': '1-minute', '5m': '5-minute', hour: '1-hour', day: '1-day' } as const;

/**
 * Of which moment the numbers are, of what range, and in which zone. What grows is last: the rest keeps its place from
 * one refresh to the next.
 */
export function rangeLine(
  { answer, at: updated }: Kept<Overview>,
  bucket: TrendBucket | null,
  now: number,
  { zone }: View,
): TemplateResult {
  const { freshness } = answer;
  const range = { from: Date.parse(answer.from), to: Date.parse(answer.to) };
  const recent = isRecent(range, now);
  const [word, time] = recent ? ['as of', freshness.asOf] : ['updated', updated];
  const behind = recent && freshness.recent === 'raw';
  const raw = !behind
    ? ''
    : answer.dimension === null
      ? ' · Read from raw rows: the rollup of minutes is behind, or off.'
      : ` · The last hours are read from raw rows: no minutes are kept by ${wordOf(answer.dimension)}.`;
  const at = (moment: number): string => formatTime(moment, zone, 'full');
  // Without blanks at its ends: what comes behind them would move them.
  return html`<p id="range-line" class="range-line">
    <span id="as-of">${word} ${formatTime(time, zone, 'seconds')}</span
    >${` · ${at(range.from)} – ${at(range.to)}, times in ${zoneName(zone)}`}${bucket && ` · ${BUCKETS[bucket]} points`}<span
      id="raw"
      class="level-degraded"
      role="status"
      >${raw}</span
    >
  </p>`;
}

/** Says what is not in the numbers, and of which part of the range some are; null where they are complete. */
export function partialNotice(overview: Overview, { zone }: View): string | null {
  const { freshness, dimension } = overview;
  const notes = [unslicedNote(freshness, dimension ?? '', zone), unsplitNote(overview, zone)];
  return notes.filter((note) => note !== null).join(' ') || null;
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
    `${span(behind)} ago; ${plural(pendingHours, 'hour')} of this range wait to be recomputed.${missing}`
  );
}
