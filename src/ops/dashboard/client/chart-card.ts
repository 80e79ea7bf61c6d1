import { html, nothing, render, type TemplateResult } from 'lit-html';
import uPlot from 'uplot';
import { bindChartKeys } from './chart-keys.js';
import { chartData, chartOptions } from './chart-options.js';
import { pictureOf, type Line, type Picture, type Scene } from './chart-picture.js';
import type { ChartSpec } from './chart-specs.js';
import type { Tooltip } from './chart-tooltip.js';
import type { CsvCell } from './csv.js';
import { DataTable } from './data-table.js';
import { styled } from './templates.js';
import { formatTime, zoneName, type Zone } from './zone.js';

const HEIGHT = 182;
/** Entries that a split has room for, so that one that comes or goes moves nothing: the busiest, and the rest. */
const SPLIT_ENTRIES = 6;

/** What a chart tells the charts. */
export interface CardEvents {
  readonly tooltip: Tooltip;
  /** Of whole points, milliseconds since 1970. */
  readonly onZoom: (from: number, to: number) => void;
  /** A series was chosen: alone, or beside those that are. */
  readonly onChoose: (name: string, withOthers: boolean) => void;
  /** The cursor was moved with the keyboard. */
  readonly onRead: (text: string) => void;
}

/** One chart with its title, legend and table. It renders itself: the cursor moves more often than the page changes. */
export class ChartCard {
  public readonly element = document.createElement('article');
  private readonly plot = document.createElement('div');
  private readonly table: DataTable;
  private chart: uPlot | null = null;
  private scene: Scene | null = null;
  private picture: Picture | null = null;
  private zone: Zone = 'utc';
  /** What a chart has to be made anew for. */
  private make = '';
  /** The point under the cursor, or null. */
  private cursor: number | null = null;

  public constructor(
    public readonly spec: ChartSpec,
    private readonly events: CardEvents,
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
    const own = (): void => {
      events.tooltip.owner = this;
    };
    this.plot.addEventListener('pointerenter', own);
    bindChartKeys(this.plot, {
      drawn: () => this.chart && this.picture && { chart: this.chart, picture: this.picture },
      onMove: own,
      onMoved: () => {
        events.onRead(this.reading());
      },
      onZoom: events.onZoom,
    });
    new ResizeObserver(() => {
      this.chart?.setSize(this.size());
    }).observe(this.plot);
    this.render();
  }

  /** The chart of that; what is there stays until there is something to draw. */
  public show(scene: Scene, zone: Zone): HTMLElement {
    const picture = scene === this.scene && zone === this.zone ? null : pictureOf(this.spec, scene);
    if (picture === null) {
      return this.element;
    }
    [this.scene, this.picture, this.zone] = [scene, picture, zone];
    const [{ kind, lines, before, limits, partial }, { plot }] = [picture, this];
    plot.dataset.limits = limits.map(({ label, value }) => `${label} ${value}`).join();
    plot.dataset.partial = partial ?? '';
    plot.dataset.empty = lines.every(({ values }) => values.every((value) => value === null))
      ? (this.spec.empty ?? 'No requests in this range')
      : '';
    const make = JSON.stringify([zone, kind, lines.map(({ label, color }) => [label, color]), before?.label]);
    if (this.chart === null || make !== this.make) {
      this.make = make;
      this.redraw();
    } else {
      this.setData(this.chart, picture);
    }
    plot.ariaLabel = this.summary(picture);
    this.render();
    this.point();
    return this.element;
  }

  /** Anew, with the colours of the present theme. */
  public redraw(): void {
    const { picture } = this;
    if (picture === null) {
      return;
    }
    this.destroy();
    this.cursor = null;
    const events = {
      picture: () => this.picture ?? picture,
      onCursor: (index: number | null) => {
        if (index !== this.cursor) {
          this.cursor = index;
          this.render();
        }
        this.point();
      },
      onZoom: this.events.onZoom,
    };
    this.chart = new uPlot(chartOptions(this.spec, this.zone, this.size(), events), [[]], this.plot);
    this.setData(this.chart, picture);
  }

