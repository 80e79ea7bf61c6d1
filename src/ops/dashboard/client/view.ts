import type { LatencyMetric, TrendBucket } from '../../read/read.types.js';
import { autoBucket, BUCKET_MS } from '../../read/trend-buckets.js';
import { dayStart, type Zone } from './zone.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Ranges up to now, in milliseconds; today and yesterday are those of the zone that the page shows. */
export const PRESETS = {
  '15min': 15 * MINUTE,
  '1h': HOUR,
  '6h': 6 * HOUR,
  '24h': DAY,
  today: DAY,
  yesterday: DAY,
  '7d': 7 * DAY,
  '30d': 30 * DAY,
} as const;
export type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as readonly Preset[];

/** Milliseconds since 1970, whole minutes. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** What the page shows. It is the query string of its address, so that a view can be sent to somebody. */
export interface View {
  readonly page: (typeof PAGES)[number];
  /** The range up to now; also where "Reset zoom" goes back to. */
  readonly preset: Preset;
  /** A fixed range instead: zoomed in, or entered. */
  readonly fixed: TimeRange | null;
  /** Only the requests of any of these; all where it is empty. */
  readonly platforms: readonly string[];
  /** By their ids. */
  readonly groups: readonly string[];
  /** Only the requests of these keys of a set, such as models. */
  readonly slice: Slice | null;
  readonly charts: ChartSet;
  /** What each chart has a series for each of: platform, group or the name of a set; null for its own series. */
  readonly split: string | null;
  /** The series that the charts show, by name or key; all where it is empty. */
  readonly only: readonly string[];
  /** What is drawn faintly behind the charts. */
  readonly compare: (typeof COMPARES)[number] | null;
  /** What the table breaks down by: platform, group, error or the name of a set. */
  readonly by: string;
  /** The column that the table is sorted by, with - before it for descending order. */
  readonly sort: string;
  /** What the list of requests shows, beside the filters above; null where it is closed. */
  readonly requests: RequestFilters | null;
  readonly metric: LatencyMetric;
  readonly zone: Zone;
}

export interface Slice {
  readonly dimension: string;
  /** One at least. */
  readonly keys: readonly string[];
}

const PAGES = ['metrics', 'operations'] as const;
const CHART_SETS = ['service', 'cost'] as const;
/** The period of equal length before (of today: yesterday), or the same time last week. */
export const COMPARES = ['previous', 'week'] as const;
const METRICS = ['duration', 'ttft'] as const satisfies readonly LatencyMetric[];
const ZONES = ['utc', 'local'] as const satisfies readonly Zone[];
const KINDS = ['all', 'error', 'success'] as const;
export type ChartSet = (typeof CHART_SETS)[number];

/** By the names that the API has for them. */
const REQUEST_FILTERS = ['status', 'upstreamStatus', 'errorOwner', 'errorPhase', 'errorType'] as const;
export type RequestFilters = Partial<Readonly<Record<(typeof REQUEST_FILTERS)[number], string>>> & {
  readonly kind: (typeof KINDS)[number];
};

/** Of all requests. */
export const NO_FILTERS = { platforms: [], groups: [], slice: null } as const;
export const isFiltered = ({ platforms, groups, slice }: View): boolean =>
  platforms.length + groups.length > 0 || slice !== null;

/** A fixed range shorter than this says nothing. */
export const SHORTEST_MINUTES = 5;
const DEFAULT_SORT = '-requests';

/** The view that an address names; what is wrong in it is as if it were not there. */
export function parseView(query: string): View {
  const given = new URLSearchParams(query);
  const text = (name: string): string => given.get(name) ?? '';
  const kind = oneOf(KINDS, text('requests'));
  const [dimension, keys] = [text('dimension'), given.getAll('key')];
  const filters = REQUEST_FILTERS.flatMap((name) => (given.has(name) ? [[name, text(name)] as const] : []));
  return {
    page: oneOf(PAGES, text('page')) ?? 'metrics',
    preset: oneOf(PRESET_NAMES, text('preset')) ?? '24h',
    fixed: fixedRange(Date.parse(text('from')), Date.parse(text('to'))),
    platforms: given.getAll('platform'),
    groups: given.getAll('group').filter((group) => /^-?[1-9]\d{0,18}$/.test(group)),
    slice: dimension !== '' && keys.length > 0 ? { dimension, keys } : null,
    charts: oneOf(CHART_SETS, text('charts')) ?? 'service',
    split: text('split') || null,
    only: given.getAll('only'),
    compare: oneOf(COMPARES, text('compare')),
    by: text('by') || 'platform',
    sort: text('sort') || DEFAULT_SORT,
    requests: kind && { kind, ...Object.fromEntries(filters) },
    metric: oneOf(METRICS, text('metric')) ?? 'duration',
    zone: oneOf(ZONES, text('tz')) ?? 'utc',
  };
}

