import type { OpsTables } from '../../definitions/ops-tables.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import type { RawTier } from '../../definitions/tiers.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { hourOf } from '../../sql/sql-time.js';
import { isDue, tierOf, type Claimable } from './claim.sql.js';

/**
 * Requests that one statement recomputes, about: a second or two of work, far below any sensible timeout, and little enough
 * that the workers of a dense day end at the same time. Planning takes 2 % of that.
 */
const REQUESTS = 500_000;

/** By tier: buckets of an hour; the least and the most that one statement takes; how many are not shared by workers. */
export const BUCKETS: Readonly<
  Record<RawTier, { perHour: number; least: number; most: number; together: number }>
> = {
  hour: { perHour: 1, least: 1, most: 96, together: 12 },
  minute: { perHour: 60, least: 10, most: 720, together: 120 },
};

/** How many hours where nothing is known of the traffic, and there are more rows than one statement recomputes. */
const FIRST_HOURS = 4;

/** How much one statement may recompute. */
export interface StatementSize {
  /** Null where nothing is due. */
  buckets: number | null;
}

/**
 * How many buckets one statement may recompute, by the traffic around the newest that is due: the busiest hour of what is
 * stored up to a day before and after it, which it was computed in, or next to, a moment ago, and of the last day that is
 * stored; or 60 times the rows of a minute in the middle of its hour, where those are more, since traffic may have grown.
 * (Many a batch begins with the hour.) Where all that is nothing, as at first and with empty hours, by whether the longest
 * time that is taken has few enough rows. So no timeout has to teach it.
 *
 * Bound: safe delay in seconds, days not to look at (ISO).
 */
export function statementSize(
  tables: OpsTables,
  what: Claimable,
  bound: { readonly safeDelaySeconds: number; readonly except: readonly string[] },
): SqlStatement {
  const { perHour, least, most } = BUCKETS[tierOf(what)];
  const rows = (from: string, to: string): string =>
    `FROM ${tables.usageLogs} u
  WHERE u.created_at >= (SELECT hour FROM near) ${from} AND u.created_at < (SELECT hour FROM near) ${to}`;
  const longest = most / perHour;
  // On Citus, what reads a distributed table has to stand beside the others, and not within one.
  return {
    text: `WITH near AS MATERIALIZED (
  SELECT ${hourOf('max(i.bucket_start)')} AS hour FROM ${tables.invalidations} i WHERE ${isDue(what)}
),
sampled AS (
  SELECT 60 * count(*) AS requests ${rows(`+ interval '31 minutes'`, `+ interval '32 minutes'`)}
),
longest AS (
  SELECT count(*) AS requests FROM (
    SELECT u.created_at ${rows(`- interval '${longest - 1} hours'`, `+ interval '1 hour'`)}
    LIMIT ${REQUESTS + 1}
  ) u
),
traffic AS (
  SELECT max(m.success_count + m.error_count_total) AS requests
  FROM (VALUES ((SELECT hour FROM near)), ((SELECT max(bucket_start) FROM ${tables.hourly}))) AS stored(hour)
  JOIN ${tables.hourly} m
    ON m.bucket_start >= stored.hour - interval '23 hours' AND m.bucket_start <= stored.hour + interval '24 hours' AND ${isOverallRow('m')}
  UNION ALL
  SELECT requests FROM sampled
)
SELECT GREATEST(${least}, LEAST(${most}, floor(t.hours * ${perHour})))::int AS buckets
FROM near n LEFT JOIN LATERAL (
  SELECT COALESCE(${REQUESTS} / NULLIF(max(requests), 0)::float8,
    CASE WHEN (SELECT requests FROM longest) <= ${REQUESTS} THEN ${longest} ELSE ${FIRST_HOURS} END) AS hours
  FROM traffic
) t ON n.hour IS NOT NULL`,
    values: [bound.safeDelaySeconds, bound.except],
  };
}
