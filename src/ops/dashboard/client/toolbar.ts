import { html, nothing, type TemplateResult } from 'lit-html';
import type { Breakdown } from '../../read/read.types.js';
import type { Host } from './host.js';
import { rangeFields, readRange } from './range-fields.js';
import { keyName, nameOf, wordOf } from './slices.js';
import { button, select, submitted } from './templates.js';
import {
  fixedRange,
  isFiltered,
  PRESETS,
  SHORTEST_MINUTES,
  type Preset,
  type TimeRange,
  type View,
} from './view.js';

const LABELS: Readonly<Record<Preset, string>> = {
  '15min': 'last 15 minutes',
  '1h': 'last hour',
  '6h': 'last 6 hours',
  '24h': 'last 24 hours',
  '7d': 'last 7 days',
  '30d': 'last 30 days',
};

type Options = readonly (readonly [value: string, label: string])[];

/** Presets, custom range, zoom and filters. It shows a view, and asks for another one. */
export class Toolbar {
  private customOpen = false;

  public constructor(private readonly host: Host) {}

  public template(range: TimeRange, platforms: Breakdown | null, groups: Breakdown | null): TemplateResult {
    const { preset, fixed, platform, group } = this.host.view;
    const { go, to } = this.host;
    const half = (range.to - range.from) / 2;
    const zoom = { classes: 'quiet', hidden: fixed === null };
    return html`<section class="toolbar" aria-label="Range and filters">
      <div class="segmented" role="group" aria-label="Range">
        ${(Object.keys(PRESETS) as Preset[]).map((key) => this.preset(key))}
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
      <div class="filters">
        ${select('platform', 'Platform', platformOptions(platforms, platform), platform ?? '', (value) => {
          go({ platform: value || null, group: null });
        })}
        ${select('group', 'Group', groupOptions(groups, group, platform), group ?? '', (value) => {
          go({ group: value || null });
        })}
      </div>
      ${isFiltered(this.host.view) ? html`<div class="chips">${this.chips(groups)}</div>` : nothing}
      <form
        id="custom"
        class="fields"
        aria-label="Custom range"
        ?hidden=${!this.customOpen}
        @submit=${submitted(this.submit)}
      >
        ${
          this.customOpen
            ? html`${rangeFields('custom', range, this.host.view.zone)}
                <button type="submit" class="primary">Show</button>`
            : nothing
        }
      </form>
    </section>`;
  }

  /** The filters in words, each with a way out of it. */
  private chips(groups: Breakdown | null): TemplateResult[] {
    const { platform, group, slice } = this.host.view;
    const chip = (text: string, change: Partial<View>): TemplateResult =>
      button(`${text} ✕`, this.host.to(change), { classes: 'chip', label: `Remove the filter ${text}` });
    const known = groups?.items.find(({ groupId }) => groupId === group);
    return [
      ...(platform === null ? [] : [chip(`platform: ${keyName(platform)}`, { platform: null, group: null })]),
      ...(group === null ? [] : [chip(`group: ${known ? nameOf(known) : group}`, { group: null })]),
      ...(slice === null ? [] : [chip(`${wordOf(slice.dimension)}: ${keyName(slice.key)}`, { slice: null })]),
    ];
  }

  private preset(preset: Preset): TemplateResult {
    const { view } = this.host;
    const show = (): void => {
      this.customOpen = false;
      this.host.go({ preset, fixed: null });
    };
    return button(preset.replace(/(\d+)/, '$1\u00a0'), show, {
      title: LABELS[preset],
      pressed: view.fixed === null && view.preset === preset,
    });
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

const platformOptions = (platforms: Breakdown | null, chosen: string | null): Options =>
  withChosen(
    platforms?.items.map((item) => [item.platform ?? '', nameOf(item)] as const),
    chosen,
  );

const groupOptions = (groups: Breakdown | null, chosen: string | null, platform: string | null): Options =>
  withChosen(
    groups?.items
      .filter((item) => platform === null || item.platform === platform)
      .map((item) => [item.groupId ?? '', nameOf(item)] as const)
      .sort(([, a], [, b]) => a.localeCompare(b)),
    chosen,
  );

/** All, what has rows in the range, and what is chosen even if it has none. */
function withChosen(known: Options | undefined, chosen: string | null): Options {
  const missing = chosen !== null && known?.every(([value]) => value !== chosen) !== false;
  return [['', 'all'], ...(known ?? []), ...(missing ? [[chosen, `${chosen} (no rows here)`] as const] : [])];
}
