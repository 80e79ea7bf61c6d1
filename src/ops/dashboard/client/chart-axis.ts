import { formatTime, type Zone } from './zone.js';

/** What an axis counts in: numbers, milliseconds, or shares of 1. */
export type AxisScale = 'number' | 'time' | 'share';

/** From which highest label on, how much one of it is, and its sign. */
const UNITS: Readonly<Record<AxisScale, readonly (readonly [number, number, string])[]>> = {
  number: [
    ...([12, 9, 6, 3] as const).map(
      (power, at) => [10 ** power, 10 ** power, ' ' + 'TBMk'.charAt(at)] as const,
    ),
    [0, 1, ''],
  ],
  time: [
    [7_200_000, 3_600_000, ' h'],
    [120_000, 60_000, ' min'],
    [1000, 1000, ' s'],
    [0, 1, ' ms'],
  ],
  share: [[0, 0.01, ' %']],
};
const DAY_SECONDS = 86_400;
/** Of a label that has room beside a chart; smaller numbers are written as powers. */
const MOST_DECIMALS = 6;

const unitOf = (scale: AxisScale, highest: number): readonly [number, number, string] =>
  UNITS[scale].find(([from]) => highest >= from) ?? [0, 1, ''];

/** Distances between labels that are round in the unit of the axis. */
export function axisSteps(scale: AxisScale, highest: number, whole: boolean): number[] {
  const [, size] = unitOf(scale, highest);
  const steps = Array.from({ length: 24 }, (_, at) => [1, 2, 2.5, 5].map((n) => n * 10 ** (at - 11) * size));
  return steps.flat().filter((step) => !whole || Number.isInteger(step));
}

/** Every multiple of the step; uPlot's own would round those of a step that it does not know to whole numbers. */
export function axisSplits(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  );
}

/** All in the unit of the highest, with as many decimals as the finest needs: 25 s, 50 s, 75 s. */
export function axisLabels(scale: AxisScale, splits: readonly number[]): string[] {
  const [, size, sign] = unitOf(scale, Math.max(...splits));
  const numbers = splits.map((value) => value / size);
  const decimals = Math.max(0, ...numbers.map(decimalsOf));
  return numbers.map((value) =>
    decimals > MOST_DECIMALS
      ? value.toExponential()
      : `${value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}${sign}`.replace(
          ' ',
          '\u00a0',
        ),
  );
}

function decimalsOf(value: number): number {
  let decimals = 0;
  while (
    decimals <= MOST_DECIMALS &&
    Math.abs(value - Number(value.toFixed(decimals))) > Math.abs(value) * 1e-6
  ) {
    decimals += 1;
  }
  return decimals;
}

/** Times of day, the first of each day with its date below. */
export function timeLabels(splits: readonly number[], increment: number, zone: Zone): string[] {
  let shown = '';
  return splits.map((seconds) => {
    const day = formatTime(seconds * 1000, zone, 'day');
    const time = formatTime(seconds * 1000, zone, 'time');
    const isFirst = day !== shown;
    shown = day;
    return increment >= DAY_SECONDS ? day : isFirst ? `${time}\n${day}` : time;
  });
}
