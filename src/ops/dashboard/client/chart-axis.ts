import { UNITS as NUMBERS } from './format.js';
import { formatTime, type Zone } from './zone.js';

/** What an axis counts in: numbers, milliseconds, or shares of 1. */
export type AxisScale = 'number' | 'time' | 'share';

/** From which highest label on, how much one of it is, and its sign. */
type Unit = readonly [from: number, size: number, sign: string];
const NUMBER: Unit = [0, 1, ''];
const UNITS: Readonly<Record<AxisScale, readonly Unit[]>> = {
  number: NUMBERS.map(([size, sign]): Unit => [size, size, `\u00a0${sign}`]),
  time: [
    [72e5, 36e5, '\u00a0h'],
    [12e4, 6e4, '\u00a0min'],
    [1e3, 1e3, '\u00a0s'],
    [0, 1, '\u00a0ms'],
  ],
  share: [[0, 0.01, '\u00a0%']],
};
const DAY_SECONDS = 86_400;
/** Of a label that has room beside a chart; smaller numbers are written as powers. */
const DECIMALS = [0, 1, 2, 3, 4, 5, 6];

const unitOf = (scale: AxisScale, highest: number): Unit =>
  UNITS[scale].find(([from]) => highest >= from) ?? NUMBER;

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
  const isOff = (value: number, decimals: number): boolean =>
    Math.abs(Number(value.toFixed(decimals)) / value - 1) > 1e-6;
  const decimals = DECIMALS.find((most) => !numbers.some((value) => isOff(value, most)));
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return numbers.map((value) =>
    decimals === undefined ? value.toExponential() : `${value.toLocaleString('en-US', digits)}${sign}`,
  );
}

/** Days, or times of day of which the first of each day has its date below. */
export function timeLabels(splits: readonly number[], increment: number, zone: Zone): string[] {
  const days = splits.map((seconds) => formatTime(seconds * 1000, zone, 'day'));
  if (increment >= DAY_SECONDS) {
    return days;
  }
  const times = splits.map((seconds) => formatTime(seconds * 1000, zone, 'time'));
  return times.map((time, at) => (days[at] === days[at - 1] ? time : `${time}\n${days[at] ?? ''}`));
}