const oneOf = <T extends string>(values: readonly T[], text: string): T | null =>
  values.find((value) => value === text) ?? null;

/** With its question mark; empty for the view that the bare address gives. */
export function viewQuery(view: View): string {
  const { fixed, slice, requests } = view;
  const { kind, ...filters } = requests ?? {};
  const bare = parseView('');
  const unlessBare = <K extends keyof View>(name: K): View[K] | null =>
    view[name] === bare[name] ? null : view[name];
  const parameters = new URLSearchParams();
  const given: Readonly<Record<string, string | readonly string[] | null | undefined>> = {
    page: unlessBare('page'),
    preset: unlessBare('preset'),
    from: fixed && isoMinute(fixed.from),
    to: fixed && isoMinute(fixed.to),
    platform: view.platforms,
    group: view.groups,
    dimension: slice?.dimension,
    key: slice?.keys,
    charts: unlessBare('charts'),
    split: view.split,
    only: view.only,
    compare: view.compare,
    by: unlessBare('by'),
    sort: unlessBare('sort'),
    requests: kind,
    ...filters,
    metric: unlessBare('metric'),
    tz: unlessBare('zone'),
  };
  for (const [name, value] of Object.entries(given)) {
    for (const one of value == null ? [] : [value].flat()) {
      parameters.append(name, one);
    }
  }
  const query = parameters.toString().replaceAll('%3A', ':');
  return query === '' ? '' : `?${query}`;
}

/** What is asked of the range and its filters, whatever else of it is shown. */
export const subjectOf = ({ preset, fixed, platforms, groups, slice, zone }: View): string =>
  JSON.stringify([preset, fixed, platforms, groups, slice, isDay(preset) && fixed === null ? zone : null]);

/** Widened outward to whole minutes; null where it is none. */
export function fixedRange(from: number, to: number): TimeRange | null {
  const range = { from: Math.floor(from / MINUTE) * MINUTE, to: Math.ceil(to / MINUTE) * MINUTE };
  return range.to - range.from >= SHORTEST_MINUTES * MINUTE ? range : null;
}

const isDay = (preset: Preset): boolean => preset === 'today' || preset === 'yesterday';

/**
 * The range of the view. A preset ends with the current minute; "1 h" is 60 minutes. Those of more than a day begin
 * with a whole hour, since their first minutes are not kept and would be counted from raw rows.
 *
 * @param now of the server, in milliseconds since 1970
 */
export function rangeOf({ preset, fixed, zone }: View, now: number): TimeRange {
  if (fixed !== null) {
    return fixed;
  }
  const to = Math.ceil(now / MINUTE) * MINUTE;
  const today = dayStart(now, zone);
  if (preset === 'today') {
    return { from: Math.min(today, to - SHORTEST_MINUTES * MINUTE), to };
  }
  if (preset === 'yesterday') {
    return { from: dayStart(today - 1, zone), to: today };
  }
  const [length, unit] = [PRESETS[preset], PRESETS[preset] > DAY ? HOUR : MINUTE];
  return { from: Math.floor((to - length) / unit) * unit, to };
}

/**
 * The bucket that the API chooses for the points of a range, where its minutes are kept.
 *
 * @param ofSet sets have no minutes
 */
const bucketOf = ({ from, to }: TimeRange, ofSet: boolean): TrendBucket =>
  autoBucket(new Date(from), new Date(to), new Date(ofSet ? to : from));

/** The same range from the start of a bucket on: a first point of a part of one would look like a drop. */
export function trendRange(range: TimeRange, ofSet: boolean): TimeRange {
  const bucket = bucketOf(range, ofSet);
  const width = BUCKET_MS[bucket];
  const from = Math.floor(range.from / width) * width;
  // Not so early that the range is long enough for coarser points.
  return { from: bucketOf({ from, to: range.to }, ofSet) === bucket ? from : from + width, to: range.to };
}

/** How much earlier what the charts are compared with is, in milliseconds. */
export function compareShift({ compare, preset, fixed }: View, { from, to }: TimeRange): number {
  return compare === 'week' ? 7 * DAY : fixed === null && isDay(preset) ? DAY : to - from;
}

/** Whether the range has not ended: its numbers change from one moment to the next. */
export const isRecent = (range: TimeRange, now: number): boolean => range.to > now - MINUTE;

/** 2026-01-31T10:05Z */
export const isoMinute = (time: number): string => `${new Date(time).toISOString().slice(0, 16)}Z`;
