import type { RawTier } from '../../definitions/tiers.js';

/** The latency columns of a piece. Counts are bigint as text, arrays their text. */
type LatencyColumns<Name extends string> = Record<`${Name}_samples` | `${Name}_sum_ms`, string> &
  Record<`${Name}_max_ms`, number | null> &
  /** Values without counts are single latencies: those of raw rows, or, with '', of a row that has each once. */
  Record<`${Name}_values` | `${Name}_counts`, string | null> &
  /** False for a row from before distributions, whose samples and sums are not known. */
  Record<`${Name}_known`, boolean> &
  /** p50, p90, p95 and p99 as they stand in the row, where that is the whole answer. */
  Record<`${Name}_percentiles`, string | null>;

type CountColumns = Record<
  | 'success_count'
  | 'error_count_total'
  | 'business_limited_count'
  | 'error_count_sla'
  | 'upstream_error_count_excl_429_529'
  | 'upstream_429_count'
  | 'upstream_529_count'
  | 'token_consumed',
  string
>;

/** What a breakdown knows of the key of a piece. */
export interface KeyColumns {
  /** 1 is the busiest. */
  readonly rank: number;
  /** How many keys there are, the ones without a piece included. */
  readonly total: number;
  readonly group_name: string | null;
  readonly group_platform: string | null;
}

/** A part of an answer: a metrics row, or the usage rows or the error rows of a raw range. */
export interface PieceRow
  extends CountColumns, LatencyColumns<'duration'>, LatencyColumns<'ttft'>, Partial<KeyColumns> {
  readonly segment: number;
  readonly source: 'day' | RawTier | 'raw';
  /** Platform or group id of a breakdown. */
  readonly key: string | null;
  /** Start of the range that a minute or raw rows are part of (ISO, UTC). */
  readonly starts: string | null;
  /** Whether that range is a whole UTC hour that has passed. */
  readonly whole_hour: boolean;
  /** Of the metrics row, where its distributions are wanted; they are left out where it is known. */
  readonly version: string | null;
}

/** The busiest rolled-up hour or minute of a segment, or the last minute: see rateRelation(). Null: none has rows. */
export interface RateRow {
  readonly segment: number;
  readonly source: 'peak' | 'minute_peak' | 'current';
  /** Start of the last minute (ISO, UTC). */
  readonly starts: string | null;
  /** All requests. */
  readonly success_count: string | null;
  readonly token_consumed: string | null;
}

/** What every row of the answer repeats. */
export interface ClockColumns {
  /** The instant that the answer is of: ISO, UTC, by the database's clock. */
  readonly as_of: string;
  readonly recent: 'minutes' | 'raw' | null;
  readonly pending_hours: number;
  readonly stale_from: string | null;
  readonly missing_hours: number;
  readonly missing_from: string | null;
  /** Missing hours of the segments that the freshness does not speak of. */
  readonly missing_before: number;
}

/** The only row of an answer without any piece. */
export interface EmptyRow {
  readonly segment: null;
  readonly source: null;
}

export type ReadRow = ClockColumns & (PieceRow | RateRow | EmptyRow);
