import type { Series, Trend, TrendPoint } from '../../read/read.types.js';
import { BUCKET_MS } from '../../read/trend-buckets.js';
import type { ChartSpec, Raw, SeriesSpec } from './chart-specs.js';
import { count } from './format.js';
import type { Objectives } from './health.js';
import { keyName, wordOf } from './slices.js';
import { formatTime, type Zone } from './zone.js';

/** By which the rest of a split is isolated; no key that a gateway would have. */
const REST = '(rest)';
/** A limit further above what is drawn would press it flat. */
const LIMIT_WITHIN = 3;

/** What all the charts are drawn of. */
export interface Scene {
  /** Null where they are split, as is the one before. */
  readonly trend: Trend | null;
  readonly before: Trend | null;
  /** Null where the charts are not split. */
  readonly series: Series | null;
  /** The keys of the split, each at the place of its colour. */
  readonly slots: readonly (string | null)[];
  /** How much earlier before is, in milliseconds. */
  readonly shift: number;
  readonly only: readonly string[];
  readonly objectives: Objectives | null;
  readonly zone: Zone;
}

/** Of nothing yet. */
export const NO_SCENE: Scene = {
  ...{ trend: null, before: null, series: null, slots: [], shift: 0, only: [] },
  ...{ objectives: null, zone: 'utc' },
};

type Column = readonly (number | null)[];

export interface Line {
  /** By which it is isolated, in all charts that have it; null for what the chart is compared with. */
  readonly name: string | null;
  readonly label: string;
  /** Name of the CSS custom property with its colour. */
  readonly color: string;
  /** Which of the patterns. */
  readonly dash: number;
  readonly width: number;
  readonly raw: readonly Raw[];
  readonly values: Column;
  readonly isShown: boolean;
  /** Sums from the bottom up in a stack, nothing where it is isolated away. */
  readonly drawn: Column;
}

/** One chart's; times in milliseconds since 1970. */
export interface Picture {
  readonly kind: ChartSpec['kind'];
  readonly note: string;
  readonly zone: Zone;
  readonly isSplit: boolean;
  /** Of a point. */
  readonly width: number;
  /** Of each point, of whole buckets also where the range begins within one. */
  readonly starts: readonly number[];
  readonly from: number;
  readonly to: number;
  /** Why the last point is less than its bucket; empty where it is not. */
  readonly partial: '' | 'unfinished' | 'cut short';
  /** The one that the chart is compared with comes last. */
  readonly lines: readonly Line[];
  readonly limits: readonly { readonly label: string; readonly value: number; readonly color: string }[];
  /** Of a stack of several. */
  readonly totals: Column | null;
  readonly bottom: number;
  readonly top: number;
}

/** Without points until its answer is there. */
export function pictureOf(spec: ChartSpec, scene: Scene): Picture {
  const { trend, series, only, zone } = scene;
  const source = series ?? trend;
  const width = BUCKET_MS[source?.bucket ?? 'hour'];
  const points = trend?.points ?? [];
  const starts = (series?.starts ?? points.map(({ from }) => from)).map((time) => startOf(time, width));
  const [from = 0, end] = [starts[0], (starts.at(-1) ?? 0) + width];
  const [to, asOf] = source ? [Date.parse(source.to), Date.parse(source.freshness.asOf)] : [end, end];
  const kind = series !== null && spec.kind === 'area' ? 'stack' : spec.kind;
  const all = series === null ? ownLines(spec, points) : keyLines(spec, series, scene.slots);
  const own = drawnLines(all, only, kind === 'stack');
  const middles = starts.map((start) => start + width / 2 - scene.shift);
  const before = scene.before && earlier(spec, scene.before, own, middles, width);
  const lines = before ? [...own, before] : own;
  const drawn = lines.flatMap((line) => line.drawn).filter((value) => value !== null);
  const limits = limitsOf(spec, scene.objectives, Math.max(0, ...drawn));
  const ends = [...drawn, ...limits.map(({ value }) => value)];
  const [high, room] = [Math.max(0, ...ends), Math.max(0.01, 1 - Math.min(1, ...ends))];
  const splitNote = series && `${spec.splitNote ?? spec.note}, by ${wordOf(series.by)}`;
  return {
    ...{ kind, zone, isSplit: series !== null, width, starts, from, to: Math.max(end, to), lines, limits },
    note: splitNote ?? gap(spec, points, zone) ?? spec.note,
    partial: end <= asOf ? '' : asOf < to ? 'unfinished' : 'cut short',
    totals:
      kind === 'stack' && own.length > 1 ? (own.findLast(({ isShown }) => isShown)?.drawn ?? null) : null,
    // A little room above the highest value; an axis from 0 to 0 has no labels.
    ...(spec.nearOne === true
      ? { bottom: Math.max(0, 1 - room * 1.1), top: 1 + room * 0.04 }
      : { bottom: 0, top: high > 0 ? high * 1.08 : spec.whole === true ? 4 : 1 }),
  };
}

