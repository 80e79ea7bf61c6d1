import { html } from 'lit-html';
import { NOTHING, span } from './format.js';
import type { Host } from './host.js';
import { endAligned, type Content } from './templates.js';
import { formatTime, zoneName } from './zone.js';

/**
 * How long ago that was, or how soon it will be; in full on hover.
 *
 * @param time ISO 8601
 * @param otherwise where there is no time
 */
export function ago(time: string | null, { now, view }: Host, otherwise: Content = NOTHING): Content {
  if (time === null) {
    return otherwise;
  }
  const since = now - Date.parse(time);
  const [length, isNow] = [span(Math.abs(since)), Math.abs(since) < 1000];
  return html`<time
    datetime=${new Date(time).toISOString()}
    title="${formatTime(time, view.zone, 'exactFull')} ${zoneName(view.zone)}"
    >${endAligned(isNow ? 'now' : since > 0 ? `${length} ago` : `in ${length}`)}</time
  >`;
}
