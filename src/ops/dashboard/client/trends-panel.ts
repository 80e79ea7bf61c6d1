import { html, type TemplateResult } from 'lit-html';
import type { Series, Trend } from '../../read/read.types.js';
import { ChartCard } from './chart-card.js';
import { CHARTS } from './chart-specs.js';
import type { Host } from './host.js';
import type { PanelState } from './panel-states.js';
import { segmented } from './templates.js';
import { fixedRange } from './view.js';

/** What the charts are drawn of; null until it is known, or where it is not asked for. */
export interface TrendAnswers {
  readonly trend: Trend | null;
  readonly before: Trend | null;
  readonly series: Series | null;
}

/** The charts, all over the same time. */
export class TrendsPanel {
  private readonly charts: readonly ChartCard[];

  public constructor(private readonly host: Host) {
    const zoom = (from: number, to: number): void => {
      const fixed = fixedRange(from, to);
      if (fixed !== null) {
        host.go({ fixed });
      }
    };
    this.charts = CHARTS.map((spec) => new ChartCard(spec, zoom));
  }

  public template({ trend }: TrendAnswers, { className, banner }: PanelState): TemplateResult {
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
    return html`<section aria-labelledby="trends-title">
      <div class="section-head">
        <h2 id="trends-title">Trends</h2>
        ${segmented('Trends of', sets, view.charts)}
        <p id="chart-keys" class="note">
          Drag to zoom, double-click to reset. With the keyboard: arrows move, Shift with arrows selects,
          Enter zooms.
        </p>
      </div>
      <div id="charts" class="charts ${className}" @dblclick=${zoomReset}>
        ${banner}
        ${this.charts
          .filter(({ spec }) => spec.set === view.charts)
          .map((chart) => chart.show(trend, view.zone))}
      </div>
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
}
