import { BUCKET_MS } from '../../read/trend-buckets.js';
import type { Trend, TrendPoint } from '../../read/read.types.js';
import type { Series } from './answers.js';
import type { ChartSpec, Raw, SeriesSpec } from './chart-specs.js';
import { count } from './format.js';
import type { Objectives } from './objectives.js';
import { keyName, wordOf } from './slices.js';

/** By which the rest of a split is isolated; no key that a gateway would have. */
export const REST = '(rest)';
/** A limit further above what is drawn would press it flat. */
const LIMIT_WITHIN = 3;

/** What the charts are drawn of, all of them. */
export interface Scene {
  readonly trend: Trend | null;
  readonly before: Trend | null;
  /** Null where the charts are not split. */
  readonly series: Series | null;
  /** The keys of the split by their colours, the first having the first. */
  readonly slots: readonly (string | null)[];
  /** How much earlier before is, in milliseconds. */
  readonly shift: number;
  readonly only: readonly string[];
  readonly objectives: Objectives | null;
  /** Milliseconds since 1970: after it, nothing has happened yet. */
  readonly asOf: number;
}

export interface Line {
  /** By which it is isolated, in all charts that have it. */
  readonly name: string;
  readonly label: string;
  /** Name of the CSS custom property with its colour. */
  readonly color: string;
  /** Which pattern: see DASHES. */
  readonly dash: number;
  readonly width: number;
  readonly raw: readonly Raw[];
  readonly values: readonly (number | null)[];
  readonly isShown: boolean;
}

/** One chart's; times in milliseconds since 1970. */
export interface Picture {
  readonly kind: ChartSpec['kind'];
  readonly note: string;
  readonly isSplit: boolean;
  /** Of a point. */
  readonly width: number;
  /** Of each point, of whole buckets also where the range begins within one. */
  readonly starts: readonly number[];
  readonly from: number;
  readonly to: number;
  /** Why the last point is less than its bucket; null where it is not. */
  readonly partial: 'unfinished' | 'cut short' | null;
  readonly lines: readonly Line[];
  readonly before: Line | null;
  readonly limits: readonly { readonly label: string; readonly value: number; readonly color: string }[];
  /** What is drawn, from the bottom up: sums for a stack. */
  readonly columns: readonly (readonly (number | null)[])[];
  readonly bottom: number;
  readonly top: number;
}

/** Null until its answer is there. */
export function pictureOf(spec: ChartSpec, scene: Scene): Picture | null {
  const { trend, series, only } = scene;
  const source = series ?? trend;
  if (source === null) {
    return null;
  }
  const width = BUCKET_MS[source.bucket];
  const times = series === null ? (trend?.points ?? []).map(({ from }) => from) : series.starts;
  const starts = times.map((time) => startOf(Date.parse(time), width));
  const end = (starts.at(-1) ?? 0) + width;
  const from = series === null && trend !== null ? startOf(Date.parse(trend.from), width) : (starts[0] ?? 0);
  const to = Math.max(end, trend === null ? 0 : Date.parse(trend.to));
  const all = series === null ? ownLines(spec, trend?.points ?? []) : keyLines(spec, series, scene.slots);
  const isolated = all.some(({ name }) => only.includes(name));
  const lines = all.map((line) => ({ ...line, isShown: !isolated || only.includes(line.name) }));
  const kind = series !== null && spec.kind === 'area' ? 'stack' : spec.kind;
  const before =
    series === null && scene.before !== null
      ? earlier(spec, scene.before, lines, starts, width, scene.shift)
      : null;
  const columns = columnsOf(kind, lines);
  const drawn = [...columns, ...(before === null ? [] : [before.values])]
    .flat()
    .filter((value) => value !== null);
  const highest = Math.max(0, ...drawn);
  const limits = limitsOf(spec, scene.objectives, highest);
  const low = Math.min(...drawn, ...limits.map(({ value }) => value), 1);
  const high = Math.max(highest, ...limits.map(({ value }) => value));
  return {
    ...{ kind, isSplit: series !== null, width, starts, from, to, lines, before, limits, columns },
    note: series === null ? spec.note : `${spec.splitNote ?? spec.note} by ${wordOf(series.by)}`,
    partial: starts.length === 0 || end <= scene.asOf ? null : scene.asOf < to ? 'unfinished' : 'cut short',
    // A little room above the highest value; an axis from 0 to 0 has no labels.
    bottom: spec.nearOne === true ? Math.max(0, low - 0.1 * Math.max(0.01, 1 - low)) : 0,
    top:
      spec.nearOne === true
        ? 1 + 0.04 * Math.max(0.01, 1 - low)
        : high > 0
          ? high * 1.08
          : spec.whole === true
            ? 4
            : 1,
  };
}

