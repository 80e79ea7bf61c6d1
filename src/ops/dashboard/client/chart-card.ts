import { html, nothing, render, type TemplateResult } from 'lit-html';
import uPlot from 'uplot';
import { bindChartKeys } from './chart-keys.js';
import { chartData, chartOptions, type Drawing } from './chart-options.js';
import { NO_SCENE, pictureOf, type Line, type Picture, type Scene } from './chart-picture.js';
import type { ChartSpec } from './chart-specs.js';
import type { Tooltip, TooltipOwner } from './chart-tooltip.js';
import { csvRows, reading, spanAt, summary, tableRows } from './chart-words.js';
import { DataTable } from './data-table.js';
import type { Host } from './host.js';
import { toggled } from './slices.js';
import { button, styled } from './templates.js';
import { formatTime, zoneName } from './zone.js';

const HEIGHT = 190;
/** Entries that a split has room for, so that one that comes or goes moves nothing: the busiest, and the rest. */
const SPLIT_ENTRIES = 6;

/** One chart with its title, legend and table. It renders itself: the cursor moves more often than the page changes. */
export class ChartCard implements Drawing, TooltipOwner {
  public readonly element = document.createElement('article');
  public chart: uPlot | null = null;
  public picture: Picture;
  public isTouched = false;
  private readonly plot = document.createElement('div');
  private readonly table: DataTable;
  /** What the chart has to be made anew for; empty while there is nothing to draw. */
  private make = '';
  /** The point under the cursor, or null. */
  private cursor: number | null = null;

