/** A row of `groups`. */
export interface RawGroup {
  readonly id: number;
  readonly name: string;
  readonly platform: string;
}

/** What both raw tables say of a request beside its counts. */
export interface RawKeys {
  readonly model: string | null;
  readonly accountId: number | null;
  readonly apiKeyId: number | null;
}

/** A row of `usage_logs`. Instants are ISO 8601 in UTC ("Z"), down to the microsecond; costs see money.ts. */
export interface RawUsage extends RawKeys {
  readonly groupId: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheCreationTokens: number | null;
  readonly cacheReadTokens: number | null;
  readonly durationMs: number | null;
  readonly firstTokenMs: number | null;
  readonly totalCost: bigint | null;
  readonly actualCost: bigint | null;
  readonly createdAt: string;
}

/** A row of `ops_error_logs`. Instants as in {@link RawUsage}. */
export interface RawError extends RawKeys {
  readonly platform: string | null;
  readonly groupId: number | null;
  readonly statusCode: number | null;
  readonly upstreamStatusCode: number | null;
  readonly errorOwner: string | null;
  readonly errorPhase: string;
  readonly errorType: string;
  readonly isBusinessLimited: boolean;
  readonly createdAt: string;
}

export const ERROR_COUNT_COLUMNS = [
  'error_count_total',
  'business_limited_count',
  'error_count_sla',
  'upstream_error_count_excl_429_529',
  'upstream_429_count',
  'upstream_529_count',
] as const;
export const COUNT_COLUMNS = ['success_count', 'token_consumed', ...ERROR_COUNT_COLUMNS] as const;
/** Whole numbers that came later: null in a row from before they were kept, and in a day with such an hour. */
export const SPLIT_COUNT_COLUMNS = [
  'input_tokens',
  'output_tokens',
  'cache_creation_tokens',
  'cache_read_tokens',
  'output_speed_sum',
  'output_speed_samples',
] as const;
/** The same in money, see money.ts. */
export const COST_COLUMNS = ['total_cost', 'actual_cost'] as const;
export const SPLIT_COLUMNS = [...SPLIT_COUNT_COLUMNS, ...COST_COLUMNS] as const;
/** The daily table averages these two … */
export const BODY_COLUMNS = ['duration_p50_ms', 'duration_p90_ms', 'ttft_p50_ms', 'ttft_p90_ms'] as const;
/** … and takes the largest of these three. */
export const TAIL_COLUMNS = [
  'duration_p95_ms',
  'duration_p99_ms',
  'duration_max_ms',
  'ttft_p95_ms',
  'ttft_p99_ms',
  'ttft_max_ms',
] as const;
export const AVERAGE_COLUMNS = ['duration_avg_ms', 'ttft_avg_ms'] as const;
export const LATENCY_COLUMNS = [...BODY_COLUMNS, ...TAIL_COLUMNS, ...AVERAGE_COLUMNS] as const;

export type ErrorCounts = Record<(typeof ERROR_COUNT_COLUMNS)[number], bigint>;
export type SplitSums = Record<(typeof SPLIT_COLUMNS)[number], bigint | null>;
export type LatencyMetrics = Record<(typeof LATENCY_COLUMNS)[number], number | null>;
/** Everything a bucket holds apart from its key. Counts are bigint: a token sum outgrows int4, and may outgrow 2^53. */
export type Metrics = Record<(typeof COUNT_COLUMNS)[number], bigint> & SplitSums & LatencyMetrics;

/** What hourly and daily keys have in common: overall is (NULL, NULL), a platform (set, NULL), a group (set, set). */
export interface LevelKey {
  readonly platform: string | null;
  readonly group_id: number | null;
}

/** A row of `ops_metrics_hourly`; bucket_start as "2025-03-09T07:00:00Z". */
export interface HourlyRow extends LevelKey, Metrics {
  readonly bucket_start: string;
}

/** A row of `ops_metrics_daily`; bucket_date as "2025-03-09" (UTC). */
export interface DailyRow extends LevelKey, Metrics {
  readonly bucket_date: string;
}
