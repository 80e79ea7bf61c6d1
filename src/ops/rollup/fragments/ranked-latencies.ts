import { PERCENTILES } from '../../definitions/definitions.js';
import { sorted } from './sorted-latencies.js';

/*
 * The latencies that percentiles are interpolated between, as one int array: for each of PERCENTILES the latency below its
 * rank and the one above. NULL where there is no latency.
 */

const rank = (fraction: number, samples: string): string => `${fraction}::float8 * (${samples} - 1)`;
const below = (fraction: number, samples: string): string => `floor(${rank(fraction, samples)})::int + 1`;
const above = (fraction: number, samples: string): string => `ceil(${rank(fraction, samples)})::int + 1`;

/** Of a sorted array, whose subscripts cost the same at any place. */
export const rankedOfSorted = (array: string, samples: string): string =>
  `ARRAY[${PERCENTILES.flatMap(([, fraction]) => [below(fraction, samples), above(fraction, samples)])
    .map((at) => `${array}[${at}]`)
    .join(', ')}]`;

/** From so many latencies on, and so many for each sorted run, they are selected and not sorted: a tenth of the work. */
const SELECTED_FROM = 5_000;
const SELECTED_FROM_A_RUN = 256;

export const isSelected = (samples: string, runs: string): string =>
  `${samples} > ${SELECTED_FROM} AND ${samples} > ${SELECTED_FROM_A_RUN} * ${runs}`;

/** Into so many steps each run is taken apart. */
const STEPS = 64;

/**
 * Of sorted runs, without sorting them into one: every 64th part of each run says how many latencies at least are up to
 * it, and, but for the sum of the steps, how many at most. So each rank lies in a bracket that holds some percents of all
 * latencies, is cut out of each run by binary search, and is all that is sorted.
 *
 * @param runs an array of records of one sorted int array
 * @param samples how many latencies the runs hold
 */
export function rankedOfRuns(runs: string, samples: string): string {
  const upTo = (value: string, otherwise: string): string =>
    `COALESCE(width_bucket(${value}, run.latencies), ${otherwise})`;
  const [after, through] = [
    upTo('bracket.after', '0'),
    upTo('bracket.through', 'cardinality(run.latencies)'),
  ];
  const each = `unnest(${runs}) AS run(latencies int[])`;
  return `(
    WITH steps AS MATERIALIZED (
      SELECT run.latencies, GREATEST(1, cardinality(run.latencies) / ${STEPS}) AS step FROM ${each}
    ),
    splitters AS MATERIALIZED (
      SELECT s.value, sum(s.step) OVER (ORDER BY s.value) AS at_least
      FROM (
        SELECT r.step, r.latencies[generate_series(r.step, cardinality(r.latencies), r.step)] AS value FROM steps r
      ) s
    )
    SELECT array_agg(picked.latency ORDER BY picked.nth, picked.latency)
    FROM (
      SELECT wanted.nth, unnest(ARRAY[slice.sorted[wanted.below - slice.before], slice.sorted[wanted.above - slice.before]]) AS latency
      FROM (VALUES ${PERCENTILES.map(([, fraction], nth) => `(${nth}, ${below(fraction, samples)}, ${above(fraction, samples)})`).join(', ')})
        AS wanted(nth, below, above)
      CROSS JOIN LATERAL (
        SELECT max(s.value) FILTER (WHERE s.at_least + (SELECT sum(step - 1) FROM steps) < wanted.below) AS after,
          min(s.value) FILTER (WHERE s.at_least >= wanted.above) AS through
        FROM splitters s
      ) bracket
      CROSS JOIN LATERAL (
        SELECT (SELECT sum(${after}) FROM ${each})::int AS before,
          ${sorted(`SELECT unnest(run.latencies[${after} + 1:${through}]) FROM ${each}`)} AS sorted
        OFFSET 0
      ) slice
    ) picked
  )`;
}

/**
 * What percentile_cont gives, cast to int (half to even): the same linear interpolation in double precision.
 *
 * @param nth which of PERCENTILES
 * @param samples how many latencies there are
 */
export function percentile(ranked: string, nth: number, fraction: number, samples: string): string {
  const [lower, upper] = [`${ranked}[${2 * nth + 1}]`, `${ranked}[${2 * nth + 2}]`];
  const at = rank(fraction, samples);
  return `(${lower} + (${at} - floor(${at})) * (${upper}::float8 - ${lower}))::int`;
}
