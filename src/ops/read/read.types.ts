import type { BreakdownBy } from './level.js';

/** Milliseconds; null without a sample, or where they cannot be told. */
export interface LatencySummary {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly avg: number | null;
  readonly max: number | null;
  readonly samples: number;
  /** False where a bucket of the range has samples but no stored distribution: then the percentiles are null. */
  readonly percentilesComplete: boolean;
}

/**
 * A sum of 64 bits, exactly: a number up to 2^53 - 1, which is as far as every JSON parser has whole numbers, and the
 * same in decimal text beyond.
 */
export type ExactSum = number | string;

/** Counts are exact. Rates are per second of the range, up to now at most. */
export interface Measures {
  readonly successCount: number;
  readonly errorCountTotal: number;
  readonly businessLimitedCount: number;
  readonly errorCountSla: number;
  readonly upstreamErrorCountExcl429529: number;
  readonly upstream429Count: number;
  readonly upstream529Count: number;
  readonly tokenConsumed: ExactSum;
  /** successCount + errorCountTotal. */
  readonly requestCountTotal: number;
  /** successCount + errorCountSla. */
  readonly requestCountSla: number;
  /** successCount / requestCountSla; null without a request. */
  readonly sla: number | null;
  /** errorCountTotal / requestCountTotal; null without a request. */
  readonly errorRate: number | null;
  /**
   * The three upstream counts / requestCountTotal; null without a request. Provider errors that a retry hid from the
   * client count too, so it says how often the providers failed, not how often clients noticed.
   */
  readonly upstreamErrorRate: number | null;
  /** requestCountTotal per second. */
  readonly requestsPerSecond: number | null;
  readonly tokensPerSecond: number | null;
  readonly duration: LatencySummary;
  readonly ttft: LatencySummary;
}

export interface PeriodMeasures extends Measures {
  readonly from: string;
  readonly to: string;
  /** Mean rate of the busiest whole UTC hour that has passed; null where the period has no such hour. */
  readonly peakRequestsPerSecond: number | null;
  readonly peakTokensPerSecond: number | null;
}

export interface PreviousMeasures extends PeriodMeasures {
  /** As in {@link Freshness}, which speaks of the range only. */
  readonly missingHours: number;
}

export interface Freshness {
  /**
   * Everything up to here, exclusively, is rolled up or was read live from raw rows: the start of the range's first
   * hour that is stale and was answered from its stored row, or that is missing; else the end of the range, or now if
   * that is earlier.
   */
  readonly freshThrough: string;
  /** Closed hours that the answer takes whole and that are noted for recomputation, or held back as suspicious. */
  readonly pendingHours: number;
  /**
   * Closed hours that the answer leaves out: they have raw rows and are not rolled up yet, and more than the newest
   * three of those are not counted live.
   */
  readonly missingHours: number;
  /** Start of the first of them, or null. */
  readonly missingFrom: string | null;
}

/** What every answer repeats of the question; times are ISO 8601 in UTC. */
export interface Scope {
  readonly from: string;
  readonly to: string;
  readonly platform: string | null;
  readonly groupId: string | null;
}

export interface Overview extends PeriodMeasures, Scope {
  /** The period of equal length just before. */
  readonly previous: PreviousMeasures;
  readonly freshness: Freshness;
}

export type TrendBucket = '5m' | 'hour' | 'day';

export interface TrendPoint extends Measures {
  /** Start of the point; the first may start inside its bucket, at the range's start. */
  readonly from: string;
  readonly to: string;
}

export interface Trend extends Scope {
  readonly bucket: TrendBucket;
  /** Without gaps, from the range's start to its end, or to the bucket that contains now. */
  readonly points: readonly TrendPoint[];
  readonly freshness: Freshness;
}

export interface BreakdownItem extends Measures {
  /** Of the group itself; null for a group that is not there any more. */
  readonly platform: string | null;
  /** Null when broken down by platform. */
  readonly groupId: string | null;
  readonly groupName: string | null;
}

export interface Breakdown {
  readonly from: string;
  readonly to: string;
  readonly by: BreakdownBy;
  /** How many platforms or groups have rows in the range; `items` has at most `limit` of them. */
  readonly total: number;
  /** Most requests first. */
  readonly items: readonly BreakdownItem[];
  readonly freshness: Freshness;
}

export type LatencyMetric = 'duration' | 'ttft';

/** Samples with from <= latency < to, in milliseconds. */
export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface LatencyDistribution extends Scope {
  readonly metric: LatencyMetric;
  /** Contiguous, four to a doubling from 8 ms on; from the first to the last that has a sample. */
  readonly bins: readonly HistogramBin[];
  readonly summary: LatencySummary;
  readonly freshness: Freshness;
}
