import { DISTRIBUTED } from '../../definitions/definitions.js';
import { roundedLatency } from '../../definitions/distribution-bins.js';
import { binsCte, countsOf, distribution, mergedCells, sorted, valuesOf } from './sorted-latencies.js';

const each = (column: (name: string, sum: string) => string): string =>
  DISTRIBUTED.map(([name, sum]) => column(name, sum)).join(',\n    ');

/**
 * Aggregates over the hourly rows `h` of a day and level that the CTEs here need: the hours' distributions as they
 * are, as records, whether none is missing, and whether every value is a single sample.
 */
export const hoursOfDay = (latency: string): string =>
  // Missing: rows of another program, of a time without distributions, or past their retention.
  `array_agg(ROW(h.${latency}_values, h.${latency}_counts)) FILTER (WHERE h.${latency}_values IS NOT NULL)
      AS ${latency}_hours,
    bool_and(h.${latency}_values IS NOT NULL OR COALESCE(h.${latency}_samples, h.success_count) = 0) AS ${latency}_complete,
    COALESCE(sum(cardinality(h.${latency}_values)), 0) = sum(h.${latency}_samples) AS ${latency}_exact`;

/** Small hours are stored unrounded, and may be merged with others that are not. */
const mergedRecords = (records: string): string =>
  mergedCells(`SELECT ${roundedLatency('c.value')} AS value, c.count
      FROM (
        SELECT unnest(record.cell_values) AS value, unnest(record.cell_counts) AS count
        FROM unnest(${records}) AS record(cell_values int[], cell_counts int[])
      ) c`);

/** As many values as samples: every latency of the day is there as it was, and is only to be sorted. */
const sortedOfHours = (latency: string): string =>
  `CASE WHEN d.${latency}_complete AND d.${latency}_exact THEN ${sorted(
    `SELECT unnest(record.cell_values)
      FROM unnest(d.${latency}_hours) AS record(cell_values int[], cell_counts int[])`,
  )} END AS ${latency}_sorted`;

/** A platform's groups, and whether they hold all of its samples. */
const groupsOfPlatform = (latency: string, sum: string): string => {
  const both = (aggregate: string): string =>
    `${aggregate} FILTER (WHERE d.group_key = 0) = COALESCE(${aggregate} FILTER (WHERE d.group_key <> 0), 0)`;
  return `${both(`sum(d.${latency}_samples)`)} AND ${both(`sum(d.${sum})`)}
        AND bool_and(d.group_key = 0 OR d.${latency}_samples = 0 OR d.${latency}_counted IS NOT NULL) AS ${latency}_complete,
      array_agg(ROW(${valuesOf(`d.${latency}_counted`)}, ${countsOf(`d.${latency}_counted`)}))
        FILTER (WHERE d.group_key <> 0) AS ${latency}_groups`;
};

const KEY = 'd.bucket_date, d.platform_key, d.group_key';

/**
 * CTEs that end in `merged`: for each row of the relation `summed` the merged distributions of its hours, as one array
 * per latency (see distribution()). NULL where one of the hours has samples and no distribution: part of a day would
 * pass for the whole.
 *
 * Hourly platform rows have no distribution: a platform adds up its groups' days, a tenth of the cells that their
 * hours have.
 */
export const MERGED_DAYS = `${binsCte()},
merged_hours AS MATERIALIZED (
  SELECT ${KEY},
    ${each(
      (latency, sum) => `d.${latency}_samples, d.${sum},
    CASE
      WHEN d.${latency}_sorted IS NOT NULL THEN ${distribution(`d.${latency}_sorted`)}
      WHEN d.${latency}_complete THEN (${mergedRecords(`d.${latency}_hours`)})
    END AS ${latency}_counted`,
    )}
  FROM (
    SELECT ${KEY},
      ${each(
        (latency, sum) => `d.${latency}_samples, d.${sum}, d.${latency}_complete, d.${latency}_hours,
      ${sortedOfHours(latency)}`,
      )}
    FROM summed d
    OFFSET 0
  ) d
),
merged AS MATERIALIZED (
  SELECT ${KEY}, ${each((latency) => `d.${latency}_counted`)}
  FROM merged_hours d
  WHERE d.group_key <> 0 OR d.platform_key = ''
  UNION ALL
  SELECT d.bucket_date, d.platform_key, 0, ${each(
    (latency) => `CASE WHEN d.${latency}_complete THEN (${mergedRecords(`d.${latency}_groups`)}) END`,
  )}
  FROM (
    SELECT d.bucket_date, d.platform_key, ${each(groupsOfPlatform)}
    FROM merged_hours d
    WHERE d.platform_key <> ''
    GROUP BY d.bucket_date, d.platform_key
    HAVING bool_or(d.group_key = 0)
    OFFSET 0
  ) d
)`;
