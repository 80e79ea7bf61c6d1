/** Every row's distribution is compared in one form: the values rounded to 7 significant bits, and how many of each. */

const INT_MAX = 2_147_483_647;

/** 128, 256, … 2^30: a value that has reached the nth of them has n bits more than the 7 that are kept. */
const DOUBLINGS = `'{${Array.from({ length: 24 }, (_, n) => 2 ** (n + 7)).join(',')}}'::float8[]`;

/** An int expression, rounded half to even (as round() does to a double) to a multiple of its doubling's width. */
export function roundedTo7Bits(value: string): string {
  const width = `power(2::float8, width_bucket(abs(${value}::float8), ${DOUBLINGS}))`;
  return `LEAST(round(${value}::float8 / ${width}) * ${width}, ${INT_MAX})::bigint`;
}

/** A set-returning item of the stored cells `v` (value, count) of a row: without counts each value occurs once. */
export const storedCells = (alias: string, name: string): string =>
  `unnest(${alias}.${name}_values, COALESCE(${alias}.${name}_counts, array_fill(1, ARRAY[COALESCE(cardinality(${alias}.${name}_values), 0)]))) AS v(value, count)`;

/**
 * LATERAL items that add, per distribution, `<name>_values` and `<name>_counts` of the stored row `m` in that form, and
 * whether what is stored is malformed: arrays of different lengths, values that do not ascend where they should, counts
 * that are not positive or do not add up to the samples.
 */
export function canonicalDistribution(name: string, ascending: boolean): string {
  const [values, counts] = [`m.${name}_values`, `m.${name}_counts`];
  const form = ascending
    ? `cardinality(${values}) = cardinality(${counts})
        AND ${values} = ARRAY(SELECT v.value FROM unnest(${values}) AS v(value) ORDER BY v.value)`
    : `cardinality(${values}) = COALESCE(cardinality(${counts}), cardinality(${values}))`;
  const cells = ascending ? `unnest(${values}, ${counts}) AS v(value, count)` : storedCells('m', name);
  return `CROSS JOIN LATERAL (
    SELECT array_agg(c.value ORDER BY c.value) AS ${name}_values, array_agg(c.count ORDER BY c.value) AS ${name}_counts,
      (${values} IS NOT NULL OR ${counts} IS NOT NULL) AND (
        ${form}
        AND sum(c.count) = m.${name}_samples AND bool_and(c.sound)
      ) IS NOT TRUE AS ${name}_malformed
    FROM (
      SELECT ${roundedTo7Bits('v.value')} AS value, sum(v.count)::bigint AS count,
        bool_and(v.value IS NOT NULL AND v.count IS NOT NULL AND v.count > 0) AS sound
      FROM ${cells}
      GROUP BY 1
    ) c
  ) ${name}`;
}
