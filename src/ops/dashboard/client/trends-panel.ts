import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import type { Series } from '../../read/read.types.js';
import { ChartCard } from './chart-card.js';
import type { Scene } from './chart-picture.js';
import { CHARTS } from './chart-specs.js';
import { Tooltip } from './chart-tooltip.js';
import { capital } from './format.js';
import type { Host } from './host.js';
import type { PanelState } from './panel-states.js';
import { filterBy, setNames, unavailable, wordOf } from './slices.js';
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
  private readonly reader = document.createElement('p');
  private slots: { readonly by: string; readonly keys: readonly (string | null)[] } = { by: '', keys: [] };

  public constructor(private readonly host: Host) {
    const { reader, zoom } = this;
    const tooltip = (this.tooltip = new Tooltip(host.api.signal));
    reader.className = 'visually-hidden';
    reader.ariaLive = 'polite';
    this.charts = CHARTS.map((spec) => new ChartCard(spec, host, tooltip, reader, zoom));
  }

  public template(answers: TrendAnswers, { className, banner }: PanelState): TemplateResult {
    const { view, to } = this.host;
    const sets = [
      ['service', 'Service', to({ charts: 'service' })],
      ['cost', 'Cost and speed', to({ charts: 'cost' })],
    ] as const;
    const problem = view.split === null ? null : unavailable(this.host, view.split);
    const scene = this.sceneOf(answers, view.split !== null && problem === null);
    // They compare what they are drawn of, and not how far the clock has moved on.
    const objectives = JSON.stringify(scene.objectives);
    const sources = [scene.trend, scene.before, scene.series, view.only, view.zone, objectives];
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
      <div id="charts" class="charts ${className}">
        ${banner}
        ${this.charts
          .filter(({ spec }) => spec.set === view.charts)
          .map((chart) => guard([chart, ...sources], () => chart.show(scene)))}
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

  private choices(series: Series | null): TemplateResult {
    const { view, dimensions, go, to } = this.host;
    const names = new Set(['platform', 'group', ...setNames(dimensions), view.split ?? 'group']);
    const splits = [...names].map((name): [string, string] => [name, capital(wordOf(name))]);
    // The rest is no key that the page could be filtered for.
    const keys = view.only.filter((name) => series?.series.some(({ key }) => key === name) === true);
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

  /** Where charts are to be split and cannot be yet, of nothing. */
  private sceneOf({ trend, before, series }: TrendAnswers, isSplit: boolean): Scene {
    const { view, range, objectives } = this.host;
    const { only, zone, slice } = view;
    const shift = compareShift(view, trendRange(range, slice !== null));
    const slots = isSplit && series !== null ? this.slotsOf(series) : [];
    const answers = isSplit ? { trend: null, before: null, series } : { trend, before, series: null };
    return { ...answers, only, zone, objectives, shift, slots };
  }

  /** A key keeps its colour as long as it is among the busiest; one that comes takes a free one. */
  private slotsOf({ by, series }: Series): readonly (string | null)[] {
    const keys = series.flatMap(({ key }) => key ?? []);
    const before = this.slots.by === by ? this.slots.keys : [];
    const slots = before.map((slot) => keys.find((key) => key === slot) ?? null);
    for (const key of keys.filter((one) => !slots.includes(one))) {
      const free = slots.indexOf(null);
      slots[free === -1 ? slots.length : free] = key;
    }
    this.slots = { by, keys: slots };
    return slots;
  }

  /** Around what was selected, where that is too short to say anything. */
  private readonly zoom = (from: number, to: number): void => {
    const shortest = SHORTEST_MINUTES * 60_000;
    const missing = Math.max(0, shortest - (to - from)) / 2;
    const end = Math.min(to + missing, this.host.range.to);
    this.tooltip.show(null);
    this.host.go({ fixed: fixedRange(Math.min(from - missing, end - shortest), end) });
  };
}