  /** The charts that move together know each other. */
  public destroy(): void {
    this.chart?.destroy();
    this.chart = null;
  }

  private setData(chart: uPlot, picture: Picture): void {
    chart.batch(() => {
      chart.setData(chartData(picture), false);
      chart.setScale('x', { min: picture.from / 1000, max: picture.to / 1000 });
    });
  }

  /** The tooltip beside the cursor, where this chart is the one that is pointed at. */
  private point(): void {
    const { chart, events, cursor } = this;
    if (events.tooltip.owner !== this) {
      return;
    }
    if (chart === null || cursor === null) {
      events.tooltip.hide();
      return;
    }
    events.tooltip.show(this.tooltip(), () => {
      const { left, top } = chart.over.getBoundingClientRect();
      return [left + (chart.cursor.left ?? 0), top + (chart.cursor.top ?? 0)];
    });
  }

  private render(): void {
    render(this.template(), this.element);
  }

  private template(): TemplateResult {
    const { picture, zone, spec } = this;
    const starts = picture?.starts ?? [];
    const shown = Math.min(this.cursor ?? Infinity, starts.length - 1);
    const [at, latest] = [starts[shown], this.cursor === null ? 'latest, ' : ''];
    const time =
      at === undefined ? '' : `${latest}${formatTime(at, zone, 'dateTime')}${zone === 'utc' ? ' UTC' : ''}`;
    const labels = this.drawn().map(({ label }) => label);
    return html`<header>
        <h3 id="chart-${spec.id}">${spec.title}</h3>
        <span class="note">${this.gap() ?? picture?.note ?? spec.note}</span>
        <span class="chart-time">${time}</span>
      </header>
      <ul class="legend ${picture?.isSplit === true ? 'of-keys' : ''}">
        ${picture === null ? spec.series.map(({ label }) => html`<li><button type="button" disabled>${label}</button></li>`) : this.legend(picture, shown)}
      </ul>
      ${this.plot}
      ${this.table.template([`From (${zoneName(zone)})`, ...labels], this.rows, this.csv, [picture, zone])}`;
  }

  private legend({ lines, before, isSplit }: Picture, shown: number): TemplateResult[] {
    const isolated = lines.some(({ isShown }) => !isShown);
    const entry = (line: Line): TemplateResult => {
      const text = html`${this.swatch(line)}<span title=${line.label}>${line.label}</span>
        <b>${this.spec.format(line.values[shown] ?? null)}</b>`;
      const choose = ({ shiftKey, ctrlKey, metaKey }: MouseEvent): void => {
        this.events.onChoose(line.name, shiftKey || ctrlKey || metaKey);
      };
      return line === before
        ? html`<li class="before">${text}</li>`
        : html`<li>
            <button
              type="button"
              class=${line.isShown ? '' : 'faded'}
              aria-pressed=${isolated && line.isShown}
              @click=${choose}
            >
              ${text}
            </button>
          </li>`;
    };
    const free = isSplit ? Math.max(0, SPLIT_ENTRIES - lines.length) : 0;
    return [
      ...this.drawn().map(entry),
      ...Array.from({ length: free }, () => html`<li aria-hidden="true"></li>`),
    ];
  }

  private swatch({ color, dash }: Line): TemplateResult {
    const isLine = this.picture?.kind !== 'stack' && dash > 0;
    return html`<i
      class="swatch"
      data-dash=${isLine ? dash : nothing}
      aria-hidden="true"
      ${styled('background', `var(${color})`)}
    ></i>`;
  }

