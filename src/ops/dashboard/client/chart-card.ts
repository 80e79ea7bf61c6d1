import { html, nothing, render, type TemplateResult } from 'lit-html';
import uPlot from 'uplot';
import { bindChartKeys } from './chart-keys.js';
import { chartData, chartOptions } from './chart-options.js';
import { NO_SCENE, pictureOf, type Line, type Picture, type Scene } from './chart-picture.js';
import type { ChartSpec } from './chart-specs.js';
import type { Tooltip } from './chart-tooltip.js';
import { csvRows, reading, spanAt, summary, tableRows } from './chart-words.js';
import { DataTable } from './data-table.js';
import { styled } from './templates.js';
import { formatTime, zoneName } from './zone.js';

const HEIGHT = 190;
/** Entries that a split has room for, so that one that comes or goes moves nothing: the busiest, and the rest. */
const SPLIT_ENTRIES = 6;

/** What a chart tells the charts. */
export interface CardEvents {
  readonly tooltip: Tooltip;
  /** Of whole points, milliseconds since 1970. */
  readonly onZoom: (from: number, to: number) => void;
  /** A series was chosen: alone, or beside those that are. */
  readonly onChoose: (name: string, withOthers: boolean) => void;
  /** The cursor was moved with the keyboard, to what is said there. */
  readonly onRead: (text: string) => void;
}

/** One chart with its title, legend and table. It renders itself: the cursor moves more often than the page changes. */
export class ChartCard {
  public readonly element = document.createElement('article');
  private readonly plot = document.createElement('div');
  private readonly table: DataTable;
  private chart: uPlot | null = null;
  private scene: Scene | null = null;
  private picture: Picture;
  /** What the chart has to be made anew for. */
  private make = '';
  /** The point under the cursor, or null. */
  private cursor: number | null = null;
  private isTouched = false;

  public constructor(
    public readonly spec: ChartSpec,
    private readonly events: CardEvents,
  ) {
    const { element, plot } = this;
    this.picture = pictureOf(spec, NO_SCENE);
    element.className = 'card chart';
    element.dataset.chart = spec.id;
    element.setAttribute('aria-labelledby', `chart-${spec.id}`);
    Object.assign(plot, { className: 'plot', tabIndex: 0, role: 'group', ariaRoleDescription: 'chart' });
    plot.setAttribute('aria-describedby', 'chart-keys');
    plot.addEventListener('pointerenter', ({ pointerType }) => {
      this.isTouched = pointerType === 'touch';
      events.tooltip.owner = this;
    });
    this.table = new DataTable(spec.title, this.render);
    bindChartKeys(plot, {
      drawn: () => this.chart && { chart: this.chart, picture: this.picture },
      onMove: () => {
        events.tooltip.owner = this;
      },
      onMoved: () => {
        events.onRead(reading(spec, this.picture, this.cursor ?? 0));
      },
      onZoom: events.onZoom,
      leave: this.leave,
    });
    new ResizeObserver(() => {
      this.chart?.setSize(this.size());
    }).observe(plot);
    this.render();
  }

  /** The chart of that; without anything to draw, what is there stays. */
  public show(scene: Scene | null): HTMLElement {
    if (scene === null || scene === this.scene || (scene.series ?? scene.trend) === null) {
      return this.element;
    }
    [this.scene, this.picture] = [scene, pictureOf(this.spec, scene)];
    const [{ zone, kind, lines, limits, partial }, { plot }] = [this.picture, this];
    const isEmpty = lines.every(({ values }) => values.every((value) => value === null));
    const empty = isEmpty ? (this.spec.empty ?? 'No requests in this range') : '';
    const drawn = limits.map(({ label, value }) => `${label} ${value}`).join();
    Object.assign(plot.dataset, { kind, partial, empty, limits: drawn });
    plot.ariaLabel = summary(this.spec, this.picture);
    const make = JSON.stringify([zone, kind, lines.map(({ name, color }) => [name, color])]);
    if (make === this.make) {
      this.setData();
    } else {
      this.make = make;
      this.redraw();
    }
    this.render();
    this.point();
    return this.element;
  }

  /** Anew, with the colours of the present theme. */
  public redraw(): void {
    if (this.scene === null) {
      return;
    }
    this.destroy();
    this.cursor = null;
    const options = chartOptions(this.spec, this.size(), {
      picture: () => this.picture,
      isTouched: () => this.isTouched,
      onCursor: this.onCursor,
      onZoom: this.events.onZoom,
    });
    this.chart = new uPlot(options, [[]], this.plot);
    this.setData();
  }

