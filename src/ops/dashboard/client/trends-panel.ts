import { html, nothing, type TemplateResult } from 'lit-html';
import type { Series } from '../../read/read.types.js';
import { ChartCard } from './chart-card.js';
import type { Scene } from './chart-picture.js';
import { CHARTS } from './chart-specs.js';
import { Tooltip } from './chart-tooltip.js';
import { capital } from './format.js';
import type { Host } from './host.js';
import type { PanelState } from './panel-states.js';
import { filterBy, toggled, unavailable, wordOf } from './slices.js';
import { button, segmented, select, type Content } from './templates.js';
import { COMPARES, compareShift, fixedRange, SHORTEST_MINUTES, trendRange } from './view.js';

/** What the charts are drawn of; null until it is known, or where it is not asked for. */
export type TrendAnswers = Pick<Scene, 'trend' | 'before' | 'series'>;

const COMPARED = [
  ['', 'off'],
  ['previous', 'previous period'],
  ['week', 'last week'],
] as const;

/** The charts, all over the same time. */
export class TrendsPanel {
  private readonly charts: readonly ChartCard[];
  private readonly tooltip: Tooltip;
  /** Says to screen readers what the keyboard's cursor is at. */
  private readonly reader = document.createElement('p');
  private scene: Scene | null = null;
  /** What it was made of. */
  private sources: readonly unknown[] = [];
  private slots: { readonly by: string; readonly keys: readonly (string | null)[] } = { by: '', keys: [] };

  public constructor(private readonly host: Host) {
    const { reader, zoom } = this;
    const tooltip = (this.tooltip = new Tooltip(host.api.signal));
    reader.className = 'visually-hidden';
    reader.ariaLive = 'polite';
    const onChoose = (name: string, withOthers: boolean): void => {
      host.go({ only: toggled(host.view.only, name, withOthers) });
    };
    const onRead = (text: string): void => {
      reader.textContent = text;
    };
    this.charts = CHARTS.map((spec) => new ChartCard(spec, { tooltip, onZoom: zoom, onChoose, onRead }));
  }

  public template(answers: TrendAnswers, { className, banner }: PanelState): TemplateResult {
    const { view, to, go } = this.host;
    const sets = [
      ['service', 'Service', to({ charts: 'service' })],
      ['cost', 'Cost and speed', to({ charts: 'cost' })],
    ] as const;
    const zoomReset = (event: Event): void => {
      if (event.target instanceof Element && event.target.closest('.plot') !== null) {
        go({ fixed: null });
      }
    };
    const problem = view.split === null ? null : unavailable(this.host, view.split);
    const scene = this.sceneOf(answers, view.split !== null && problem === null);
    return html`<section aria-labelledby="trends-title">
      <div class="section-head">
        <h2 id="trends-title">Trends</h2>
        ${segmented('Trends of', sets, view.charts)} ${this.choices(problem === null ? answers.series : null)}
        <p id="chart-keys" class="note">
          Drag to zoom, double-click to reset. With the keyboard: arrows move, Shift with arrows selects,
          Enter zooms.
        </p>
      </div>
      ${this.wayOut(problem)}
      <div id="charts" class="charts ${className}" @dblclick=${zoomReset}>
        ${banner}
        ${this.charts.filter(({ spec }) => spec.set === view.charts).map((chart) => chart.show(scene))}
      </div>
      ${this.tooltip.element} ${this.reader}
    </section>`;
  }

  /** Anew, with the colours of the present theme: those of canvases have no cascade. */
  public recolor(): void {
    for (const chart of this.charts) {
      chart.redraw();
    }
  }

  /** The charts that move together know each other. */
  public destroy(): void {
    for (const chart of this.charts) {
      chart.destroy();
    }
  }

  private choices(series: Series | null): TemplateResult {
    const { view, dimensions, go, to } = this.host;
    const sets = (dimensions ?? []).map(({ name }) => name);
    const names = [...new Set(['platform', 'group', ...sets, view.split ?? 'group'])];
    const splits = names.map((name): [string, string] => [name, capital(wordOf(name))]);
    // The rest is no key that the page could be filtered for.
    const keys = (series?.series ?? [])
      .flatMap(({ key }) => key ?? [])
      .filter((key) => view.only.includes(key));
    const split = (by: string): void => {
      go({ split: by || null, only: [] });
    };
    const compare = (other: string): void => {
      go({ compare: COMPARES.find((one) => one === other) ?? null });
    };
    return html`${select('split', 'Series by', [['', 'none'], ...splits], view.split ?? '', split)}
    ${view.split === null ? select('compare', 'Compare', COMPARED, view.compare ?? '', compare) : nothing}
    ${button('Filter the page to these', to({ ...filterBy(series?.by ?? '', keys), only: [] }), {
      hidden: keys.length === 0,
      title: keys.join(', '),
    })}`;
  }

  /** Why the charts are not split, and what can be done about it. */
  private wayOut(problem: string | null): Content {
    const { view, to } = this.host;
    const blocks = view.slice !== null && view.slice.dimension !== view.split;
    const freed = blocks ? { slice: null } : { platforms: [], groups: [] };
    return problem === null
      ? nothing
      : html`<div id="split-problem" class="banner warn" role="status">
          <p>One series each: ${problem}</p>
          ${button('Remove the filter', to(freed))} ${button('Do not split', to({ split: null }))}
        </div>`;
  }

  /** The same object until something of it is another: the charts compare it. */
  private sceneOf(answers: TrendAnswers, isSplit: boolean): Scene | null {
    const { view, range, objectives } = this.host;
    const { trend, before, series } = { ...answers, ...(isSplit ? { before: null } : { series: null }) };
    if (isSplit && series === null) {
      return null; // what was drawn before stays, and looks it
    }
    const { only, zone, slice } = view;
    const sources = [trend, before, series, only, zone, JSON.stringify(objectives)];
    if (sources.some((source, at) => source !== this.sources[at])) {
      const shift = compareShift(view, trendRange(range, slice !== null));
      this.sources = sources;
      this.scene = { trend, before, series, only, zone, objectives, shift, slots: this.slotsOf(series) };
    }
    return this.scene;
  }

  /** A key keeps its colour as long as it is among the busiest; one that comes takes a free one. */
  private slotsOf(series: Series | null): readonly (string | null)[] {
    const keys = (series?.series ?? []).flatMap(({ key }) => key ?? []);
    const slots = (this.slots.by === series?.by ? this.slots.keys : []).map((key) =>
      key !== null && keys.includes(key) ? key : null,
    );
    for (const key of keys.filter((one) => !slots.includes(one))) {
      const free = slots.indexOf(null);
      slots[free === -1 ? slots.length : free] = key;
    }
    this.slots = { by: series?.by ?? '', keys: slots };
    return slots;
  }

  /** Around what was selected, where that is too short to say anything. */
  private readonly zoom = (from: number, to: number): void => {
    const shortest = SHORTEST_MINUTES * 60_000;
    const missing = Math.max(0, shortest - (to - from)) / 2;
    const end = Math.min(to + missing, this.host.range.to);
    const fixed = fixedRange(Math.min(from - missing, end - shortest), end);
    this.tooltip.hide();
    if (fixed !== null) {
      this.host.go({ fixed });
    }
  };
}
