import { html, nothing, type TemplateResult } from 'lit-html';
import type { Breakdown, BreakdownItem } from '../../read/read.types.js';
import { scopeOf, without } from './answers.js';
import { describe, wasAborted } from './api.js';
import { capital, compact } from './format.js';
import type { Host } from './host.js';
import { chosen, filterBy, keyName, nameOf, toggled, unavailable, wordOf } from './slices.js';
import { button } from './templates.js';
import { NO_FILTERS, subjectOf } from './view.js';

/** As many as the server lists; others can be entered. */
const LIMIT = 1000;
/** Of these, as many as are drawn at a time. */
const SHOWN = 50;
const GROUP_ID = /^-?[1-9]\d{0,18}$/;

/**
 * Chooses several platforms, groups or keys of a set, those with requests in the range of the page, busiest first: a
 * combobox with a list of several choices, as ARIA describes it. It closes when the focus goes elsewhere.
 */
export class FilterPicker {
  private open = false;
  private text = '';
  /** The option that Enter takes, counted among those shown. */
  private active = 0;
  private items: readonly BreakdownItem[] = [];
  private problem: string | null = null;
  private loading = false;
  /** What the items are of. */
  private subject = '';

  public constructor(
    private readonly host: Host,
    private readonly by: string,
  ) {}

  public template(): TemplateResult {
    const { by, open } = this;
    const [keys, word] = [chosen(this.host.view, by), capital(wordOf(by))];
    if (keys.length > 0 && by === 'group') {
      void this.load(); // for their names
    }
    const text = keys.length > 1 ? String(keys.length) : keys[0] === undefined ? 'all' : this.name(keys[0]);
    return html`<div class="picker" @keydown=${this.onKey} @focusout=${this.onFocusOut}>
      <button
        type="button"
        id="filter-${by}"
        class=${keys.length > 0 ? 'chosen' : ''}
        aria-haspopup="listbox"
        aria-expanded=${open}
        @click=${this.toggle}
      >
        ${word}: <b>${text}</b>
      </button>
      ${open ? this.panel(word, keys) : nothing}
    </div>`;
  }

  /** What the key is called, as far as that is known. */
  public name(key: string): string {
    const item = this.items.find((one) => one.key === key);
    return item === undefined ? (this.by === 'group' ? `group ${key}` : keyName(key)) : nameOf(item);
  }

  private panel(word: string, keys: readonly string[]): TemplateResult {
    const { by, active, host } = this;
    const options = this.options(keys);
    const search = (event: InputEvent): void => {
      [this.text, this.active] = [(event.target as HTMLInputElement).value, 0];
      host.changed();
    };
    // The focus stays in the input.
    const stay = (event: Event): void => {
      event.preventDefault();
    };
    return html`<div class="picker-panel card">
      <input
        type="text"
        role="combobox"
        aria-label="Search ${word}"
        aria-expanded="true"
        aria-controls="list-${by}"
        aria-activedescendant=${options.length === 0 ? nothing : `option-${by}-${active}`}
        placeholder="Search"
        autocomplete="off"
        spellcheck="false"
        .value=${this.text}
        @input=${search}
      />
      <ul id="list-${by}" role="listbox" aria-label=${word} aria-multiselectable="true" @pointerdown=${stay}>
        ${options.map(
          ({ key, name, requests }, at) =>
            html`<li
              id="option-${by}-${at}"
              role="option"
              aria-selected=${keys.includes(key)}
              class=${at === active ? 'active' : ''}
              title=${name}
              @click=${this.choose(key)}
            >
              <span>${name}</span> <small>${requests === null ? nothing : compact(requests)}</small>
            </li>`,
        )}
      </ul>
      <p class="note" role="status">${this.state(options.length)}</p>
      ${button('Clear', host.to(filterBy(by, [])), { classes: 'quiet', disabled: keys.length === 0 })}
    </div>`;
  }

  private state(options: number): string {
    if (options === 0) {
      return this.problem ?? (this.loading ? 'Loading…' : 'None that is called so.');
    }
    return this.items.length > SHOWN && this.text === ''
      ? `The busiest of ${this.items.length}: type to find another.`
      : 'Requests in the range.';
  }

  /** What is chosen and not listed comes first; what is not listed can be entered. */
  private options(keys: readonly string[]) {
    const [text, isGroup] = [this.text.trim(), this.by === 'group'];
    const absent = keys.filter((key) => this.items.every((item) => item.key !== key));
    const found = [
      ...absent.map((key) => ({ key, name: this.name(key), requests: null as number | null })),
      ...this.items.map((item) => ({ key: item.key, name: nameOf(item), requests: item.requestCountTotal })),
    ].filter(({ key, name }) => `${name} ${key}`.toLowerCase().includes(text.toLowerCase()));
    const isNew = text !== '' && found.every(({ key }) => key !== text) && (!isGroup || GROUP_ID.test(text));
    const entered = { key: text, name: isGroup ? `Group ${text}` : `Only “${text}”`, requests: null };
    return [...found.slice(0, SHOWN), ...(isNew && !this.loading ? [entered] : [])];
  }

  private readonly toggle = (): void => {
    [this.open, this.text, this.active] = [!this.open, '', 0];
    if (this.open) {
      this.subject = this.problem === null ? this.subject : '';
      void this.load();
    }
    this.host.changed();
    const focused = this.open ? `[aria-controls="list-${this.by}"]` : `#filter-${this.by}`;
    document.querySelector<HTMLElement>(focused)?.focus();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.open || !(event.target instanceof HTMLInputElement || event.key === 'Escape')) {
      return;
    }
    const options = this.options(chosen(this.host.view, this.by));
    const moved = { ArrowDown: this.active + 1, ArrowUp: this.active - 1 }[event.key];
    const option = options[this.active];
    if (event.key === 'Escape') {
      this.toggle();
    } else if (moved !== undefined) {
      this.active = Math.min(options.length - 1, Math.max(0, moved));
      this.host.changed();
      document.getElementById(`option-${this.by}-${this.active}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && option !== undefined) {
      this.choose(option.key)();
    } else {
      return;
    }
    event.preventDefault();
  };

  private readonly onFocusOut = ({ currentTarget, relatedTarget }: FocusEvent): void => {
    if (this.open && !(currentTarget as Node).contains(relatedTarget as Node | null)) {
      this.open = false;
      this.host.changed();
    }
  };

  private readonly choose = (key: string) => (): void => {
    const { view, go } = this.host;
    go(filterBy(this.by, toggled(chosen(view, this.by), key, true)));
  };

  private async load(): Promise<void> {
    const { api, view, range, dimensions } = this.host;
    const others = without(view, this.by);
    // Filters that it does not go with leave none out.
    const goes = unavailable({ view: others, dimensions }, this.by) === null;
    const of = goes ? others : { ...view, ...NO_FILTERS };
    if (this.loading || subjectOf(of) === this.subject) {
      return;
    }
    [this.loading, this.problem, this.subject] = [true, null, subjectOf(of)];
    try {
      const query = { ...scopeOf(of, range), by: this.by, limit: LIMIT };
      this.items = (await api.get<Breakdown>('breakdown', query)).items;
    } catch (error) {
      if (wasAborted(error)) {
        return;
      }
      // Not asked for again until somebody opens it: every rendering of a chosen group's name comes by here.
      [this.problem, this.items] = [`Not listed: ${describe(error)}.`, []];
    }
    this.loading = false;
    this.host.changed();
  }
}
