import { distributionBins, roundedLatency } from '../../../metrics/distribution-bins.js';

/**
 * Fragments over a sorted int array without NULLs. A subscript of one costs the same at any place, so that once an
 * array is sorted, all its percentiles are almost free. Each `sorted` must be a plain column: it is named often.
 */

/**
 * What percentile_cont gives, cast to int (half to even): the same linear interpolation in double precision. NULL for
 * an empty array.
 */
export function percentile(sorted: string, fraction: number): string {
  const rank = `(${fraction}::float8 * (cardinality(${sorted}) - 1))`;
  const below = `${sorted}[floor(${rank})::int + 1]`;
  const above = `${sorted}[ceil(${rank})::int + 1]`;
  return `(${below} + (${rank} - floor(${rank})) * (${above}::float8 - ${below}))::int`;
}

export const largest = (sorted: string): string => `${sorted}[cardinality(${sorted})]`;

/**
 * Above so many latencies they are counted bin by bin, by two binary searches each, below one by one. A bin costs
 * about twice as much as a latency, and 500 bins are a usual spread.
 */
const COUNT_BY_BIN_ABOVE = 1000;

const arrayLiteral = (numbers: readonly number[]): string => `'{${numbers.join(',')}}'::int[]`;

/** A CTE `bins` of one row that {@link distribution} reads. */
export function binsCte(): string {
  const { values, upperBounds } = distributionBins();
  return `bins AS MATERIALIZED (
  SELECT ${arrayLiteral(values)} AS bin_values, ${arrayLiteral(upperBounds)} AS upper_bounds
)`;
}

const VALUES = '(SELECT bin_values FROM bins)';
const BOUNDS = '(SELECT upper_bounds FROM bins)';

/** Position of a latency's bin: one more than the number of bins that end below it. */
const binOf = (latency: string): string => `width_bucket(${latency} - 1, ${BOUNDS}) + 1`;

/** width_bucket counts how many elements of a sorted array are at most its first argument, by binary search. */
const countByBin = (sorted: string): string => `SELECT array_agg(c.value) || array_agg(c.count)
      FROM (
        SELECT ${VALUES}[b.bin] AS value,
          width_bucket(${BOUNDS}[b.bin], ${sorted}) - width_bucket(${BOUNDS}[b.bin - 1], ${sorted}) AS count
        FROM generate_series(${binOf(`${sorted}[1]`)}, ${binOf(largest(sorted))}) AS b(bin)
        OFFSET 0
      ) c
      WHERE c.count > 0`;

const countOneByOne = (sorted: string): string => `SELECT array_agg(c.value) || array_agg(c.count)
      FROM (
        SELECT ${roundedLatency('x.latency')} AS value, count(*)::int AS count
        FROM (SELECT unnest(${sorted}) AS latency) x
        GROUP BY 1
        ORDER BY 1
      ) c`;

/**
 * The distribution as one array: the values, then as many counts; NULL for an empty one. One array, because a scalar
 * subquery can return only one, and a LATERAL join would be memoized by its whole array argument.
 */
export function distribution(sorted: string): string {
  return `CASE WHEN cardinality(${sorted}) > ${COUNT_BY_BIN_ABOVE} AND ${sorted}[1] >= 0
      THEN (${countByBin(sorted)})
      ELSE (${countOneByOne(sorted)})
    END`;
}

export const valuesOf = (counted: string): string => `${counted}[:cardinality(${counted}) / 2]`;
export const countsOf = (counted: string): string => `${counted}[cardinality(${counted}) / 2 + 1:]`;
