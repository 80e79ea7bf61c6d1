import type { Trend } from '../../read/read.types.js';
import { bindChartKeys } from './chart-keys.js';
import { chartOptions, drawnColumns } from './chart-options.js';
import type { ChartSpec } from './chart-specs.js';
import { DataTable } from './data-table.js';
import { el, setText } from './dom.js';
import uPlot from './uplot.js';
import { BUCKET_MS, type TimeRange } from './view.js';
import { formatTime, zoneName, type Zone } from './zone.js';

const HEIGHT = 168;

/** One chart with its title, legend and table. */
export class ChartCard {
  public readonly element: HTMLElement;
  private readonly plot: HTMLElement;
  private readonly readTime = el('span', { class: 'chart-time' });
  private readonly readings: HTMLElement[];
  private readonly table: DataTable;
  private chart: uPlot | null = null;
  private trend: Trend | null = null;
  private range: TimeRange = { from: 0, to: 1 };
  private zone: Zone = 'utc';
  /** As in the answer, one per series: what legend and table show. */
  private columns: (number | null)[][] = [];

  public constructor(
    private readonly spec: ChartSpec,
    private readonly onZoom: (from: number, to: number) => void,
  ) {
    this.readings = spec.series.map(() => el('b', {}));
    this.plot = el('div', {
      class: 'plot',
      tabindex: 0,
      role: 'group',
      'aria-roledescription': 'chart',
      'aria-describedby': 'chart-keys',
    });
    this.table = new DataTable(spec.title, () => this.rows());
    this.element = el(
      'article',
      { class: 'card chart', 'data-chart': spec.id, 'aria-labelledby': `chart-${spec.id}` },
      el(
        'header',
        {},
        el('h3', { id: `chart-${spec.id}` }, spec.title),
        el('span', { class: 'note' }, spec.note),
        this.readTime,
      ),
      el(
        'ul',
        { class: 'legend' },
        ...spec.series.map(({ label, color }, index) =>
          el('li', {}, swatch(color), `${label} `, this.readings[index] ?? null),
        ),
      ),
      this.plot,
      this.table.element,
    );
    bindChartKeys(this.plot, () => this.chart, onZoom);
    new ResizeObserver(() => {
      this.chart?.setSize(this.size());
    }).observe(this.plot);
  }

  public update(trend: Trend, range: TimeRange, zone: Zone): void {
    const redrawAll = this.chart === null || zone !== this.zone;
    this.trend = trend;
    this.zone = zone;
    const bucket = BUCKET_MS[trend.bucket];
    this.range = {
      from: Math.floor(range.from / bucket) * bucket,
      to: Math.max(range.to, ...trend.points.slice(-1).map(({ from }) => startOf(from, bucket) + bucket)),
    };
    this.columns = this.spec.series.map(({ value }) => trend.points.map(value));
    if (redrawAll) {
      this.redraw();
    } else {
      this.setData();
    }
    this.plot.setAttribute('aria-label', this.summary());
    this.table.refresh();
    this.read(null);
  }

  /** Anew, with the colours of the present theme. */
  public redraw(): void {
    if (this.trend === null) {
      return;
    }
    this.chart?.destroy();
    const events = {
      onCursor: (index: number | null) => {
        this.read(index);
      },
      onZoom: this.onZoom,
    };
    this.chart = new uPlot(chartOptions(this.spec, this.zone, this.size(), events), [[]], this.plot);
    this.setData();
  }

  private setData(): void {
    const { chart, trend } = this;
    if (chart === null || trend === null) {
      return;
    }
    // A point stands in the middle of its bucket, so that the nearest one is the one that the cursor is over.
    const bucket = BUCKET_MS[trend.bucket];
    const middles = trend.points.map(({ from }) => (startOf(from, bucket) + bucket / 2) / 1000);
    chart.batch(() => {
      chart.setData([middles, ...drawnColumns(this.spec, this.columns)], false);
      chart.setScale('x', { min: this.range.from / 1000, max: this.range.to / 1000 });
    });
  }

  /** Fills the legend with a point; without one, with the latest. */
  private read(index: number | null): void {
    const points = this.trend?.points ?? [];
    const shown = index ?? points.length - 1;
    const point = points[shown];
    setText(
      this.readTime,
      point === undefined
        ? ''
        : `${index === null ? 'latest, ' : ''}${formatTime(point.from, this.zone, 'dateTime')} ${this.zone === 'utc' ? 'UTC' : ''}`.trim(),
    );
    this.readings.forEach((reading, series) => {
      setText(reading, this.spec.format(this.columns[series]?.[shown] ?? null));
    });
  }

  private rows(): { heads: string[]; rows: string[][] } {
    const points = this.trend?.points ?? [];
    return {
      heads: [`From (${zoneName(this.zone)})`, ...this.spec.series.map(({ label }) => label)],
      rows: points.map(({ from }, index) => [
        formatTime(from, this.zone, 'full'),
        ...this.columns.map((column) => this.spec.format(column[index] ?? null)),
      ]),
    };
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

/** Start of the bucket that a point lies in; the first point may begin inside its bucket. Buckets are cut in UTC. */
const startOf = (from: string, bucket: number): number => Math.floor(Date.parse(from) / bucket) * bucket;

function swatch(color: string): HTMLElement {
  const element = el('i', { class: 'swatch', 'aria-hidden': 'true' });
  element.style.background = `var(${color})`;
  return element;
}
