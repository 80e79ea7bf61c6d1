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
  readonly zone: Zone;
}

/** A fixed range shorter than this says nothing. */
export const SHORTEST_MINUTES = 5;

export function parseView(query: string): View {
  const parameters = new URLSearchParams(query);
  const preset = parameters.get('preset');
  const group = parameters.get('group');
  return {
    preset: isPreset(preset) ? preset : DEFAULT_PRESET,
    fixed: fixedRange(Date.parse(parameters.get('from') ?? ''), Date.parse(parameters.get('to') ?? '')),
    platform: parameters.get('platform'),
    group: group !== null && /^-?[1-9]\d{0,18}$/.test(group) ? group : null,
    zone: parameters.get('tz') === 'local' ? 'local' : 'utc',
  };
}

/** With its question mark; empty for the view that the bare address gives. */
export function viewQuery(view: View): string {
  const parameters = new URLSearchParams();
  if (view.preset !== DEFAULT_PRESET) {
    parameters.set('preset', view.preset);
  }
  if (view.fixed !== null) {
    parameters.set('from', isoMinute(view.fixed.from));
    parameters.set('to', isoMinute(view.fixed.to));
  }
  if (view.platform !== null) {
    parameters.set('platform', view.platform);
  }
  if (view.group !== null) {
    parameters.set('group', view.group);
  }
  if (view.zone !== 'utc') {
    parameters.set('tz', view.zone);
  }
  const query = parameters.toString().replaceAll('%3A', ':');
  return query === '' ? '' : `?${query}`;
}

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
