import uPlot from 'uplot';
import { axisLabels, axisSplits, axisSteps, timeLabels } from './chart-axis.js';
import { cssColor } from './chart-colors.js';
import { drawLimits, fontOf, placeVeil } from './chart-marks.js';
import type { Line, Picture } from './chart-picture.js';
import type { ChartSpec } from './chart-specs.js';

/** Wide enough for "0.25 min" and "0.000001"; equal in all charts, or their time axes would not lie below each other. */
const Y_AXIS_WIDTH = 58;
const SYNC_KEY = 'ops-trends';
/** The other charts follow the cursor, but only the chart that was dragged in zooms. */
const FOLLOWED = new Set(['mousemove', 'mouseleave', 'mouseenter']);
/** In pixels: lines are told apart without colours too. */
const DASHES = [[], [6, 3], [2, 2], [10, 3, 2, 3], [14, 4], [3, 6]] as const;

/** What a chart is drawn of, and who is told of what is done with it. */
export interface Drawing {
  readonly spec: ChartSpec;
  /** At the moment. */
  readonly picture: Picture;
  /** Whether it is a finger that points. */
  readonly isTouched: boolean;
  /** The point under the cursor, or null when it has left. */
  readonly onCursor: (index: number | null) => void;
  /** Milliseconds since 1970, of whole points. */
  readonly onZoom: (from: number, to: number) => void;
  /** Null while nothing is drawn. */
  readonly chart: uPlot | null;
  /** The keyboard moves the cursor: what it is at then is said. */
  readonly moved: (move: () => void) => void;
  /** Lets go of the point. */
  readonly leave: () => void;
}

export function chartOptions(drawing: Drawing, size: { width: number; height: number }): uPlot.Options {
  const { spec, picture } = drawing;
  const { zone, kind } = picture;
  const draw = (chart: uPlot): void => {
    placeVeil(chart, drawing.picture);
    drawLimits(chart, drawing.picture);
  };
  const setCursor = (chart: uPlot): void => {
    const { left = null, idx = null } = chart.cursor;
    if (chart.select.width > 0) {
      select(chart, drawing.picture, selected(chart, drawing.picture));
    }
    drawing.onCursor(left !== null && left >= 0 ? idx : null);
  };
  const setSelect = (chart: uPlot): void => {
    if (chart.select.width > 0) {
      const range = selected(chart, drawing.picture);
      unselect(chart);
      drawing.onZoom(...range);
    }
  };
  const axis = { stroke: cssColor('--text-muted'), font: fontOf(11), ticks: { show: false } };
  return {
    ...size,
    padding: [10, 18, 0, 0], // half a time label fits beside the last tick
    legend: { show: false },
    tzDate: (seconds) =>
      zone === 'utc' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
    scales: { y: { range: () => [drawing.picture.bottom, drawing.picture.top] } },
    axes: [
      {
        ...{ ...axis, grid: { show: false }, gap: 4, space: 64 },
        // Days have no second line, below which the plot would end higher than it has to.
        size: (_u, labels: string[] | null) => (labels?.every((label) => !label.includes('\n')) ? 24 : 40),
        values: (_u, splits, _axis, _space, increment) => timeLabels(splits, increment, zone),
      },
      {
        ...{ ...axis, grid: { stroke: cssColor('--grid'), width: 1 }, size: Y_AXIS_WIDTH, gap: 6, space: 34 },
        incrs: (_u, _axis, _low, high) => axisSteps(spec.scale, high, spec.whole === true),
        splits: (_u, _axis, low, high, step) => axisSplits(low, high, step),
        values: (_u, splits) => axisLabels(spec.scale, splits),
      },
    ],
    series: [{}, ...inOrder(picture).map((line) => seriesOf(line, kind))],
    cursor: {
      y: false,
      points: { show: kind !== 'stack', size: 7 },
      drag: { setScale: false },
      sync: { key: SYNC_KEY, scales: ['x', null], filters: { sub: (type) => FOLLOWED.has(type) } },
      bind: {
        // After a tap the finger has left, and what was tapped is still to be read.
        mouseleave: (_u, _target, leave) => (event) => (drawing.isTouched ? null : leave(event)),
        dblclick: () => null, // uPlot would show all its data; the page goes back to the preset
      },
    },
    hooks: { draw: [draw], setCursor: [setCursor], setSelect: [setSelect] },
  };
}

/** Selects from that point's time to that one's, in milliseconds since 1970. */
export function select(chart: uPlot, { from, to }: Picture, [start, end]: readonly [number, number]): void {
  const [left = 0, right = 0] = [Math.max(from, start), Math.min(to, end)].map((time) =>
    chart.valToPos(time / 1000, 'x'),
  );
  chart.setSelect({ left, top: 0, width: right - left, height: chart.over.clientHeight }, false);
}

export const unselect = (chart: uPlot): void => {
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
};

/** The whole points that the selection touches. A pixel's rounding is no touch. */
function selected(chart: uPlot, { width: bucket }: Picture): [number, number] {
  const { left, width } = chart.select;
  const [start = 0, end = 0] = [left, left + width].map((at) => (chart.posToVal(at, 'x') * 1000) / bucket);
  return [Math.floor(start + 1e-3) * bucket, Math.ceil(end - 1e-3) * bucket];
}

/** Bars from the top down: each covers the lower part of the one before it. What is compared with is drawn over them. */
const inOrder = ({ kind, lines }: Picture): Line[] =>
  kind === 'stack'
    ? [...lines.filter(isOwn).toReversed(), ...lines.filter((line) => !isOwn(line))]
    : [...lines];

const isOwn = ({ name }: Line): boolean => name !== null;

function seriesOf(line: Line, kind: Picture['kind']): uPlot.Series {
  const { color, width, dash } = line;
  const bars = uPlot.paths.bars?.({ size: [0.8, 24, 1] });
  if (kind === 'stack' && isOwn(line)) {
    // A bar as thin as its outline would have the outline's colour.
    return { fill: cssColor(color), width: 0, points: { show: false }, ...(bars && { paths: bars }) };
  }
  return {
    stroke: cssColor(color),
    width,
    dash: (DASHES[dash] ?? []).map((length) => length * uPlot.pxRatio),
    ...(kind === 'area' && isOwn(line) && { fill: cssColor(color, 14) }),
    points: { show: (_chart, _series, first, last) => last - first < 2, size: 5 },
  };
}

/** The data that uPlot draws, in the order of the series. A point stands in the middle of its bucket. */
export function chartData(picture: Picture): uPlot.AlignedData {
  const middles = picture.starts.map((start) => (start + picture.width / 2) / 1000);
  return [middles, ...inOrder(picture).map(({ drawn }) => [...drawn])];
}
