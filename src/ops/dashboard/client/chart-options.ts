import { cssColor, faded } from './chart-colors.js';
import type { ChartSpec } from './chart-specs.js';
import uPlot from 'uplot';
import { formatTime, isMidnight, type Zone } from './zone.js';

export const AXIS_FONT = '11px system-ui, sans-serif';
const DAY_SECONDS = 86_400;
/** Wide enough for "12.5 s" and "1.25 M"; equal in all charts, or their time axes would not lie below each other. */
const Y_AXIS_WIDTH = 52;
const SYNC_KEY = 'ops-trends';
/** The other charts follow the cursor, but only the chart that was dragged in zooms. */
const FOLLOWED = new Set(['mousemove', 'mouseleave', 'mouseenter']);

export interface ChartEvents {
  /** The point under the cursor, or null when it has left. */
  readonly onCursor: (index: number | null) => void;
  /** Milliseconds since 1970. */
  readonly onZoom: (from: number, to: number) => void;
}

export function chartOptions(
  spec: ChartSpec,
  zone: Zone,
  size: { width: number; height: number },
  events: ChartEvents,
): uPlot.Options {
  const axis = { stroke: cssColor('--text-muted'), font: AXIS_FONT, ticks: { show: false } };
  const grid = { stroke: cssColor('--grid'), width: 1 };
  return {
    ...size,
    padding: [10, 18, 0, 0], // half a time label fits beside the last tick
    legend: { show: false },
    tzDate: (seconds) =>
      zone === 'utc' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
    scales: {
      x: { time: true },
      y: { range: (_u, _min, max) => [0, niceTop(max, spec.whole === true)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        gap: 4,
        space: 64,
        values: (_u, splits, _axis, _space, increment) =>
          splits.map((seconds) => timeLabel(seconds * 1000, increment, zone)),
      },
      {
        ...axis,
        grid,
        size: Y_AXIS_WIDTH,
        gap: 6,
        space: 34,
        ...(spec.whole === true && { incrs: WHOLE_INCREMENTS }),
        values: (_u, splits) => splits.map((value) => spec.tick(value)),
      },
    ],
    series: [{}, ...drawnSeries(spec)],
    cursor: {
      y: false,
      points: { show: spec.kind !== 'stack', size: 7 },
      drag: { x: true, y: false, setScale: false },
      sync: {
        key: SYNC_KEY,
        scales: ['x', null],
        setSeries: false,
        filters: { sub: (type) => FOLLOWED.has(type), pub: () => true },
      },
      bind: { dblclick: () => null }, // uPlot would show all its data; the page goes back to the preset
    },
    hooks: {
      setCursor: [
        (chart) => {
          events.onCursor(
            chart.cursor.left != null && chart.cursor.left >= 0 ? (chart.cursor.idx ?? null) : null,
          );
        },
      ],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width > 0) {
            const from = chart.posToVal(left, 'x') * 1000;
            const to = chart.posToVal(left + width, 'x') * 1000;
            chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            events.onZoom(from, to);
          }
        },
      ],
    },
  };
}

const WHOLE_INCREMENTS = Array.from({ length: 12 }, (_, power) =>
  [1, 2, 5].map((n) => n * 10 ** power),
).flat();

/** Stacked from the top down: each bar covers the lower part of the one before it. */
function drawnSeries(spec: ChartSpec): uPlot.Series[] {
  if (spec.kind === 'stack') {
    const bars = uPlot.paths.bars?.({ size: [0.8, 24, 1], radius: 0 });
    return spec.series.toReversed().map(({ label, color }) => ({
      label,
      fill: cssColor(color),
      width: 0, // a bar as thin as its outline would have the outline's colour
      points: { show: false },
      ...(bars && { paths: bars }),
    }));
  }
  return spec.series.map(({ label, color, width }) => ({
    label,
    stroke: cssColor(color),
    width: width ?? 1.5,
    ...(spec.kind === 'area' && { fill: faded(cssColor(color), 0.14) }),
    points: { show: (_chart, _series, first, last) => last - first < 2, size: 5 },
    spanGaps: false,
  }));
}

/** The data that uPlot draws: sums from the bottom up for a stack, as they are otherwise. */
export function drawnColumns(
  spec: ChartSpec,
  columns: readonly (readonly (number | null)[])[],
): (number | null)[][] {
  if (spec.kind !== 'stack') {
    return columns.map((column) => [...column]);
  }
  const sums: (number | null)[][] = [];
  for (const column of columns) {
    const below = sums.at(-1);
    sums.push(column.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return sums.reverse();
}

/** A little room above the highest value; an axis from 0 to 0 has no labels. */
function niceTop(max: number | null, whole: boolean): number {
  return max === null || max <= 0 ? (whole ? 4 : 1) : max * 1.08;
}

function timeLabel(time: number, increment: number, zone: Zone): string {
  return increment >= DAY_SECONDS || isMidnight(time, zone)
    ? formatTime(time, zone, 'day')
    : formatTime(time, zone, 'time');
}
