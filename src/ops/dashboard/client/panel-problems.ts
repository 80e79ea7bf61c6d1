import type { Part } from './answers.js';
import { button, el } from './dom.js';

/** Where each part is shown, and what people call it. */
const PANELS: Readonly<Record<Part, readonly [selector: string, name: string]>> = {
  overview: ['#glance', 'The overview'],
  trend: ['#charts', 'The trends'],
  platforms: ['[data-breakdown="platforms"]', 'The platforms'],
  groups: ['[data-breakdown="groups"]', 'The groups'],
  distribution: ['#distribution', 'The distribution'],
  status: ['#facts', 'The state of the rollup'],
  rebuilds: ['#rebuild-list', 'The list of rebuilds'],
};
export const PARTS = Object.keys(PANELS) as readonly Part[];

export interface PanelProblem {
  readonly text: string;
  /** When the numbers came in that are still shown; null where there are none of what was asked for. */
  readonly since: string | null;
}

/**
 * Says in a panel that it could not be loaded, and hides or fades what is in it; null lets it be.
 *
 * @param silent only the latter: another place says what is wrong
 */
export function showPanelProblem(
  part: Part,
  problem: PanelProblem | null,
  onRetry: () => void,
  silent: boolean,
): void {
  const [selector, name] = PANELS[part];
  const panel = document.querySelector(selector);
  panel?.querySelector(':scope > .panel-problem')?.remove();
  panel?.classList.toggle('outdated', problem !== null && problem.since !== null);
  panel?.classList.toggle('lost', problem?.since === null);
  if (problem === null || silent) {
    return;
  }
  const old = problem.since === null ? '' : ` The numbers here are from ${problem.since}.`;
  panel?.prepend(
    el(
      'div',
      { class: 'banner bad panel-problem', role: 'alert', 'data-part': part },
      el('p', {}, `${name} could not be loaded: ${problem.text}.${old}`),
      button('Try again', { 'aria-label': `Try again: ${name.toLowerCase()}` }, onRetry),
    ),
  );
}
