import { html, nothing, type TemplateResult } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import { live } from 'lit-html/directives/live.js';
import { ref } from 'lit-html/directives/ref.js';

/** What a template may hold. Text is never parsed as HTML. */
export type Content = TemplateResult | string | symbol;

/** Sets a property of the element's style: the policy of the page refuses style attributes. */
export const styled = (property: string, value: string): unknown =>
  ref((element) => {
    (element as HTMLElement | undefined)?.style.setProperty(property, value);
  });

/**
 * Text in a place that is aligned at its end. It is put in anew when it changes: a text that has become longer starts
 * further left, and a browser that sees the same text node there takes it for one that has moved.
 */
export const endAligned = (text: string): TemplateResult => html`${keyed(text, html`${text}`)}`;

/** The handler of a form that the page itself sends. */
export const submitted =
  (send: (form: HTMLFormElement) => unknown) =>
  (event: SubmitEvent): void => {
    event.preventDefault();
    send(event.currentTarget as HTMLFormElement);
  };

export const cardHead = (title: string, note: Content = nothing): TemplateResult =>
  html`<header>
    <h3>${title}</h3>
    <span class="note">${note}</span>
  </header>`;

/** The frame of every table; it can be scrolled with the keyboard too. */
export const tableFrame = (name: string, heads: unknown, rows: unknown, classes = ''): TemplateResult =>
  html`<div class="scroll" tabindex="0" role="region" aria-label=${name}>
    <table class="data ${classes}">
      <caption class="visually-hidden">
        ${name}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;

/** A choice among [value, label]. */
export const select = (
  id: string,
  label: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
  onChange: (value: string) => void,
  title?: string,
): TemplateResult => {
  const change = (event: Event): void => {
    onChange((event.target as HTMLSelectElement).value);
  };
  return html`<label class="compact" title=${title ?? nothing}>
    <span>${label}</span>
    <select id=${id} @change=${change}>
      ${options.map(
        ([value, text]) => html`<option value=${value} .selected=${live(value === chosen)}>${text}</option>`,
      )}
    </select>
  </label>`;
};

/** One of a few, each [value, label, handler]. */
export const segmented = (
  label: string,
  choices: readonly (readonly [string, string, () => unknown])[],
  chosen: string | null,
): TemplateResult =>
  html`<div class="segmented" role="group" aria-label=${label}>
    ${choices.map(([value, text, choose]) => button(text, choose, { pressed: value === chosen }))}
  </div>`;

interface ButtonOptions {
  readonly classes?: string;
  readonly title?: string | undefined;
  /** For screen readers, where the text alone does not say enough. */
  readonly label?: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly hidden?: boolean;
  readonly disabled?: boolean;
}

/** A button that is not the submit button of a form. */
export const button = (
  text: Content,
  onClick: (event: MouseEvent) => unknown,
  { classes, title, label, pressed, expanded, hidden = false, disabled = false }: ButtonOptions = {},
): TemplateResult =>
  html`<button
    type="button"
    class=${classes ?? nothing}
    title=${title ?? nothing}
    aria-label=${label ?? nothing}
    aria-pressed=${pressed ?? nothing}
    aria-expanded=${expanded ?? nothing}
    ?hidden=${hidden}
    ?disabled=${disabled}
    @click=${onClick}
  >
    ${text}
  </button>`;
