import { html, render, type TemplateResult } from 'lit-html';
import uPlot from 'uplot';
import { BUCKET_MS } from '../../read/trend-buckets.js';
import type { Trend } from '../../read/read.types.js';
import { bindChartKeys } from './chart-keys.js';
import { chartOptions, drawnColumns } from './chart-options.js';
import type { ChartSpec } from './chart-specs.js';
import { DataTable } from './data-table.js';
import { styled } from './templates.js';
import { formatTime, zoneName, type Zone } from './zone.js';

const HEIGHT = 168;

/** One chart with its title, legend and table. It renders itself: the cursor moves more often than the page changes. */
export class ChartCard {
  public readonly element = document.createElement('article');
  private readonly plot = document.createElement('div');
  private readonly table: DataTable;
  private chart: uPlot | null = null;
  private trend: Trend | null = null;
  private zone: Zone = 'utc';
  /** As in the answer, one per series: what legend and table show. */
  private columns: (number | null)[][] = [];
  /** The point under the cursor, or null. */
  private cursor: number | null = null;

  public constructor(
    public readonly spec: ChartSpec,
    private readonly onZoom: (from: number, to: number) => void,
  ) {
    this.element.className = 'card chart';
    this.element.dataset.chart = spec.id;
    this.element.setAttribute('aria-labelledby', `chart-${spec.id}`);
    this.plot.className = 'plot';
    this.plot.tabIndex = 0;
    this.plot.role = 'group';
    this.plot.setAttribute('aria-roledescription', 'chart');
    this.plot.setAttribute('aria-describedby', 'chart-keys');
    this.table = new DataTable(spec.title, () => {
      this.render();
    });
    bindChartKeys(this.plot, () => this.chart, onZoom);
    new ResizeObserver(() => {
      this.chart?.setSize(this.size());
    }).observe(this.plot);
    this.render();
  }

  /** The chart with these points. */
  public show(trend: Trend | null, zone: Zone): HTMLElement {
    if (trend === null || (trend === this.trend && zone === this.zone)) {
      return this.element;
    }
    const redrawAll = this.chart === null || zone !== this.zone;
    this.trend = trend;
    this.zone = zone;
    this.columns = this.spec.series.map(({ value }) => trend.points.map(value));
    if (redrawAll) {
      this.redraw();
    } else {
      this.setData(this.chart, trend);
    }
    this.plot.ariaLabel = this.summary();
    this.render();
    return this.element;
  }

  /** Anew, with the colours of the present theme. */
  public redraw(): void {
    if (this.trend === null) {
      return;
    }
    this.chart?.destroy();
    this.cursor = null;
    const events = {
      onCursor: (index: number | null) => {
        this.cursor = index;
        this.render();
      },
      onZoom: this.onZoom,
    };
    this.chart = new uPlot(chartOptions(this.spec, this.zone, this.size(), events), [[]], this.plot);
    this.setData(this.chart, this.trend);
  }

  /** The charts that move together know each other. */
  public destroy(): void {
    this.chart?.destroy();
  }

  private setData(chart: uPlot | null, { bucket, points, from, to }: Trend): void {
    const width = BUCKET_MS[bucket];
    const startOf = (time: string): number => Math.floor(Date.parse(time) / width) * width;
    // A point stands in the middle of its bucket, so that the nearest one is the one that the cursor is over.
    const middles = points.map((point) => (startOf(point.from) + width / 2) / 1000);
    const end = Math.max(Date.parse(to), ...points.slice(-1).map((point) => startOf(point.from) + width));
    chart?.batch(() => {
      chart.setData([middles, ...drawnColumns(this.spec, this.columns)], false);
      chart.setScale('x', { min: startOf(from) / 1000, max: end / 1000 });
    });
  }

  private render(): void {
    render(this.template(), this.element);
  }

  private template(): TemplateResult {
    const { id, title, note, series, format } = this.spec;
    const points = this.trend?.points ?? [];
    const shown = Math.min(this.cursor ?? Infinity, points.length - 1);
    const at = points[shown];
    const latest = this.cursor === null ? 'latest, ' : '';
    const heads = [`From (${zoneName(this.zone)})`, ...series.map(({ label }) => label)];
    const rows = (): string[][] =>
      points.map(({ from }, index) => [
        formatTime(from, this.zone, 'full'),
        ...this.columns.map((column) => format(column[index] ?? null)),
      ]);
    return html`<header>
        <h3 id="chart-${id}">${title}</h3>
        <span class="note">${this.gap() ?? note}</span>
        <span class="chart-time">
          ${at && `${latest}${formatTime(at.from, this.zone, 'dateTime')}${this.zone === 'utc' ? ' UTC' : ''}`}
        </span>
      </header>
      <ul class="legend">
        ${series.map(
          ({ label, color }, index) =>
            html`<li>
              <i class="swatch" aria-hidden="true" ${styled('background', `var(${color})`)}></i>${label}
              <b>${format(this.columns[index]?.[shown] ?? null)}</b>
            </li>`,
        )}
      </ul>
      ${this.plot} ${this.table.template(heads, rows, [this.trend, this.zone])}`;
  }

  /** From when to when points are left out, since their measure was not kept yet. */
  private gap(): string | null {
    const gaps =
      this.spec.set === 'cost' ? (this.trend?.points ?? []).filter(({ unsplit }) => unsplit !== null) : [];
    const [from, to] = [gaps[0]?.from, gaps.at(-1)?.to];
    return from === undefined || to === undefined
      ? null
      : `not known from ${formatTime(from, this.zone, 'dateTime')} to ${formatTime(to, this.zone, 'dateTime')}`;
  }

  private summary(): string {
    const parts = this.spec.series.map(({ label }, series) => {
      const values = (this.columns[series] ?? []).filter((value) => value !== null);
      return values.length === 0
        ? `${label}: no data`
        : `${label}: ${this.spec.format(Math.min(...values))} to ${this.spec.format(Math.max(...values))}`;
    });
    return `${this.spec.title}, ${this.spec.note}. ${parts.join('; ')}.`;
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.plot.clientWidth), height: HEIGHT };
  }
}