const startOf = (time: number | string, width: number): number =>
  Math.floor((typeof time === 'string' ? Date.parse(time) : time) / width) * width;

function lineOf(raw: readonly Raw[], rest: Pick<Line, 'name' | 'label' | 'color' | 'dash' | 'width'>): Line {
  const values = raw.map((value) => (value === null ? null : Number(value)));
  return { ...rest, raw, values, isShown: true, drawn: values };
}

const ownLines = (spec: ChartSpec, points: readonly TrendPoint[]): Line[] =>
  spec.series.map((series) => {
    const { label, color, width = 1.5, dash = 0 } = series;
    return lineOf(points.map(valueOf(spec, series)), { name: label, label, color, width, dash });
  });

/** A point of which some is not known has no value, and is a gap: a part would look like a drop. */
const valueOf =
  ({ set }: ChartSpec, { value }: SeriesSpec) =>
  (point: TrendPoint): Raw =>
    set === 'cost' && point.unsplit !== null ? null : value(point);

function keyLines({ split }: ChartSpec, { series, total, starts }: Series, slots: Scene['slots']): Line[] {
  const others = total - series.filter(({ isRest }) => !isRest).length;
  const other = others > 0 ? `other ${count(others)}` : 'other';
  const rest = { name: REST, label: other, color: '--key-rest', dash: 5 };
  return series.map(({ key, label, values }) => {
    const dash = slots.indexOf(key);
    const own = { name: key, label: label ?? keyName(key ?? ''), color: `--key-${dash + 1}`, dash };
    return lineOf(values[split] ?? starts.map(() => null), { ...(key === null ? rest : own), width: 1.5 });
  });
}

/** What is isolated, where something is. Each of a stack stands on the one before it; its bars have no dashes. */
function drawnLines(lines: readonly Line[], only: readonly string[], isStack: boolean): Line[] {
  const isChosen = ({ name }: Line): boolean => name !== null && only.includes(name);
  const isAll = !lines.some(isChosen);
  let below: Column = [];
  return lines.map((line) => {
    const isShown = isAll || isChosen(line);
    const values = isShown ? line.values : line.values.map(() => null);
    if (!isStack) {
      return { ...line, isShown, drawn: values };
    }
    const sum = (value: number | null, under: number | null): number | null =>
      value === null ? under : value + (under ?? 0);
    below = values.map((value, at) => sum(value, below[at] ?? null));
    return { ...line, isShown, dash: 0, drawn: isShown ? below : values };
  });
}

/** The sum of what is shown of a stack, or else the main one of what is shown, in the point that much earlier. */
function earlier(spec: ChartSpec, trend: Trend, own: Line[], middles: number[], width: number): Line {
  const [isSum, earlierWidth] = [spec.kind === 'stack', BUCKET_MS[trend.bucket]];
  const shown = spec.series.filter((_, at) => own[at]?.isShown === true);
  const main = shown.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0)).slice(0, 1);
  const valuesOf = (isSum ? shown : main).map((series) => valueOf(spec, series));
  const byStart = new Map(trend.points.map((point) => [startOf(point.from, earlierWidth), point]));
  const raw = middles.map((middle) => {
    const point = byStart.get(startOf(middle, earlierWidth));
    const values = point ? valuesOf.map((of) => of(point)).filter((value) => value !== null) : [];
    const sum = values.reduce<number>((below, value) => below + Number(value), 0);
    return values.length === 0 ? null : sum * (isSum ? width / earlierWidth : 1);
  });
  const label = isSum || spec.series.length === 1 ? 'before' : `before (${main[0]?.label ?? ''})`;
  return lineOf(raw, { name: null, label, color: '--text-muted', dash: 2, width: 1 });
}

function limitsOf(spec: ChartSpec, objectives: Objectives | null, highest: number): Picture['limits'] {
  const of = objectives && spec.limits && objectives[spec.limits];
  return [
    { label: 'degraded', value: of?.degraded ?? NaN, color: '--warn' },
    { label: 'critical', value: of?.critical ?? NaN, color: '--bad' },
  ].filter(({ value }) => (spec.nearOne === true ? value >= 0 : value <= LIMIT_WITHIN * highest));
}

/** From when to when points are left out, since their measure was not kept yet. */
function gap({ set }: ChartSpec, points: readonly TrendPoint[], zone: Zone): string | null {
  const gaps = set === 'cost' ? points.filter(({ unsplit }) => unsplit !== null) : [];
  const [first, last] = [gaps[0], gaps.at(-1)];
  const time = (at: string): string => formatTime(at, zone, 'dateTime');
  return first && last ? `not known from ${time(first.from)} to ${time(last.to)}` : null;
}
