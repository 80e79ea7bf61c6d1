import { DISTRIBUTED } from '../../definitions/definitions.js';
import { roundedLatency } from '../../definitions/distribution-bins.js';
import { countsOf, mergedCells, STORED_EXACT_UP_TO, valuesOf } from './sorted-latencies.js';

/*
 * The distributions of a dimension's rows. No percentile is stored with them, so that up to 1,000 samples are kept as they
 * come: nothing is sorted, and no count is stored beside each.
 */

/** `<name>_values` and `<name>_counts` of rows `alias` that have both in one array, of a level or of a dimension. */
export const keptColumns = (alias: string): string[] =>
  DISTRIBUTED.flatMap(([name]) => {
    const counted = `${alias}.${name}_counted`;
    const samples = `${alias}.${name}_samples`;
    const isPlain = `${samples} <= ${STORED_EXACT_UP_TO}`;
    // Of a level, whoever reads an older release's rows counts them too.
    const ones = `CASE WHEN ${alias}.dimension IS NULL AND ${counted} IS NOT NULL THEN array_fill(1, ARRAY[${samples}::int]) END`;
    return [
      `CASE WHEN ${isPlain} THEN ${counted} ELSE ${valuesOf(counted)} END AS ${name}_values`,
      `CASE WHEN ${isPlain} THEN ${ones} ELSE ${countsOf(counted)} END AS ${name}_counts`,
    ];
  });

/** An aggregate of the distributions of rows, as records. */
export const recordsOf = (alias: string, name: string): string =>
  `array_agg(ROW(${alias}.${name}_values, ${alias}.${name}_counts)) FILTER (WHERE ${alias}.${name}_values IS NOT NULL)`;

/** Those records added up, as one array as they are kept (see kept() in sorted-latencies.ts); NULL without any. Counted ones are rounded already. */
export function mergedRecords(records: string, samples: string): string {
  const all = `unnest(${records}) AS record(cell_values int[], cell_counts int[])`;
  return `CASE
      WHEN ${records} IS NULL THEN NULL
      WHEN ${samples} <= ${STORED_EXACT_UP_TO} THEN ARRAY(SELECT unnest(record.cell_values) FROM ${all})
      ELSE (${mergedCells(`SELECT ${roundedLatency('c.value')} AS value, 1 AS count
        FROM (SELECT unnest(record.cell_values) AS value FROM ${all} WHERE record.cell_counts IS NULL) c
        UNION ALL
        SELECT unnest(record.cell_values), unnest(record.cell_counts) FROM ${all} WHERE record.cell_counts IS NOT NULL`)})
    END`;
}