  /** Everything at the cursor. */
  private tooltip(): TemplateResult {
    const { format } = this.spec;
    const [row, picture] = [this.cursor ?? 0, this.picture];
    const cells = (head: unknown, label: string, value: number | null): TemplateResult =>
      html`<tr>
        <td>${head}</td>
        <th scope="row">${label}</th>
        <td>${format(value)}</td>
      </tr>`;
    const shown = this.drawn().filter(({ isShown }) => isShown);
    const total = this.total(row);
    return html`<p>${this.span(row)} ${this.partialAt(row) && html`<b>${this.partialAt(row)}</b>`}</p>
      <table>
        ${shown.map((line) => cells(this.swatch(line), line.label, line.values[row] ?? null))}
        ${total === null ? nothing : cells(nothing, 'total', total)}
        ${picture?.limits.map(({ label, value, color }) =>
          cells(
            html`<i class="swatch" data-dash="1" ${styled('background', `var(${color})`)}></i>`,
            label,
            value,
          ),
        )}
      </table>`;
  }

  /** The same in words. */
  private reading(): string {
    const row = this.cursor ?? 0;
    const values = this.drawn().filter(({ isShown }) => isShown);
    const said = values.map(({ label, values: of }) => `${label} ${this.spec.format(of[row] ?? null)}`);
    return `${[this.span(row), this.partialAt(row)].filter(Boolean).join(', ')}: ${said.join(', ')}`;
  }

  private drawn(): readonly Line[] {
    const { lines = [], before = null } = this.picture ?? {};
    return before === null ? lines : [...lines, before];
  }

  /** Of a stack of several. */
  private total(row: number): number | null {
    const { kind = 'lines', columns = [] } = this.picture ?? {};
    return kind === 'stack' && columns.length > 1
      ? (columns.at(-1)?.[row] ??
          columns.map((column) => column[row] ?? null).findLast((value) => value !== null) ??
          null)
      : null;
  }

  private span(row: number): string {
    const { starts = [], width = 0 } = this.picture ?? {};
    const from = starts[row] ?? 0;
    const isDay = width >= 86_400_000;
    const to = formatTime(from + width, this.zone, isDay ? 'dateTime' : 'time');
    return `${formatTime(from, this.zone, 'dateTime')} – ${to} ${zoneName(this.zone)}`;
  }

  private partialAt(row: number): string {
    const { partial = null, starts = [] } = this.picture ?? {};
    return row === starts.length - 1 ? (partial ?? '') : '';
  }

  private readonly rows = (): string[][] =>
    (this.picture?.starts ?? []).map((start, row) => [
      [formatTime(start, this.zone, 'full'), this.partialAt(row)].filter(Boolean).join(', '),
      ...this.drawn().map(({ values }) => this.spec.format(values[row] ?? null)),
    ]);

  private readonly csv = (): CsvCell[][] => {
    const { starts = [], width = 0 } = this.picture ?? {};
    const iso = (time: number): string => new Date(time).toISOString();
    const rows = starts.map((start, row) => [
      iso(start),
      iso(start + width),
      ...this.drawn().map(({ raw }) => raw[row]),
    ]);
    return [['from', 'to', ...this.drawn().map(({ label }) => label)], ...rows];
  };

  /** From when to when points are left out, since their measure was not kept yet. */
  private gap(): string | null {
    const points =
      this.spec.set === 'cost' && this.picture?.isSplit === false ? (this.scene?.trend?.points ?? []) : [];
    const gaps = points.filter(({ unsplit }) => unsplit !== null);
    const [from, to] = [gaps[0]?.from, gaps.at(-1)?.to];
    return from === undefined || to === undefined
      ? null
      : `not known from ${formatTime(from, this.zone, 'dateTime')} to ${formatTime(to, this.zone, 'dateTime')}`;
  }

  private summary({ lines, note }: Picture): string {
    const parts = lines.map(({ label, values }) => {
      const present = values.filter((value) => value !== null);
      return present.length === 0
        ? `${label}: no data`
        : `${label}: ${this.spec.format(Math.min(...present))} to ${this.spec.format(Math.max(...present))}`;
    });
    return `${this.spec.title}, ${note}. ${parts.join('; ')}.`;
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.plot.clientWidth), height: HEIGHT };
  }
}
