import { LATENCIES } from '../../metrics/definitions.js';
import { roundedLatency } from '../../metrics/distribution-bins.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import { binsCte, countsOf, distribution, mergedCells, valuesOf } from './sorted-latencies.js';

/** Aggregates over the hourly rows `h` of a day and level that the CTEs here need. */
export function mergeability(latency: string): string {
  // Not: rows of another program, of a time without distributions, or past their retention. Platform rows have none.
  const complete = `bool_and(h.${latency}_samples = 0 OR h.${latency}_values IS NOT NULL
      OR (h.platform IS NOT NULL AND h.group_id IS NULL))`;
  const cells = `sum(cardinality(h.${latency}_values)) FILTER (WHERE h.group_id IS NOT NULL)`;
  return `${complete} AS ${latency}_complete,
    COALESCE(${cells}, 0) = sum(h.${latency}_samples) AND ${complete} AS ${latency}_exact`;
}

const hoursOfDay = (tables: OpsTables): string => `${tables.hourly} h
      WHERE h.bucket_start >= d.bucket_date::timestamp AT TIME ZONE 'UTC'
        AND h.bucket_start < d.bucket_date::timestamp AT TIME ZONE 'UTC' + interval '24 hours'
        AND COALESCE(h.platform, '') = d.platform_key AND COALESCE(h.group_id, 0) = d.group_key`;

/** As many values as samples: every latency of the day is there as it was, and is only to be sorted. */
const sortedOfHours = (
  tables: OpsTables,
  latency: string,
): string => `CASE WHEN d.${latency}_exact THEN ARRAY(
      SELECT x.latency
      FROM (SELECT unnest(h.${latency}_values) FROM ${hoursOfDay(tables)}) x(latency)
      ORDER BY x.latency
    ) END AS ${latency}_sorted`;

/** Small hours are stored unrounded, and may be merged with others that are not. */
const mergedHours = (tables: OpsTables, latency: string): string =>
  mergedCells(`SELECT ${roundedLatency('h.value')} AS value, h.count
      FROM (
        SELECT unnest(h.${latency}_values) AS value, unnest(h.${latency}_counts) AS count
        FROM ${hoursOfDay(tables)}
      ) h`);

/** The level below the row `d`: it holds all of the row's samples unless there were some of a platform ''. */
function mergedBelow(tables: OpsTables, below: string, latency: string): string {
  const rowsBelow = `${below} b
        WHERE b.bucket_date = d.bucket_date AND (d.platform_key = '' OR b.platform_key = d.platform_key)`;
  return `CASE
    WHEN NOT d.${latency}_complete THEN NULL
    WHEN (
      SELECT COALESCE(sum(b.${latency}_samples), 0) = d.${latency}_samples
        AND COALESCE(sum(b.${latency}_sum_ms), 0) = d.${latency}_sum_ms
        AND COALESCE(bool_and(b.${latency}_samples = 0 OR b.${latency}_counted IS NOT NULL), true)
      FROM ${rowsBelow}
    ) THEN (${mergedCells(`
        SELECT ${roundedLatency('b.value')} AS value, b.count
        FROM (
          SELECT unnest(${valuesOf(`b.${latency}_counted`)}) AS value, unnest(${countsOf(`b.${latency}_counted`)}) AS count
          FROM ${rowsBelow}
        ) b`)})
    ELSE (${mergedHours(tables, latency)})
  END AS ${latency}_counted`;
}

/**
 * CTEs that end in `merged`: the relation `summed` with the merged distributions of each row's hours, as one array per
 * latency (see distribution()). NULL where one of the hours has samples and no distribution: part of a day would pass
 * for the whole.
 *
 * A platform adds up its groups' days and the overall row the platforms': a tenth of the cells that their hours have.
 */
export function mergedDays(tables: OpsTables): string {
  const each = (column: (latency: string) => string): string =>
    LATENCIES.map(([latency]) => column(latency)).join(',\n    ');
  const above = (below: string): string => each((latency) => mergedBelow(tables, below, latency));
  return `${binsCte()},
sorted_groups AS MATERIALIZED (
  SELECT d.*, ${each((latency) => sortedOfHours(tables, latency))}
  FROM summed d
  WHERE d.group_key <> 0
),
merged_groups AS MATERIALIZED (
  SELECT d.*, ${each(
    (latency) => `CASE
      WHEN d.${latency}_exact THEN ${distribution(`d.${latency}_sorted`)}
      WHEN d.${latency}_complete THEN (${mergedHours(tables, latency)})
    END AS ${latency}_counted`,
  )}
  FROM sorted_groups d
),
merged_platforms AS MATERIALIZED (
  SELECT d.*, ${each((latency) => `NULL::int[] AS ${latency}_sorted`)}, ${above('merged_groups')}
  FROM summed d
  WHERE d.group_key = 0 AND d.platform_key <> ''
),
merged AS MATERIALIZED (
  SELECT * FROM merged_groups
  UNION ALL
  SELECT * FROM merged_platforms
  UNION ALL
  SELECT d.*, ${each((latency) => `NULL::int[] AS ${latency}_sorted`)}, ${above('merged_platforms')}
  FROM summed d
  WHERE d.group_key = 0 AND d.platform_key = ''
)`;
}
