import fc from 'fast-check';
import { instantAt } from './arbitraries.js';
import {
  ERROR_COUNT_COLUMNS,
  SPLIT_COLUMNS,
  type HourlyRow,
  type LevelKey,
  type SplitSums,
} from './types.js';
import { bucketOf } from './window.js';

const LEVELS: readonly LevelKey[] = [
  { platform: null, group_id: null },
  { platform: 'openai', group_id: null },
  { platform: 'openai', group_id: 1 },
  { platform: 'openai', group_id: 2 },
  { platform: 'anthropic', group_id: 1 },
];

// Weight 0 under a value that is not null, and null under a weight, are both wanted.
const weight = fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max: 5_000_000n }));
const count = fc.bigInt({ min: 0n, max: 2n ** 50n });
const milliseconds = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 600_000 }),
  fc.constant(null),
);
// Quotients, as means are: fc.double also gives numbers near 1e-324, on which PostgreSQL's division underflows.
const average = fc.option(
  fc
    .tuple(fc.integer({ min: 0, max: 600_000_000 }), fc.integer({ min: 1, max: 1000 }))
    .map(([sum, samples]) => sum / samples),
);

const errorCounts = fc
  .tuple(count, count, count, count, count, count)
  .map((counts) => Object.fromEntries(ERROR_COUNT_COLUMNS.map((name, index) => [name, counts[index] ?? 0n])));

// All of them or none: they came together.
const splitSums = fc
  .option(fc.array(count, { minLength: SPLIT_COLUMNS.length, maxLength: SPLIT_COLUMNS.length }), { freq: 3 })
  .map((sums) => Object.fromEntries(SPLIT_COLUMNS.map((name, index) => [name, sums?.[index] ?? null])));

const row: fc.Arbitrary<HourlyRow> = fc
  .tuple(
    fc.integer({ min: -1, max: 72 }),
    fc.constantFrom(...LEVELS),
    errorCounts,
    splitSums,
    fc.record({
      success_count: weight,
      token_consumed: count,
      duration_p50_ms: milliseconds,
      duration_p90_ms: milliseconds,
      duration_p95_ms: milliseconds,
      duration_p99_ms: milliseconds,
      duration_avg_ms: average,
      duration_max_ms: milliseconds,
      ttft_p50_ms: milliseconds,
      ttft_p90_ms: milliseconds,
      ttft_p95_ms: milliseconds,
      ttft_p99_ms: milliseconds,
      ttft_avg_ms: average,
      ttft_max_ms: milliseconds,
    }),
  )
  .map(([hour, level, errors, split, rest]) => ({
    bucket_start: bucketOf(instantAt(hour, 0), 'hour'),
    ...level,
    ...(errors as Pick<HourlyRow, (typeof ERROR_COUNT_COLUMNS)[number]>),
    ...(split as SplitSums),
    ...rest,
  }));

/**
 * Hourly rows as another program could have left them: columns that no raw rows would produce together, so that
 * every daily rule is seen on its own.
 */
export const storedHourly: fc.Arbitrary<HourlyRow[]> = fc.uniqueArray(row, {
  selector: (hourly) => JSON.stringify([hourly.bucket_start, hourly.platform, hourly.group_id]),
  maxLength: 80,
  size: 'max',
});
