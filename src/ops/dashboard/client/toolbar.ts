import { html, nothing, type TemplateResult } from 'lit-html';
import { FilterPicker } from './filter-picker.js';
import { capital } from './format.js';
import type { Host } from './host.js';
import { rangeFields, readRange } from './range-fields.js';
import { chosen, filterBy, setNames, wordOf } from './slices.js';
import { button, submitted } from './templates.js';
import { fixedRange, PRESET_NAMES, SHORTEST_MINUTES, viewQuery, type Preset } from './view.js';

const LABELS: Readonly<Record<Preset, string>> = {
  '15min': 'last 15 minutes',
  '1h': 'last 60 minutes',
  '6h': 'last 6 hours',
  '24h': 'last 24 hours',
  today: 'today so far',
  yesterday: 'all of yesterday',
  '7d': 'last 7 days',
  '30d': 'last 30 days',
};

/** Presets, custom range, zoom and filters. It shows a view, and asks for another one. */
export class Toolbar {
  private customOpen = false;
  private copied = '';
  private readonly pickers = new Map<string, FilterPicker>();

  public constructor(private readonly host: Host) {}

  public template(): TemplateResult {
    const { range, view, to, dimensions } = this.host;
    const { preset, fixed } = view;
    const half = (range.to - range.from) / 2;
    const zoom = { classes: 'quiet', hidden: fixed === null };
    const filters = ['platform', 'group', ...setNames(dimensions)];
    return html`<section class="toolbar" aria-label="Range and filters">
      <div class="segmented" role="group" aria-label="Range">
        ${PRESET_NAMES.map((key) => this.preset(key))}
        <button
          type="button"
          aria-pressed=${fixed !== null}
          aria-expanded=${this.customOpen}
          aria-controls="custom"
          @click=${this.toggleCustom}
        >
          Custom
        </button>
      </div>
      ${button('Zoom out', to({ fixed: fixedRange(range.from - half, range.to + half) }), zoom)}
      ${button('Reset zoom', to({ fixed: null }), { ...zoom, title: `Back to the ${LABELS[preset]}` })}
      ${button(this.copied === this.link ? 'Copied' : 'Copy link', this.copy, {
        classes: 'quiet',
        title:
          'A link to these numbers: the range as it is now. The address of the page moves on with the clock.',
        hidden: !('clipboard' in navigator),
      })}
      <div class="filters">${filters.map((by) => this.picker(by).template())}</div>
      ${this.chips(filters)}
      <form
        id="custom"
        class="fields"
        aria-label="Custom range"
        ?hidden=${!this.customOpen}
        @submit=${submitted(this.submit)}
      >
        ${
          this.customOpen
            ? html`${rangeFields('custom', range, view.zone)}
                <button type="submit" class="primary">Show</button>`
            : nothing
        }
      </form>
    </section>`;
  }

  private picker(by: string): FilterPicker {
    const picker = this.pickers.get(by) ?? new FilterPicker(this.host, by);
    this.pickers.set(by, picker);
    return picker;
  }

  /** The filters in words, each with a way out of it. */
  private chips(filters: readonly string[]): TemplateResult | typeof nothing {
    const { view, to } = this.host;
    const chips = filters.flatMap((by) => {
      const keys = chosen(view, by);
      return keys.map((key) => {
        const text = `${wordOf(by)}: ${this.picker(by).name(key)}`;
        const rest = filterBy(
          by,
          keys.filter((one) => one !== key),
        );
        return button(`${text} ✕`, to(rest), { classes: 'chip', label: `Remove the filter ${text}` });
      });
    });
    return chips.length === 0 ? nothing : html`<div class="chips">${chips}</div>`;
  }

  private preset(preset: Preset): TemplateResult {
    const { view } = this.host;
    const show = (): void => {
      this.customOpen = false;
      this.host.go({ preset, fixed: null });
    };
    return button(capital(preset.replace(/(\d+)/, '$1\u00a0')), show, {
      title: LABELS[preset],
      pressed: view.fixed === null && view.preset === preset,
    });
  }

  private readonly copy = async (): Promise<void> => {
    this.copied = this.link;
    await navigator.clipboard.writeText(this.copied);
    this.host.changed();
  };

  /** To the range as it is now. */
  private get link(): string {
    const query = viewQuery({ ...this.host.view, fixed: this.host.range });
    return `${location.origin}${location.pathname}${query}`;
  }

  private readonly toggleCustom = (): void => {
    this.customOpen = !this.customOpen;
    this.host.changed();
    document.getElementById('custom-from')?.focus();
  };

  private readonly submit = (form: HTMLFormElement): void => {
    const range = readRange(form, this.host.view.zone, SHORTEST_MINUTES);
    const fixed = range === null ? null : fixedRange(range.from, range.to);
    if (fixed !== null) {
      this.customOpen = false;
      this.host.go({ fixed });
    }
  };
}
