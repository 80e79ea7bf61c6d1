import { LATENCIES } from '../../metrics/definitions.js';
import { roundedLatency } from '../../metrics/distribution-bins.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import { countsOf, mergedCells, valuesOf } from './sorted-latencies.js';

/** The cells of a level's hourly rows; the small hours among them are stored unrounded. */
const cellsOfHours = (tables: OpsTables, latency: string): string => `
  SELECT ${roundedLatency('h.value')} AS value, h.count
  FROM (
    SELECT unnest(h.${latency}_values) AS value, unnest(h.${latency}_counts) AS count
    FROM ${tables.hourly} h
    WHERE h.bucket_start >= d.bucket_date::timestamp AT TIME ZONE 'UTC'
      AND h.bucket_start < d.bucket_date::timestamp AT TIME ZONE 'UTC' + interval '24 hours'
      AND COALESCE(h.platform, '') = d.platform_key AND COALESCE(h.group_id, 0) = d.group_key
  ) h`;

const IN_DAY_AND_LEVEL = `g.bucket_date = d.bucket_date AND (d.platform_key = '' OR g.platform_key = d.platform_key)`;

/** Whether the day's group rows hold every sample of the level above them: a platform '' has no group rows. */
const areAllGrouped = (latency: string): string => `(
    SELECT COALESCE(sum(g.${latency}_samples), 0) = d.${latency}_samples
      AND COALESCE(sum(g.${latency}_sum_ms), 0) = d.${latency}_sum_ms
      AND COALESCE(bool_and(g.${latency}_complete), true)
    FROM merged_groups g WHERE ${IN_DAY_AND_LEVEL}
  )`;

const cellsOfGroups = (latency: string): string => `
  SELECT unnest(${valuesOf(`g.${latency}_counted`)}) AS value, unnest(${countsOf(`g.${latency}_counted`)}) AS count
  FROM merged_groups g WHERE ${IN_DAY_AND_LEVEL}`;

/**
 * CTEs that end in `merged`: the relation `summed` with the merged distributions of each row's hours, as one array per
 * latency (see distribution()). NULL where one of the hours has samples and no distribution: part of a day would pass
 * for the whole.
 *
 * Platforms and the overall row add up their groups' merged days, a tenth of the cells that their hours have.
 */
export function mergedDays(tables: OpsTables): string {
  const ofGroups = LATENCIES.map(
    ([latency]) => `CASE WHEN d.${latency}_complete THEN (
    ${mergedCells(cellsOfHours(tables, latency))}
  ) END AS ${latency}_counted`,
  );
  const above = LATENCIES.map(
    ([latency]) => `CASE
    WHEN NOT d.${latency}_complete THEN NULL
    WHEN ${areAllGrouped(latency)} THEN (
    ${mergedCells(cellsOfGroups(latency))}
    )
    ELSE (
    ${mergedCells(cellsOfHours(tables, latency))}
    ) END AS ${latency}_counted`,
  );
  return `merged_groups AS MATERIALIZED (
  SELECT d.*, ${ofGroups.join(',\n    ')}
  FROM summed d WHERE d.group_key <> 0
),
merged AS MATERIALIZED (
  SELECT * FROM merged_groups
  UNION ALL
  SELECT d.*, ${above.join(',\n    ')}
  FROM summed d WHERE d.group_key = 0
)`;
}
