import { html, nothing, render, svg, type TemplateResult } from 'lit-html';
import type { HistogramBin, LatencyDistribution } from '../../read/read.types.js';
import { DataTable } from './data-table.js';
import { count, milliseconds, percent } from './format.js';
import { logScale, ticks } from './log-axis.js';

const HEIGHT = 200;
const MARGIN = { top: 46, right: 8, bottom: 24, left: 8 };
const FLOOR = HEIGHT - MARGIN.bottom;
/** Of a label and some air. */
const MARK_WIDTH = 34;
const MARKS = ['p50', 'p90', 'p95', 'p99'] as const;

type Scale = (value: number) => number;

/** A histogram over a logarithmic axis of latency, with marks at the percentiles. It renders itself, to its width. */
export class DistributionChart {
  public readonly element = document.createElement('div');
  private readonly table: DataTable;
  private distribution: LatencyDistribution | null = null;
  /** Where the bin under the pointer begins. */
  private pointed: number | null = null;

  public constructor() {
    this.element.className = 'distribution';
    this.table = new DataTable('Latency distribution', this.render);
    new ResizeObserver(this.render).observe(this.element);
  }

  /** The chart of this distribution. */
  public show(distribution: LatencyDistribution | null): HTMLElement {
    if (distribution !== this.distribution) {
      this.distribution = distribution;
      this.render();
    }
    return this.element;
  }

  private readonly render = (): void => {
    const { distribution } = this;
    const bins = distribution?.bins ?? [];
    const width = Math.max(200, this.element.clientWidth);
    const summary = distribution === null ? 'Loading…' : summaryOf(distribution);
    const pointed = bins.find(({ from }) => from === this.pointed);
    render(
      html`<svg
          class="histogram"
          role="img"
          viewBox="0 0 ${width} ${HEIGHT}"
          width=${width}
          height=${HEIGHT}
          aria-label=${summary}
        >
          ${distribution === null || bins.length === 0 ? nothing : this.drawing(distribution, width)}
        </svg>
        <p class="note reading">${pointed && distribution ? reading(pointed, distribution) : summary}</p>
        ${this.table.template(
          ['From', 'To', 'Requests'],
          () => bins.map((bin) => [milliseconds(bin.from), milliseconds(bin.to), count(bin.count)]),
          () => [['from_ms', 'to_ms', 'requests'], ...bins.map((bin) => [bin.from, bin.to, bin.count])],
          [distribution],
        )}`,
      this.element,
    );
  };

  private drawing({ bins, summary }: LatencyDistribution, width: number): TemplateResult {
    const [low, high] = [bins[0]?.from ?? 1, bins.at(-1)?.to ?? 1];
    const x = logScale(low, high, MARGIN.left, width - MARGIN.right);
    // Bins are not equally wide on this axis: their area is what stands for the count.
    const heights = bins.map((bin) => bin.count / Math.max(1, x(bin.to) - x(bin.from)));
    const scale = (FLOOR - MARGIN.top) / Math.max(...heights);
    return svg`<path class="baseline" d="M${MARGIN.left} ${FLOOR}H${width - MARGIN.right}" />
      ${bins.map((bin, index) => this.bar(bin, x, (heights[index] ?? 0) * scale))}
      ${ticks(x, width).map(
        ([value, at]) =>
          svg`<text class="tick" x=${at} y=${HEIGHT - 6} text-anchor="middle">${milliseconds(value)}</text>`,
      )}
      ${marks(summary, x, width)}`;
  }

  private bar({ from, to }: HistogramBin, x: Scale, height: number): TemplateResult {
    const [left, right] = [x(from), x(to)];
    const point = (pointed: number | null) => (): void => {
      this.pointed = pointed;
      this.render();
    };
    return svg`<g class="bin" @pointerenter=${point(from)} @pointerleave=${point(null)}>
      <rect class="hit" x=${left} y="0" width=${right - left} height=${FLOOR} />
      <rect class="bar" x=${left + 0.5} y=${FLOOR - height} width=${Math.max(0.5, right - left - 1)}
        height=${height} rx=${Math.min(2, height)} />
    </g>`;
  }
}

/** Lines with labels; a label that would touch another one goes to the row below. */
function marks(summary: LatencyDistribution['summary'], x: Scale, width: number): TemplateResult[] {
  const freeFrom = [-Infinity, -Infinity, -Infinity];
  return MARKS.flatMap((name) => {
    const value = summary[name];
    if (value === null) {
      return [];
    }
    const at = x(value);
    const free = freeFrom.findIndex((from) => at >= from);
    const row = Math.max(0, free);
    freeFrom[row] = at + MARK_WIDTH;
    const [side, anchor] = at > width - MARK_WIDTH ? [-4, 'end'] : [4, 'start'];
    return svg`<path class="mark" d="M${at} ${row * 14 + 4}V${FLOOR}" />
      <text class="mark-label" x=${at + side} y=${row * 14 + 12} text-anchor=${anchor}>${name}</text>`;
  });
}

function reading({ from, to, count: n }: HistogramBin, { summary }: LatencyDistribution): string {
  const share = percent(summary.samples === 0 ? null : n / summary.samples);
  return `${milliseconds(from)} to ${milliseconds(to)}: ${count(n)} requests, ${share}`;
}

function summaryOf({ summary }: LatencyDistribution): string {
  if (summary.samples === 0) {
    return 'No latency was measured in this range.';
  }
  if (!summary.percentilesComplete) {
    return (
      `${count(summary.samples)} requests, maximum ${milliseconds(summary.max)}. Percentiles cannot be told: ` +
      'part of the range was rolled up without distributions. A rebuild adds them where raw rows are left.'
    );
  }
  const percentiles = MARKS.map((name) => `${name} ${milliseconds(summary[name])}`).join(', ');
  return `${count(summary.samples)} requests: ${percentiles}, maximum ${milliseconds(summary.max)}.`;
}
