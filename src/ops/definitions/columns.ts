import {
  COST_COLUMNS,
  DISTRIBUTED,
  ERROR_COUNTS,
  LATENCIES,
  PERCENTILES,
  TOKEN_COLUMNS,
} from './definitions.js';

/** Counts and sums, in the order of the tables. */
export const COUNT_COLUMNS: readonly string[] = [
  'success_count',
  ...ERROR_COUNTS.map(([column]) => column),
  'token_consumed',
];

/** Per latency: percentiles, mean, maximum. */
export const LATENCY_COLUMNS: readonly string[] = LATENCIES.flatMap(([latency]) => [
  ...PERCENTILES.map(([percentile]) => `${latency}_${percentile}_ms`),
  `${latency}_avg_ms`,
  `${latency}_max_ms`,
]);

/** Every column of a metrics row that is computed from raw rows. */
export const METRIC_COLUMNS: readonly string[] = [...COUNT_COLUMNS, ...LATENCY_COLUMNS];

/** Per latency: exact sum of the unrounded latencies in ms, and how many there are. */
export const SAMPLE_COLUMNS: readonly string[] = LATENCIES.flatMap(([latency]) => [
  `${latency}_sum_ms`,
  `${latency}_samples`,
]);

/**
 * Sums that came later: NULL, all of them, in a row from before they were kept, where nobody knows them; else never, but
 * for money that the raw table does not tell. The columns that are whole numbers, and those that are money.
 */
export const SPLIT_COUNT_COLUMNS: readonly string[] = [
  ...TOKEN_COLUMNS,
  'output_speed_sum',
  'output_speed_samples',
];
export const SPLIT_COLUMNS: readonly string[] = [...SPLIT_COUNT_COLUMNS, ...COST_COLUMNS];

/** The values of what is distributed, ascending, and how often each occurs (see OpsMetricsRow). */
export const DISTRIBUTION_COLUMNS: readonly string[] = DISTRIBUTED.flatMap(([name]) => [
  `${name}_values`,
  `${name}_counts`,
]);

/** Per latency: the largest. */
export const MAX_COLUMNS: readonly string[] = LATENCIES.map(([latency]) => `${latency}_max_ms`);

/** What a row has from usage rows; the rest, {@link ERROR_COLUMNS}, it has from error rows. */
export const USAGE_COLUMNS: readonly string[] = [
  'success_count',
  'token_consumed',
  ...LATENCY_COLUMNS,
  ...SAMPLE_COLUMNS,
  ...SPLIT_COLUMNS,
  ...DISTRIBUTION_COLUMNS,
];

export const ERROR_COLUMNS: readonly string[] = ERROR_COUNTS.map(([column]) => column);

/** Every column that a rollup statement writes, besides the key and the two that say how it was computed. */
export const WRITTEN_COLUMNS: readonly string[] = [
  ...METRIC_COLUMNS,
  ...SAMPLE_COLUMNS,
  ...SPLIT_COLUMNS,
  ...DISTRIBUTION_COLUMNS,
];

/** The columns of a key's usage in a dimension; its errors are {@link ERROR_COLUMNS}. */
export const DIMENSION_USAGE_COLUMNS: readonly string[] = [
  'success_count',
  'token_consumed',
  ...MAX_COLUMNS,
  ...SAMPLE_COLUMNS,
  ...SPLIT_COLUMNS,
  ...DISTRIBUTION_COLUMNS,
];
