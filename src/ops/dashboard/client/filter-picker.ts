import { html, nothing, type TemplateResult } from 'lit-html';
import type { Breakdown, BreakdownItem } from '../../read/read.types.js';
import { scopeOf, without } from './answers.js';
import { describe, wasAborted } from './api.js';
import { capital, compact } from './format.js';
import type { Host } from './host.js';
import { chosen, filterBy, keyName, nameOf, toggled, unavailable, wordOf } from './slices.js';
import { button } from './templates.js';
import { subjectOf } from './view.js';

/** As many as the server lists; others can be entered. */
const LIMIT = 1000;
/** Of these, as many as are drawn at a time. */
const SHOWN = 50;
const WHOLE = /^-?[1-9]\d{0,18}$/;

/**
 * Chooses several platforms, groups or keys of a set, those with requests in the range of the page, busiest first: a
 * combobox with a list of several choices, as ARIA describes it.
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
    const { view } = this.host;
    const [keys, word] = [chosen(view, by), capital(wordOf(by))];
    if (keys.length > 0 && by === 'group') {
      void this.load(); // for their names
    }
    const text =
      keys.length === 0 ? 'all' : keys.length === 1 ? this.name(keys[0] ?? '') : String(keys.length);
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
      ${open ? this.panel(word) : nothing}
    </div>`;
  }

  /** What the key is called, as far as that is known. */
  public name(key: string): string {
    const item = this.items.find((one) => one.key === key);
    return item === undefined ? (this.by === 'group' ? `group ${key}` : keyName(key)) : nameOf(item);
  }

  private panel(word: string): TemplateResult {
    const { by } = this;
    const [options, keys] = [this.options(), chosen(this.host.view, by)];
    const input = (event: InputEvent): void => {
      [this.text, this.active] = [(event.target as HTMLInputElement).value, 0];
      this.host.changed();
    };
    const state = this.problem ?? (this.loading && options.length === 0 ? 'Loading…' : null);
    return html`<div class="picker-panel card">
      <input
        type="text"
        role="combobox"
        aria-label="Search ${word}"
        aria-expanded="true"
        aria-controls="list-${by}"
        aria-activedescendant=${options.length === 0 ? nothing : `option-${by}-${this.active}`}
        placeholder="Search"
        autocomplete="off"
        spellcheck="false"
        .value=${this.text}
        @input=${input}
      />
      <ul id="list-${by}" role="listbox" aria-label=${word} aria-multiselectable="true">
        ${options.map(
          ({ key, name, requests }, at) =>
            html`<li
              id="option-${by}-${at}"
              role="option"
              aria-selected=${keys.includes(key)}
              class=${at === this.active ? 'active' : ''}
              title=${name}
              @click=${() => {
                this.choose(key);
              }}
            >
              <span>${name}</span> <small>${requests === null ? nothing : compact(requests)}</small>
            </li>`,
        )}
      </ul>
      <p class="note" role="status">
        ${state ?? (options.length === 0 ? 'None that is called so.' : this.items.length > SHOWN && this.text === '' ? `The busiest of ${this.items.length}: type to find another.` : 'Requests in the range.')}
      </p>
      ${button('Clear', this.host.to(filterBy(by, [])), { classes: 'quiet', disabled: keys.length === 0 })}
    </div>`;
  }

  /** What is chosen comes first until something is searched for; what is not listed can be entered. */
  private options(): readonly { key: string; name: string; requests: number | null }[] {
    const [text, keys] = [this.text.trim(), chosen(this.host.view, this.by)];
    const known = this.items.map((item) => ({
      key: item.key,
      name: nameOf(item),
      requests: item.requestCountTotal,
    }));
    const absent = keys
      .filter((key) => known.every((one) => one.key !== key))
      .map((key) => ({ key, name: this.name(key), requests: null }));
    const found = [...absent, ...known].filter(({ key, name }) =>
      `${name} ${key}`.toLowerCase().includes(text.toLowerCase()),
    );
    const isNew =
      text !== '' && found.every(({ key }) => key !== text) && (this.by !== 'group' || WHOLE.test(text));
    return [
      ...found.slice(0, SHOWN),
      ...(isNew && !this.loading
        ? [{ key: text, name: this.by === 'group' ? `Group ${text}` : `Only “${text}”`, requests: null }]
        : []),
    ];
  }

  private readonly toggle = (): void => {
    this.open = !this.open;
    [this.text, this.active] = ['', 0];
    if (this.open) {
      void this.load();
    }
    this.host.changed();
    document
      .querySelector<HTMLElement>(this.open ? `[aria-controls="list-${this.by}"]` : `#filter-${this.by}`)
      ?.focus();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.open) {
      return;
    }
    const options = this.options();
    const moved = { ArrowDown: this.active + 1, ArrowUp: this.active - 1 }[event.key];
    const option = options[this.active];
    if (event.key === 'Escape') {
      this.toggle();
    } else if (moved !== undefined) {
      this.active = Math.min(options.length - 1, Math.max(0, moved));
      this.host.changed();
      document.getElementById(`option-${this.by}-${this.active}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && event.target instanceof HTMLInputElement && option !== undefined) {
      this.choose(option.key);
    } else {
      return;
    }
    event.preventDefault();
  };

  /** Somewhere else is what somebody goes on with. */
  private readonly onFocusOut = (event: FocusEvent): void => {
    const inside =
      event.relatedTarget instanceof Node && (event.currentTarget as Node).contains(event.relatedTarget);
    if (this.open && !inside && event.relatedTarget !== null) {
      this.close();
    }
  };

  /** Where the pointer went down outside of it. */
  public close(): void {
    if (this.open) {
      this.open = false;
      this.host.changed();
    }
  }

  private choose(key: string): void {
    const { view, go } = this.host;
    go(filterBy(this.by, toggled(chosen(view, this.by), key, true)));
  }

  private async load(): Promise<void> {
    const { api, view, range } = this.host;
    const others = without(view, this.by);
    // Its own filter, and what does not go with it, leave none out.
    const of =
      unavailable({ ...this.host, view: others }, this.by) === null
        ? others
        : { ...view, platforms: [], groups: [], slice: null };
    const subject = subjectOf(of);
    if (this.loading || subject === this.subject) {
      return;
    }
    [this.loading, this.problem, this.subject] = [true, null, subject];
    try {
      const query = { ...scopeOf(of, range), by: this.by, limit: LIMIT };
      this.items = (await api.get<Breakdown>('breakdown', query)).items;
    } catch (error) {
      if (wasAborted(error)) {
        return;
      }
      [this.problem, this.subject] = [`Not listed: ${describe(error)}.`, ''];
    }
    this.loading = false;
    this.host.changed();
  }
}