  /** The charts that move together know each other. */
  public destroy(): void {
    this.chart?.destroy();
    this.chart = null;
  }

  public readonly leave = (): void => {
    this.chart?.setCursor({ left: -10, top: -10 });
  };

  private setData(): void {
    const { chart, picture } = this;
    chart?.batch(() => {
      chart.setData(chartData(picture), false);
      chart.setScale('x', { min: picture.from / 1000, max: picture.to / 1000 });
    });
  }

  private readonly onCursor = (index: number | null): void => {
    if (index !== this.cursor) {
      this.cursor = index;
      this.render();
    }
    this.point();
  };

  /** The tooltip beside the cursor, where this chart is the one that is pointed at. */
  private point(): void {
    const { chart, cursor, events } = this;
    if (events.tooltip.owner !== this) {
      return;
    }
    if (chart === null || cursor === null) {
      events.tooltip.hide();
      return;
    }
    events.tooltip.show(this.tooltip(cursor), () => {
      const { left, top } = chart.over.getBoundingClientRect();
      return [left + (chart.cursor.left ?? 0), top + (chart.cursor.top ?? 0)];
    });
  }

  private readonly render = (): void => {
    const { title, id } = this.spec;
    const { starts, zone, note, lines, isSplit } = this.picture;
    const shown = Math.min(this.cursor ?? Infinity, starts.length - 1);
    const at = starts[shown];
    const latest = this.cursor === null ? 'latest, ' : '';
    const time = at && `${latest}${formatTime(at, zone, 'dateTime')}${zone === 'utc' ? ' UTC' : ''}`;
    const free = isSplit ? Math.max(0, SPLIT_ENTRIES - lines.length) : 0;
    const template = html`<header>
        <h3 id="chart-${id}">${title}</h3>
        <span class="note" title=${note}>${note}</span>
        <span class="chart-time">${time}</span>
      </header>
      <ul class="legend ${isSplit ? 'of-keys' : ''}">
        ${lines.map((line) => html`<li>${this.entry(line, shown)}</li>`)}
        ${Array.from({ length: free }, () => html`<li aria-hidden="true"></li>`)}
      </ul>
      ${this.plot} ${this.numbers()}`;
    render(template, this.element);
  };

  private numbers(): TemplateResult {
    const { spec, picture, table } = this;
    const heads = [`From (${zoneName(picture.zone)})`, ...picture.lines.map(({ label }) => label)];
    return table.template(
      heads,
      () => tableRows(spec, picture),
      () => csvRows(picture),
      [picture],
    );
  }

  private entry(line: Line, shown: number): TemplateResult {
    const text = html`${swatch(line)}<span title=${line.label}>${line.label}</span>
      <b>${this.spec.format(line.values[shown] ?? null)}</b>`;
    const { name, isShown } = line;
    if (name === null) {
      return html`<div>${text}</div>`;
    }
    const choose = ({ shiftKey, ctrlKey, metaKey }: MouseEvent): void => {
      this.events.onChoose(name, shiftKey || ctrlKey || metaKey);
    };
    const isolated = isShown && this.picture.lines.some((one) => !one.isShown);
    return html`<button
      type="button"
      class=${isShown ? '' : 'faded'}
      aria-pressed=${isolated}
      @click=${choose}
    >
      ${text}
    </button>`;
  }

  /** Everything at that point. */
  private tooltip(row: number): TemplateResult {
    const { lines, totals, limits } = this.picture;
    const shown = lines.filter(({ isShown }) => isShown);
    const cells = (head: unknown, label: string, value: number | null | undefined): TemplateResult =>
      html`<tr>
        <td>${head}</td>
        <th scope="row">${label}</th>
        <td>${this.spec.format(value ?? null)}</td>
      </tr>`;
    return html`<p>${spanAt(this.picture, row)}</p>
      <table>
        ${shown.map((line) => cells(swatch(line), line.label, line.values[row]))}
        ${totals && cells(nothing, 'total', totals[row])}
        ${limits.map(({ label, value, color }) => cells(swatch({ color, dash: 1 }), label, value))}
      </table>`;
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.plot.clientWidth), height: HEIGHT };
  }
}

const swatch = ({ color, dash }: Pick<Line, 'color' | 'dash'>): TemplateResult =>
  html`<i class="swatch" data-dash=${dash} aria-hidden="true" ${styled('background', `var(${color})`)}></i>`;
