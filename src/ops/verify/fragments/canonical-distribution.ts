/** Every row's distribution is compared in one form: the latencies rounded to 7 significant bits, and how many of each. */

const INT_MAX = 2_147_483_647;

/** 128, 256, … 2^30: a latency that has reached the nth of them has n bits more than the 7 that are kept. */
const DOUBLINGS = `'{${Array.from({ length: 24 }, (_, n) => 2 ** (n + 7)).join(',')}}'::float8[]`;

/** An int expression, rounded half to even (as round() does to a double) to a multiple of its doubling's width. */
export function roundedTo7Bits(latency: string): string {
  const width = `power(2::float8, width_bucket(abs(${latency}::float8), ${DOUBLINGS}))`;
  return `LEAST(round(${latency}::float8 / ${width}) * ${width}, ${INT_MAX})::bigint`;
}

/**
 * LATERAL items that add, per latency, `<latency>_values` and `<latency>_counts` of the stored row `m` in that form, and
 * whether what is stored is malformed: arrays of different lengths, values that do not ascend, counts that are not
 * positive or do not add up to the samples.
 */
export function canonicalDistribution(latency: string): string {
  const [values, counts] = [`m.${latency}_values`, `m.${latency}_counts`];
  return `CROSS JOIN LATERAL (
    SELECT array_agg(c.value ORDER BY c.value) AS ${latency}_values, array_agg(c.count ORDER BY c.value) AS ${latency}_counts,
      (${values} IS NOT NULL OR ${counts} IS NOT NULL) AND (
        cardinality(${values}) = cardinality(${counts})
        AND sum(c.count) = m.${latency}_samples AND bool_and(c.sound)
        AND ${values} = ARRAY(SELECT v.value FROM unnest(${values}) AS v(value) ORDER BY v.value)
      ) IS NOT TRUE AS ${latency}_malformed
    FROM (
      SELECT ${roundedTo7Bits('v.value')} AS value, sum(v.count)::bigint AS count,
        bool_and(v.value IS NOT NULL AND v.count IS NOT NULL AND v.count > 0) AS sound
      FROM unnest(${values}, ${counts}) AS v(value, count)
      GROUP BY 1
    ) c
  ) ${latency}`;
}
