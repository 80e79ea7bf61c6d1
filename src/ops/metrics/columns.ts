import { ERROR_COUNTS, LATENCIES, PERCENTILES } from './definitions.js';

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
