import type { HistogramBin, LatencyDistribution } from '../../read/read.types.js';
import { DataTable } from './data-table.js';
import { el, setText, svg } from './dom.js';
import { count, milliseconds, percent } from './format.js';

const HEIGHT = 200;
const MARGIN = { top: 46, right: 8, bottom: 24, left: 8 };
/** Of a label and some air. */
const MARK_WIDTH = 34;
const MARKS = ['p50', 'p90', 'p95', 'p99'] as const;

/** A histogram over a logarithmic axis of latency, with marks at the percentiles. */
export class DistributionChart {
  public readonly element: HTMLElement;
  private readonly drawing = svg('svg', { class: 'histogram', role: 'img' });
  private readonly reading = el('p', { class: 'note reading' });
  private readonly table = new DataTable('Latency distribution', () => ({
    heads: ['From', 'To', 'Requests'],
    rows: this.bins().map(({ from, to, count: n }) => [milliseconds(from), milliseconds(to), count(n)]),
  }));
  private distribution: LatencyDistribution | null = null;

  public constructor() {
    this.element = el('div', { class: 'distribution' }, this.drawing, this.reading, this.table.element);
    new ResizeObserver(() => {
      this.draw();
    }).observe(this.element);
  }

  public update(distribution: LatencyDistribution): void {
    this.distribution = distribution;
    this.draw();
    this.table.refresh();
  }

  private bins(): readonly HistogramBin[] {
    return this.distribution?.bins ?? [];
  }

  private draw(): void {
    const bins = this.bins();
    const width = Math.max(200, this.element.clientWidth);
    this.drawing.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.drawing.setAttribute('width', String(width));
    this.drawing.setAttribute('height', String(HEIGHT));
    this.drawing.setAttribute('aria-label', this.summary());
    this.rest();
    const [first, last] = [bins[0], bins.at(-1)];
    if (first === undefined || last === undefined) {
      this.drawing.replaceChildren();
      return;
    }
    const x = logScale(first.from, last.to, MARGIN.left, width - MARGIN.right);
    // Bins are not equally wide on this axis: their area is what stands for the count.
    const heights = bins.map((bin) => bin.count / Math.max(1, x(bin.to) - x(bin.from)));
    const highest = Math.max(...heights);
    const floor = HEIGHT - MARGIN.bottom;
    const tall = floor - MARGIN.top;
    this.drawing.replaceChildren(
      svg('path', { class: 'baseline', d: `M${MARGIN.left} ${floor}H${width - MARGIN.right}` }),
      ...bins.map((bin, index) => this.bar(bin, x, floor, ((heights[index] ?? 0) / highest) * tall)),
      ...ticks(first.from, last.to, x, width).map(([value, at]) =>
        svg('text', { class: 'tick', x: at, y: HEIGHT - 6, 'text-anchor': 'middle' }, milliseconds(value)),
      ),
      ...this.marks(x, floor, width),
    );
  }

  private bar(bin: HistogramBin, x: (value: number) => number, floor: number, height: number): SVGElement {
    const [left, right] = [x(bin.from), x(bin.to)];
    const group = svg(
      'g',
      { class: 'bin' },
      svg('rect', { class: 'hit', x: left, y: 0, width: right - left, height: floor }),
      svg('rect', {
        class: 'bar',
        x: left + 0.5,
        y: floor - height,
        width: Math.max(0.5, right - left - 1),
        height,
        rx: Math.min(2, height),
      }),
    );
    group.addEventListener('pointerenter', () => {
      const samples = this.distribution?.summary.samples ?? 0;
      setText(
        this.reading,
        `${milliseconds(bin.from)} to ${milliseconds(bin.to)}: ${count(bin.count)} requests, ` +
          percent(samples === 0 ? null : bin.count / samples),
      );
    });
    group.addEventListener('pointerleave', () => {
      this.rest();
    });
    return group;
  }

  /** Lines with labels; a label that would touch another one goes to the row below. */
  private marks(x: (value: number) => number, floor: number, width: number): SVGElement[] {
    const freeFrom = [-Infinity, -Infinity, -Infinity];
    return MARKS.flatMap((name) => {
      const value = this.distribution?.summary[name];
      if (value == null) {
        return [];
      }
      const at = x(value);
      const row = Math.max(
        0,
        freeFrom.findIndex((free) => at >= free),
      );
      freeFrom[row] = at + MARK_WIDTH;
      const atEdge = at > width - MARK_WIDTH;
      return [
        svg('path', { class: `mark ${name}`, d: `M${at} ${row * 14 + 4}V${floor}` }),
        svg(
          'text',
          {
            class: 'mark-label',
            x: atEdge ? at - 4 : at + 4,
            y: row * 14 + 12,
            'text-anchor': atEdge ? 'end' : 'start',
          },
          name,
        ),
      ];
    });
  }

  private rest(): void {
    setText(this.reading, this.summary());
  }

  private summary(): string {
    const summary = this.distribution?.summary;
    if (summary === undefined || summary.samples === 0) {
      return 'No latency was measured in this range.';
    }
    if (!summary.percentilesComplete) {
      return (
        `${count(summary.samples)} requests, maximum ${milliseconds(summary.max)}. Percentiles cannot be told: ` +
        'part of the range was rolled up without distributions. A rebuild adds them where raw rows are left.'
      );
    }
    const marks = MARKS.map((name) => `${name} ${milliseconds(summary[name])}`).join(', ');
    return `${count(summary.samples)} requests: ${marks}, maximum ${milliseconds(summary.max)}.`;
  }
}

/** Below 1 ms a logarithmic axis has no end: what is there stands at 1 ms less a quarter of a doubling. */
function logScale(low: number, high: number, left: number, right: number): (value: number) => number {
  const log = (value: number): number => Math.log2(Math.max(value, 0.84));
  const span = Math.max(1e-9, log(high) - log(low));
  return (value) => {
    const share = (log(value) - log(low)) / span;
    return Math.round((left + Math.min(1, Math.max(0, share)) * (right - left)) * 10) / 10;
  };
}

/** Round values, each at least 64 pixels after the one before. */
function ticks(low: number, high: number, x: (value: number) => number, width: number): [number, number][] {
  const result: [number, number][] = [];
  for (let power = 1; power <= high; power *= 10) {
    for (const value of [power, 2 * power, 5 * power]) {
      const at = x(value);
      if (
        value >= low &&
        value <= high &&
        at > 20 &&
        at < width - 24 &&
        at - (result.at(-1)?.[1] ?? -99) >= 64
      ) {
        result.push([value, at]);
      }
    }
  }
  return result;
}
