import type { RawTier } from '../../definitions/tiers.js';

/** The columns of a piece of what is distributed. Counts are bigint as text, arrays their text. */
type DistributedColumns<Name extends string> = Record<`${Name}_samples` | `${Name}_sum`, string> &
  Record<`${Name}_max`, number | null> &
  /** Values without counts are single samples: those of raw rows, or, with '', of a row that has each once. */
  Record<`${Name}_values` | `${Name}_counts`, string | null> &
  /** False for a row from before it was kept, whose samples and sums are not known. */
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

/** Whole numbers, and money, as text; null where the row does not know them. */
type SplitColumns = Record<
  | 'input_tokens'
  | 'output_tokens'
  | 'cache_creation_tokens'
  | 'cache_read_tokens'
  | 'total_cost'
  | 'actual_cost',
  string | null
>;

/** What a breakdown knows of the key of a piece. */
export interface KeyColumns {
  /** 1 is the busiest. */
  readonly rank: number;
  /** How many keys there are, the ones without a piece included. */
  readonly total: number;
  /** Requests of all of them, as text. */
  readonly total_requests: string;
  readonly group_name: string | null;
  readonly group_platform: string | null;
  /** The words for the key of a dimension. */
  readonly label: string | null;
}

/** A part of an answer: a metrics row, or the usage rows or the error rows of a raw range. */
export interface PieceRow
  extends
    CountColumns,
    SplitColumns,
    DistributedColumns<'duration'>,
    DistributedColumns<'ttft'>,
    DistributedColumns<'output_speed'>,
    Partial<KeyColumns> {
  readonly segment: number;
  readonly source: 'day' | RawTier | 'raw';
  /** Platform or group id of a breakdown. */
  readonly key: string | null;
  /** Start of the range that a minute or raw rows are part of (ISO, UTC). */
  readonly starts: string | null;
  /** Whether that range is a whole UTC hour that has passed. */
  readonly whole_hour: boolean;
  /** Start of a bucket whose row does not know the sums that came later (ISO, UTC). */
  readonly unsplit_from: string | null;
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
  /** Requests, as text, of whole buckets without rows of the dimension, although they have requests; from when to when. */
  readonly unsliced_requests: string;
  readonly unsliced_from: string | null;
  readonly unsliced_to: string | null;
  /** Such requests of the segments that the freshness does not speak of. */
  readonly unsliced_before: string;
}

/** The only row of an answer without any piece. */
export interface EmptyRow {
  readonly segment: null;
  readonly source: null;
}

export type ReadRow = ClockColumns & (PieceRow | RateRow | EmptyRow);
