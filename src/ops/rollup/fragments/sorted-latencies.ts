import { distributionBins, roundedLatency } from '../../definitions/distribution-bins.js';

/**
 * Fragments over a sorted int array without NULLs. A subscript of one costs the same at any place, so that once an
 * array is sorted, all its percentiles are almost free. Each `sorted` must be a plain column: it is named often.
 */

/**
 * Without an aggregate's own ORDER BY: a sort of plain ints is the fastest sort there is, from a few dozen on. NULLs
 * must not occur.
 */
export const sorted = (latencies: string): string => `ARRAY(
    SELECT x.latency FROM (${latencies}) x(latency) ORDER BY x.latency
  )`;

/** One array, or NULL for an empty one. With thousands of groups most have a handful, and starting a sort costs more. */
export const sortedArray = (array: string): string => `CASE
    WHEN ${array} IS NULL THEN '{}'
    WHEN cardinality(${array}) = 1 THEN ${array}
    WHEN cardinality(${array}) = 2 THEN ARRAY[LEAST(${array}[1], ${array}[2]), GREATEST(${array}[1], ${array}[2])]
    ELSE ${sorted(`SELECT unnest(${array})`)}
  END`;

/**
 * An aggregate that keeps the int arrays of its rows as they are, as records: arrays of different lengths make no array
 * of arrays. So that a level takes the rows below it once, instead of looking for them once for each of its own rows.
 */
export const runsOf = (columns: string): string => `array_agg(ROW(${columns}))`;

/** All of them as one sorted array: runs that are sorted take a tenth less than the same latencies unsorted. */
export const sortedRuns = (runs: string): string =>
  sorted(`SELECT unnest(run.latencies) FROM unnest(${runs}) AS run(latencies int[])`);

export const largest = (sorted: string): string => `${sorted}[cardinality(${sorted})]`;

/**
 * Up to so many latencies are stored as they are, unrounded and each counted once: to count 7,000 requests an hour in
 * 40 groups took a third of the whole rollup, and most bins of a small group hold a single latency anyway. Above, they
 * are counted bin by bin.
 */
export const STORED_EXACT_UP_TO = 1000;

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

/**
 * Counted by one binary search per bin: width_bucket is the number of elements of a sorted array that are at most its
 * first argument. 500 bins are a usual spread, so that 200,000 latencies cost no more than 2,000. The bin before the
 * first has no bound, and its count is the 0 in front.
 */
const countByBin = (sorted: string): string => `SELECT array_agg(c.value) || array_agg(c.count)
      FROM (
        SELECT b.value, b.through - b.before AS count
        FROM (
          SELECT unnest(${VALUES}[r.first_bin:r.last_bin]) AS value,
            unnest(r.through) AS through, unnest(0 || r.through) AS before
          FROM (
            SELECT r.first_bin, r.last_bin, ARRAY(
              SELECT width_bucket(u.bound, ${sorted})
              FROM (SELECT unnest(${BOUNDS}[r.first_bin:r.last_bin]) AS bound) u
            ) AS through
            FROM (SELECT ${binOf(`${sorted}[1]`)} AS first_bin, ${binOf(largest(sorted))} AS last_bin OFFSET 0) r
            OFFSET 0
          ) r
        ) b
        OFFSET 0
      ) c
      WHERE c.count > 0`;

/** For latencies that no bin covers, the negative ones that only a broken clock gives. */
const countOneByOne = (sorted: string): string =>
  mergedCells(
    `SELECT ${roundedLatency('x.latency')} AS value, 1 AS count FROM (SELECT unnest(${sorted}) AS latency) x`,
  );

/**
 * The distribution as one array: the values, then as many counts; NULL for an empty one. One array, because a scalar
 * subquery can return only one, and a LATERAL join would be memoized by its whole array argument.
 */
export function distribution(sorted: string): string {
  return `CASE
      WHEN cardinality(${sorted}) = 0 THEN NULL
      WHEN cardinality(${sorted}) <= ${STORED_EXACT_UP_TO}
        THEN ${sorted} || array_fill(1, ARRAY[cardinality(${sorted})])
      ELSE ${binned(sorted)}
    END`;
}

/** The same of one that is not empty, rounded into bins whatever its length. */
export const binned = (sorted: string): string =>
  `CASE WHEN ${sorted}[1] < 0 THEN (${countOneByOne(sorted)}) ELSE (${countByBin(sorted)}) END`;

/**
 * Adds up cells (value, count) by value, as one array like {@link distribution}. OFFSET 0 keeps the two steps apart, and
 * an order that the grouping cannot have: without either PostgreSQL sorts the cells instead of their distinct values,
 * which takes three times as long.
 */
export function mergedCells(cells: string): string {
  return `SELECT array_agg(m.value) || array_agg(m.count)
      FROM (
        SELECT m.value, m.count
        FROM (
          SELECT cell.value, sum(cell.count)::int AS count
          FROM (${cells}) cell
          GROUP BY cell.value
          OFFSET 0
        ) m
        ORDER BY m.value + 0
      ) m`;
}

export const valuesOf = (counted: string): string => `${counted}[:cardinality(${counted}) / 2]`;
export const countsOf = (counted: string): string => `${counted}[cardinality(${counted}) / 2 + 1:]`;

/**
 * A sorted array as it is kept until it is stored: itself up to {@link STORED_EXACT_UP_TO} latencies, above those values
 * and counts in one array; NULL for an empty one. See keptColumns().
 */
export const kept = (sorted: string): string => `CASE
      WHEN cardinality(${sorted}) <= ${STORED_EXACT_UP_TO} THEN NULLIF(${sorted}, '{}')
      ELSE ${binned(sorted)}
    END`;

/** Those of several rows added up, values and counts in one array. Of records, see {@link runsOf}, with the samples. */
export const mergedKept = (records: string): string => {
  const isPlain = `record.samples <= ${STORED_EXACT_UP_TO}`;
  return mergedCells(`SELECT ${roundedLatency('c.value')} AS value, COALESCE(c.count, 1) AS count
      FROM (
        SELECT unnest(CASE WHEN ${isPlain} THEN record.kept ELSE ${valuesOf('record.kept')} END) AS value,
          unnest(CASE WHEN NOT ${isPlain} THEN ${countsOf('record.kept')} END) AS count
        FROM unnest(${records}) AS record(kept int[], samples int)
      ) c`);
};
