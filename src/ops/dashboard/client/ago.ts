import { html, type TemplateResult } from 'lit-html';
import { span } from './format.js';
import type { Host } from './host.js';
import { endAligned } from './templates.js';
import { formatTime, zoneName } from './zone.js';

/**
 * How long ago that was, or how soon it will be; in full on hover.
 *
 * @param time ISO 8601, or milliseconds since 1970
 */
export function ago(
  time: string | number,
  { now, view: { zone } }: Pick<Host, 'now' | 'view'>,
): TemplateResult {
  const at = new Date(time);
  const since = now - at.getTime();
  const [length, isNow] = [span(Math.abs(since)), Math.abs(since) < 1000];
  return html`<time
    datetime=${at.toISOString()}
    title="${formatTime(at.getTime(), zone, 'exactFull')} ${zoneName(zone)}"
    >${endAligned(isNow ? 'now' : since > 0 ? `${length} ago` : `in ${length}`)}</time
  >`;
}