const startOf = (time: number, width: number): number => Math.floor(time / width) * width;

type Unisolated = Omit<Line, 'isShown'>;

const lineOf = (raw: readonly Raw[], rest: Omit<Unisolated, 'raw' | 'values'>): Unisolated => ({
  ...rest,
  raw,
  values: raw.map((value) => (value === null ? null : Number(value))),
});

const ownLines = ({ series }: ChartSpec, points: readonly TrendPoint[]): Unisolated[] =>
  series.map(({ label, color, value, width = 1.5, dash = 0 }) =>
    lineOf(points.map(value), { name: label, label, color, width, dash }),
  );

function keyLines(
  { split }: ChartSpec,
  { series, total, starts }: Series,
  slots: Scene['slots'],
): Unisolated[] {
  const others = total - series.filter(({ isRest }) => !isRest).length;
  return series.map(({ key, label, isRest, values }) => {
    const slot = slots.indexOf(key);
    const raw = values[split] ?? starts.map(() => null);
    return isRest || key === null
      ? lineOf(raw, { name: REST, label: `other ${count(others)}`, color: '--key-rest', dash: 5, width: 1.5 })
      : lineOf(raw, {
          ...{ name: key, label: label ?? keyName(key), color: `--key-${slot + 1}`, dash: slot, width: 1.5 },
        });
  });
}

/** The sum of what is shown of a stack, or else the main series of what is shown, of the point that much earlier. */
function earlier(
  spec: ChartSpec,
  { bucket, points }: Trend,
  lines: readonly Line[],
  starts: readonly number[],
  width: number,
  shift: number,
): Line {
  const shown = spec.series.filter((_, at) => lines[at]?.isShown === true);
  const [main] = shown.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0));
  const summed: readonly SeriesSpec[] = spec.kind === 'stack' ? shown : shown.filter((one) => one === main);
  const earlierWidth = BUCKET_MS[bucket];
  const byStart = new Map(points.map((point) => [startOf(Date.parse(point.from), earlierWidth), point]));
  const raw = starts.map((start) => {
    const point = byStart.get(startOf(start + width / 2 - shift, earlierWidth));
    const values =
      point === undefined ? [] : summed.map(({ value }) => value(point)).filter((one) => one !== null);
    const scaled = spec.kind === 'stack' ? width / earlierWidth : 1;
    return values.length === 0 ? null : values.reduce<number>((sum, one) => sum + Number(one) * scaled, 0);
  });
  const label = spec.kind !== 'stack' && spec.series.length > 1 ? `before (${main?.label ?? ''})` : 'before';
  return { ...lineOf(raw, { name: '', label, color: '--text-muted', dash: 1, width: 1 }), isShown: true };
}

/** Of what is isolated away nothing is drawn. */
function columnsOf(kind: ChartSpec['kind'], lines: readonly Line[]): (number | null)[][] {
  let below: readonly (number | null)[] = [];
  return lines.map(({ values, isShown }) => {
    if (!isShown || kind !== 'stack') {
      return values.map((value) => (isShown ? value : null));
    }
    const sums = values.map((value, at) => {
      const under = below[at] ?? null;
      return value === null && under === null ? null : (value ?? 0) + (under ?? 0);
    });
    below = sums;
    return sums;
  });
}

function limitsOf(
  { limits, nearOne }: ChartSpec,
  objectives: Objectives | null,
  highest: number,
): Picture['limits'] {
  const of = objectives && limits?.(objectives);
  return (['degraded', 'critical'] as const).flatMap((label) =>
    of == null || (nearOne !== true && of[label] > LIMIT_WITHIN * highest)
      ? []
      : [{ label, value: of[label], color: label === 'degraded' ? '--warn' : '--bad' }],
  );
}
