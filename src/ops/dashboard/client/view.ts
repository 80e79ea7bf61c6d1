import type { TrendBucket } from '../../read/read.types.js';
import { autoBucket, BUCKET_MS } from '../../read/trend-buckets.js';
import type { Zone } from './zone.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const PRESETS = {
  '15min': 15 * MINUTE,
  '1h': HOUR,
  '6h': 6 * HOUR,
  '24h': DAY,
  '7d': 7 * DAY,
  '30d': 30 * DAY,
} as const;
export type Preset = keyof typeof PRESETS;
const DEFAULT_PRESET: Preset = '24h';

/** Milliseconds since 1970, whole minutes. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** What the page shows. It is the query string of its address, so that a view can be sent to somebody. */
export interface View {
  /** The range up to now; also where "Reset zoom" goes back to. */
  readonly preset: Preset;
  /** A fixed range instead: zoomed in, or entered. */
  readonly fixed: TimeRange | null;
  readonly platform: string | null;
  readonly group: string | null;
  /** Only the requests of this key of a set, such as a model. */
  readonly slice: Slice | null;
  /** What the table breaks down by: platform, group, error or the name of a set. */
  readonly by: string;
  readonly charts: ChartSet;
  /** What the list of requests shows, beside the filters above; null where it is closed. */
  readonly requests: RequestFilters | null;
  readonly zone: Zone;
}

export interface Slice {
  readonly dimension: string;
  readonly key: string;
}

export type ChartSet = 'service' | 'cost';

/** By the names that the API has for them. */
const REQUEST_FILTERS = ['status', 'upstreamStatus', 'errorOwner', 'errorPhase', 'errorType'] as const;
export type RequestFilters = Partial<Readonly<Record<(typeof REQUEST_FILTERS)[number], string>>> & {
  readonly kind: 'all' | 'error' | 'success';
};

/** Of all requests. */
export const NO_FILTERS = { platform: null, group: null, slice: null } as const;
export const isFiltered = ({ platform, group, slice }: View): boolean =>
  platform !== null || group !== null || slice !== null;

/** A fixed range shorter than this says nothing. */
export const SHORTEST_MINUTES = 5;

export function parseView(query: string): View {
  const parameters = new URLSearchParams(query);
  const preset = parameters.get('preset');
  const group = parameters.get('group');
  const [dimension, key] = [parameters.get('dimension'), parameters.get('key')];
  const kind = parameters.get('requests');
  const filters = REQUEST_FILTERS.flatMap((name) => {
    const value = parameters.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    preset: isPreset(preset) ? preset : DEFAULT_PRESET,
    fixed: fixedRange(Date.parse(parameters.get('from') ?? ''), Date.parse(parameters.get('to') ?? '')),
    platform: parameters.get('platform'),
    group: group !== null && /^-?[1-9]\d{0,18}$/.test(group) ? group : null,
    slice: dimension !== null && key !== null ? { dimension, key } : null,
    by: parameters.get('by') ?? 'platform',
    charts: parameters.get('charts') === 'cost' ? 'cost' : 'service',
    requests:
      kind === 'all' || kind === 'error' || kind === 'success'
        ? { kind, ...Object.fromEntries(filters) }
        : null,
    zone: parameters.get('tz') === 'local' ? 'local' : 'utc',
  };
}

/** With its question mark; empty for the view that the bare address gives. */
export function viewQuery(view: View): string {
  const { preset, fixed, platform, group, slice, by, charts, requests, zone } = view;
  const { kind = null, ...filters } = requests ?? {};
  const given: Readonly<Record<string, string | null>> = {
    preset: preset === DEFAULT_PRESET ? null : preset,
    from: fixed && isoMinute(fixed.from),
    to: fixed && isoMinute(fixed.to),
    platform,
    group,
    ...slice,
    by: by === 'platform' ? null : by,
    charts: charts === 'service' ? null : charts,
    requests: kind,
    ...filters,
    tz: zone === 'utc' ? null : zone,
  };
  const parameters = new URLSearchParams(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  const query = parameters.toString().replaceAll('%3A', ':');
  return query === '' ? '' : `?${query}`;
}

/** What is asked of the range and its filters, whatever else of it is shown. */
export const subjectOf = ({ preset, fixed, platform, group, slice }: View): string =>
  JSON.stringify([preset, fixed, platform, group, slice]);

/** Widened outward to whole minutes; null where it is none. */
export function fixedRange(from: number, to: number): TimeRange | null {
  const range = { from: Math.floor(from / MINUTE) * MINUTE, to: Math.ceil(to / MINUTE) * MINUTE };
  return range.to - range.from >= SHORTEST_MINUTES * MINUTE ? range : null;
}

/** The bucket that the API chooses for a range of that length, in milliseconds, where its minutes are kept. */
const bucketFor = (length: number): TrendBucket => autoBucket(new Date(0), new Date(length));

/**
 * The range of the view. A preset starts on a bucket, or its first point would be a part of one and look like a
 * drop, and ends with the current minute.
 *
 * @param now of the server, in milliseconds since 1970
 */
export function rangeOf(view: View, now: number): TimeRange {
  if (view.fixed !== null) {
    return view.fixed;
  }
  const to = Math.ceil(now / MINUTE) * MINUTE;
  const length = PRESETS[view.preset];
  const bucket = bucketFor(length);
  const width = BUCKET_MS[bucket];
  const from = Math.floor((to - length) / width) * width;
  // Not so early that the range is long enough for coarser points.
  return { from: bucketFor(to - from) === bucket ? from : from + width, to };
}

/** Whether the range has not ended: its numbers change from one moment to the next. */
export const isRecent = (range: TimeRange, now: number): boolean => range.to > now - MINUTE;

/** 2026-01-31T10:05Z */
export const isoMinute = (time: number): string => `${new Date(time).toISOString().slice(0, 16)}Z`;

function isPreset(text: string | null): text is Preset {
  return text !== null && Object.hasOwn(PRESETS, text);
}
