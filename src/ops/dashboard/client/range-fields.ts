import { html, type TemplateResult } from 'lit-html';
import type { TimeRange } from './view.js';
import { fromInput, toInput, zoneName, type Zone } from './zone.js';

/** Two inputs for a range, in the zone of the page. They show the range given until somebody enters another one. */
export function rangeFields(id: string, range: TimeRange, zone: Zone): TemplateResult {
  // A complaint keeps the browser from submitting, and so from being asked again: it ends with what it was about.
  const calm = (): void => {
    document.querySelector<HTMLInputElement>(`#${id}-to`)?.setCustomValidity('');
  };
  const field = (name: 'from' | 'to', label: string): TemplateResult =>
    html`<label>
      <span>${label} <span class="note">${zoneName(zone)}</span></span>
      <input
        id="${id}-${name}"
        name=${name}
        type="datetime-local"
        required
        step="60"
        value=${toInput(range[name], zone)}
        @input=${calm}
      />
    </label>`;
  return html`${field('from', 'From')} ${field('to', 'To')}`;
}

/**
 * The range that the form has; null, with the browser's own message at the field, where it is none.
 *
 * @param shortest range that makes sense, in minutes
 */
export function readRange(form: HTMLFormElement, zone: Zone, shortest = 1): TimeRange | null {
  const input = (name: string): HTMLInputElement => form.elements.namedItem(name) as HTMLInputElement;
  const [from, to] = [input('from'), input('to')];
  const range = { from: fromInput(from.value, zone), to: fromInput(to.value, zone) };
  const minutes = (range.to - range.from) / 60_000;
  const least = minutes <= 0 ? '' : `at least ${shortest} minutes `;
  to.setCustomValidity(minutes < shortest ? `Must be ${least}after the start` : '');
  return form.reportValidity() ? range : null;
}

/** What was entered means the same moments in another zone. */
export function convertEntered(before: Zone, zone: Zone): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[type="datetime-local"]')) {
    const time = fromInput(input.value, before);
    if (input.value !== input.defaultValue && !Number.isNaN(time)) {
      input.value = toInput(time, zone);
    }
  }
}