  /**
   * @param reader says to screen readers what the keyboard's cursor is at
   * @param onZoom of whole points, milliseconds since 1970
   */
  public constructor(
    public readonly spec: ChartSpec,
    private readonly host: Host,
    private readonly tooltip: Tooltip,
    private readonly reader: HTMLElement,
    public readonly onZoom: (from: number, to: number) => void,
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
      tooltip.owner = this;
    });
    plot.addEventListener('dblclick', host.to({ fixed: null }));
    this.table = new DataTable(spec.title, this.render);
    bindChartKeys(plot, this);
    new ResizeObserver(() => {
      this.chart?.setSize(this.size());
    }).observe(plot);
    host.api.signal.addEventListener('abort', this.destroy);
    this.render();
  }

  /** The chart of that; without anything to draw, what is there stays. */
  public show(scene: Scene): HTMLElement {
    if ((scene.series ?? scene.trend) === null) {
      return this.element;
    }
    this.picture = pictureOf(this.spec, scene);
    const { zone, kind, lines, limits, partial } = this.picture;
    const isEmpty = lines.every(({ values }) => values.every((value) => value === null));
    const empty = isEmpty ? (this.spec.empty ?? 'No requests in this range') : '';
    const drawn = limits.map(({ label, value }) => `${label} ${value}`).join();
    Object.assign(this.plot.dataset, { kind, partial, empty, limits: drawn });
    this.plot.ariaLabel = summary(this.spec, this.picture);
    const make = JSON.stringify([zone, kind, lines.map(({ name, color }) => [name, color])]);
    if (make === this.make) {
      this.setData();
    } else {
      this.make = make;
      this.redraw();
    }
    this.render();
    this.onCursor(this.cursor);
    return this.element;
  }

  /** Anew, with the colours of the present theme. */
  public redraw(): void {
    if (this.make !== '') {
      this.destroy();
      this.cursor = null;
      this.chart = new uPlot(chartOptions(this, this.size()), [[]], this.plot);
      this.setData();
    }
  }

  /** The charts that move together know each other. */
  private readonly destroy = (): void => {
    this.chart?.destroy();
    this.chart = null;
  };

  public leave(): void {
    this.chart?.setCursor({ left: -10, top: -10 });
  }

  public moved(move: () => void): void {
    this.tooltip.owner = this;
    move();
    this.reader.textContent = reading(this.spec, this.picture, this.cursor ?? 0);
  }

  /** The tooltip is beside the cursor, where this chart is the one that is pointed at. */
  public readonly onCursor = (index: number | null): void => {
    if (index !== this.cursor) {
      this.cursor = index;
      this.render();
    }
    if (this.tooltip.owner === this) {
      this.tooltip.show(index === null ? null : this.everythingAt(index));
    }
  };

  /** Where the cursor is, in the window's pixels. */
  public anchor(): readonly [number, number] {
    const { left = 0, top = 0 } = this.chart?.over.getBoundingClientRect() ?? {};
    return [left + (this.chart?.cursor.left ?? 0), top + (this.chart?.cursor.top ?? 0)];
  }

  private setData(): void {
    const { chart, picture } = this;
    chart?.batch(() => {
      chart.setData(chartData(picture), false);
      chart.setScale('x', { min: picture.from / 1000, max: picture.to / 1000 });
    });
  }

  private readonly render = (): void => {
    const { spec, cursor, picture } = this;
    const { starts, zone, note, lines, isSplit } = picture;
    const shown = Math.min(cursor ?? Infinity, starts.length - 1);
    const at = starts[shown];
    const latest = cursor === null ? 'latest, ' : '';
    const time = at && `${latest}${formatTime(at, zone, 'dateTime')}${zone === 'utc' ? ' UTC' : ''}`;
    const free = isSplit ? Math.max(0, SPLIT_ENTRIES - lines.length) : 0;
    const template = html`<header>
        <h3 id="chart-${spec.id}">${spec.title}</h3>
        <span class="note" title=${note}>${note}</span>
        <span class="chart-time">${time}</span>
      </header>
      <ul class="legend ${isSplit ? 'of-keys' : ''}">
        ${lines.map((line) => html`<li>${this.entry(line, shown)}</li>`)}
        ${Array.from({ length: free }, () => html`<li aria-hidden="true"></li>`)}
      </ul>
      ${this.plot}
      ${this.table.template(
        [`From (${zoneName(zone)})`, ...lines.map(({ label }) => label)],
        () => tableRows(spec, picture),
        () => csvRows(picture),
        [picture],
      )}`;
    render(template, this.element);
  };

  private entry(line: Line, shown: number): TemplateResult {
    const { name, label, isShown, values } = line;
    const text = html`${swatch(line)}<span title=${label}>${label}</span>
      <b>${this.spec.format(values[shown] ?? null)}</b>`;
    if (name === null) {
      return html`<div>${text}</div>`;
    }
    const choose = ({ shiftKey, ctrlKey, metaKey }: MouseEvent): void => {
      this.host.go({ only: toggled(this.host.view.only, name, shiftKey || ctrlKey || metaKey) });
    };
    const pressed = isShown && this.picture.lines.some((one) => !one.isShown);
    return button(text, choose, { classes: isShown ? '' : 'faded', pressed });
  }

  /** What the tooltip has of that point. */
  private everythingAt(row: number): TemplateResult {
    const { lines, totals, limits } = this.picture;
    const rows = [
      ...lines.flatMap((line) => (line.isShown ? { ...line, value: line.values[row] } : [])),
      ...(totals === null ? [] : [{ label: 'total', value: totals[row], color: null }]),
      ...limits,
    ];
    return html`<p>${spanAt(this.picture, row)}</p>
      <table>
        ${rows.map(
          ({ label, value, ...sign }) =>
            html`<tr>
              <td>${sign.color === null ? nothing : swatch({ dash: 1, ...sign })}</td>
              <th scope="row">${label}</th>
              <td>${this.spec.format(value ?? null)}</td>
            </tr>`,
        )}
      </table>`;
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.plot.clientWidth), height: HEIGHT };
  }
}

const swatch = ({ color, dash }: Pick<Line, 'color' | 'dash'>): TemplateResult =>
  html`<i class="swatch" data-dash=${dash} aria-hidden="true" ${styled('background', `var(${color})`)}></i>`;
