import type { Breakdown } from '../../read/read.types.js';
import { nameOf } from './breakdown-table.js';
import { button, byId, el } from './dom.js';
import { RangeFields } from './range-fields.js';
import { fixedRange, PRESETS, SHORTEST_MINUTES, type Preset, type TimeRange, type View } from './view.js';

const LABELS: Readonly<Record<Preset, string>> = {
  '1h': 'last hour',
  '6h': 'last 6 hours',
  '24h': 'last 24 hours',
  '7d': 'last 7 days',
  '30d': 'last 30 days',
};

/** Presets, custom range, zoom and filters. It shows a view, and asks for another one. */
export class Toolbar {
  private readonly presets = new Map<Preset, HTMLButtonElement>();
  private readonly custom: HTMLButtonElement;
  private readonly customForm = byId('custom', HTMLFormElement);
  private readonly fields = new RangeFields('custom', SHORTEST_MINUTES);
  private readonly zoomOut = byId('zoom-out', HTMLButtonElement);
  private readonly zoomReset = byId('zoom-reset', HTMLButtonElement);
  private readonly platform = byId('platform', HTMLSelectElement);
  private readonly group = byId('group', HTMLSelectElement);
  private readonly clear = byId('clear-filters', HTMLButtonElement);
  private readonly zones = {
    utc: byId('zone-utc', HTMLButtonElement),
    local: byId('zone-local', HTMLButtonElement),
  };
  private range: TimeRange = { from: 0, to: 0 };

  public constructor(private readonly onChange: (change: Partial<View>) => void) {
    const container = byId('presets', HTMLElement);
    for (const preset of Object.keys(PRESETS) as Preset[]) {
      const choice = button(preset.replace(/(\d+)/, '$1\u00a0'), { title: LABELS[preset] }, () => {
        this.customForm.hidden = true;
        onChange({ preset, fixed: null });
      });
      this.presets.set(preset, choice);
      container.append(choice);
    }
    this.custom = button('Custom', { 'aria-expanded': 'false', 'aria-controls': 'custom' }, () => {
      this.toggleCustom(this.customForm.hidden === true);
    });
    container.append(this.custom);
    this.customForm.append(
      ...this.fields.elements,
      el('button', { type: 'submit', class: 'primary' }, 'Show'),
    );
    this.customForm.addEventListener('submit', (event) => {
      event.preventDefault();
      const range = this.fields.read();
      const fixed = range === null ? null : fixedRange(range.from, range.to);
      if (fixed !== null) {
        this.toggleCustom(false);
        onChange({ fixed });
      }
    });
    this.bind();
  }

  public show(view: View, range: TimeRange): void {
    this.range = range;
    for (const [preset, choice] of this.presets) {
      choice.setAttribute('aria-pressed', String(view.fixed === null && view.preset === preset));
    }
    this.custom.setAttribute('aria-pressed', String(view.fixed !== null));
    this.zoomOut.hidden = this.zoomReset.hidden = view.fixed === null;
    this.zoomReset.title = `Back to the ${LABELS[view.preset]}`;
    this.clear.hidden = view.platform === null && view.group === null;
    this.zones.utc.setAttribute('aria-pressed', String(view.zone === 'utc'));
    this.zones.local.setAttribute('aria-pressed', String(view.zone === 'local'));
    this.fields.show(this.customForm.hidden ? range : null, view.zone);
  }

  /** The choices are what has rows in the range, and what is chosen; null leaves them as they are. */
  public showChoices(view: View, platforms: Breakdown | null, groups: Breakdown | null): void {
    const platformChoices = platforms?.items.map((item) => [item.platform ?? '', nameOf(item)] as const);
    const groupChoices = groups?.items
      .filter((item) => view.platform === null || item.platform === view.platform)
      .map((item) => [item.groupId ?? '', nameOf(item)] as const)
      .sort(([, a], [, b]) => a.localeCompare(b));
    fill(this.platform, view.platform, platformChoices ?? null);
    fill(this.group, view.group, groupChoices ?? null);
  }

  private bind(): void {
    this.zoomOut.addEventListener('click', () => {
      const half = (this.range.to - this.range.from) / 2;
      this.onChange({ fixed: fixedRange(this.range.from - half, this.range.to + half) });
    });
    this.zoomReset.addEventListener('click', () => {
      this.onChange({ fixed: null });
    });
    this.platform.addEventListener('change', () => {
      this.onChange({ platform: this.platform.value || null, group: null });
    });
    this.group.addEventListener('change', () => {
      this.onChange({ group: this.group.value || null });
    });
    this.clear.addEventListener('click', () => {
      this.onChange({ platform: null, group: null });
    });
    this.zones.utc.addEventListener('click', () => {
      this.onChange({ zone: 'utc' });
    });
    this.zones.local.addEventListener('click', () => {
      this.onChange({ zone: 'local' });
    });
  }

  private toggleCustom(open: boolean): void {
    this.customForm.hidden = !open;
    this.custom.setAttribute('aria-expanded', String(open));
    if (open) {
      this.customForm.querySelector('input')?.focus();
    }
  }
}

function fill(
  select: HTMLSelectElement,
  chosen: string | null,
  options: readonly (readonly [string, string])[] | null,
): void {
  const known = options ?? [...select.options].slice(1).map(({ value, text }) => [value, text] as const);
  const missing = chosen !== null && known.every(([value]) => value !== chosen);
  select.replaceChildren(
    ...[
      ['', 'all'] as const,
      ...known,
      ...(missing ? [[chosen, `${chosen} (no rows here)`] as const] : []),
    ].map(([value, label]) => el('option', { value, selected: value === (chosen ?? '') }, label)),
  );
}
