import type { Overview } from '../../read/read.types.js';
import { byId, setText } from './dom.js';
import { plural, span } from './format.js';
import { bucketFor, viewQuery, type TimeRange, type View } from './view.js';
import { formatTime, zoneName } from './zone.js';

/** Less than this behind is what a running tick looks like; milliseconds. */
const FRESH_ENOUGH_MS = 2 * 60_000;
const BUCKETS = { '5m': '5-minute', hour: '1-hour', day: '1-day' } as const;

const show = (id: string, text: string | null): void => {
  const element = byId(id, HTMLElement);
  element.hidden = text === null;
  setText(element, text ?? '');
};

/** What range the numbers are of, in which zone, and when they came in. */
export function showRangeLine(overview: Overview, view: View, range: TimeRange, updatedAt: number): void {
  const [from, to] = [overview.from, overview.to].map((time) => formatTime(time, view.zone, 'full'));
  const updated = formatTime(updatedAt, view.zone, 'seconds');
  show(
    'range-line',
    `${from ?? ''} – ${to ?? ''}, times in ${zoneName(view.zone)} · ${BUCKETS[bucketFor(range.to - range.from)]} points · updated ${updated}`,
  );
}

/** Says where the rollup lags behind, whatever the reason; null is not known. */
export function showStale(overview: Overview | null, now: number, view: View): void {
  if (overview === null) {
    show('stale', null);
    return;
  }
  const { freshThrough, pendingHours, missingHours } = overview.freshness;
  const through = Date.parse(freshThrough);
  const end = Math.min(Date.parse(overview.to), now);
  const stale = (pendingHours > 0 || missingHours > 0) && end - through > FRESH_ENOUGH_MS;
  const missing =
    missingHours > 0 ? ` ${plural(missingHours, 'hour')} not rolled up yet are missing in them.` : '';
  show(
    'stale',
    stale
      ? `Some numbers are not final: complete up to ${formatTime(through, view.zone, 'full')}, ` +
          `${span(end - through, 60)} ago; ${plural(pendingHours, 'hour')} of this range wait to be recomputed.${missing}`
      : null,
  );
}

export function showEmpty(overview: Overview, view: View): void {
  const empty = overview.requestCountTotal === 0;
  const filtered = view.platform !== null || view.group !== null;
  byId('empty', HTMLElement).hidden = !empty;
  byId('numbers', HTMLElement).hidden = empty;
  byId('empty-filters', HTMLButtonElement).hidden = !filtered;
  byId('empty-month', HTMLButtonElement).hidden = viewQuery({ ...view, zone: 'utc' }) === '?preset=30d';
  setText(
    byId('empty-text', HTMLElement),
    filtered
      ? 'No request in this range belongs to what is filtered for.'
      : 'The gateway has logged no request in this range.',
  );
}

/** @param since when the shown numbers came in, or null where there are none */
export function showProblem(text: string | null, since: string | null = null): void {
  byId('problem', HTMLElement).hidden = text === null;
  const old = since === null ? '' : ` The numbers below are from ${since} and no longer refreshed.`;
  setText(byId('problem-text', HTMLElement), text === null ? '' : `${text}.${old}`);
}
