import { html, nothing } from 'lit-html';
import type { Part } from './answers.js';
import { describe } from './api.js';
import { button, type Content } from './templates.js';
import { formatTime, zoneName, type Zone } from './zone.js';

/** What people call what each part shows. */
const NAMES: Readonly<Record<Part, string>> = {
  overview: 'The overview',
  trend: 'The trends',
  before: 'The comparison',
  series: 'The series',
  platforms: 'The platforms',
  breakdown: 'The breakdown',
  distribution: 'The distribution',
  status: 'The state of the rollup',
  rebuilds: 'The list of rebuilds',
  verifications: 'The list of verifications',
};
export const PARTS = Object.keys(NAMES) as readonly Part[];

/** Why a part could not be loaded. */
export interface Failure {
  readonly error: unknown;
  /** When the answer to the same question came in that is still shown; null where there is none. */
  readonly at: number | null;
}

/**
 * For the panel of a part: a class by which it looks like what it is, and what comes first in it. `waiting`: nothing has
 * come yet; `old`: what is there answers an earlier question, and the answer is under way; `outdated`: it could not be
 * refreshed; `lost`: there is nothing to show.
 */
export interface PanelState {
  readonly className: '' | 'waiting' | 'old' | 'outdated' | 'lost';
  readonly banner: Content;
}

/** @param onRetry null for no banner: another place says what is wrong */
export function failedState(
  part: Part,
  { error, at }: Failure,
  zone: Zone,
  onRetry: (() => void) | null,
): PanelState {
  const className = at === null ? 'lost' : 'outdated';
  if (onRetry === null) {
    return { className, banner: nothing };
  }
  const old = at === null ? '' : ` The numbers here are from ${timeOf(at, zone)}.`;
  const banner = html`<div class="banner bad panel-problem" role="alert">
    <p>${NAMES[part]} could not be loaded: ${describe(error)}.${old}</p>
    ${button('Try again', onRetry, { label: `Try again: ${NAMES[part].toLowerCase()}` })}
  </div>`;
  return { className, banner };
}

/** What is wrong with everything. */
export function commonProblem(failures: readonly Failure[], zone: Zone): string {
  const latest = Math.max(...failures.map(({ at }) => at ?? 0));
  const old =
    latest === 0 ? '' : ` The numbers below are from ${timeOf(latest, zone)} and no longer refreshed.`;
  return `${describe(failures[0]?.error)}.${old}`;
}

const timeOf = (time: number, zone: Zone): string => `${formatTime(time, zone, 'seconds')} ${zoneName(zone)}`;
