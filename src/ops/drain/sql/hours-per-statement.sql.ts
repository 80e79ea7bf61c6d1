import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isOverallRow } from '../../definitions/overall-row.js';

/** Requests that one statement recomputes, about: some seconds of work, far below any sensible timeout. */
const REQUESTS = 2_000_000;

/** Until an hour has been computed nothing is known of the traffic. */
const FIRST_HOURS = 4;

/** How many hours of the recent traffic one statement may recompute, from 1 to 24. */
export function hoursPerStatement(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT COALESCE(
  GREATEST(1, LEAST(24, ${REQUESTS} / GREATEST(1, max(latest.requests)))), ${FIRST_HOURS})::int AS hours
FROM (
  SELECT m.success_count + m.error_count_total AS requests
  FROM (SELECT max(bucket_start) AS at FROM ${tables.hourly}) newest
  CROSS JOIN generate_series(0, 23) AS back
  CROSS JOIN LATERAL (
    SELECT * FROM ${tables.hourly} m
    WHERE m.bucket_start = newest.at - back * interval '1 hour' AND ${isOverallRow('m')} OFFSET 0
  ) m
) latest`,
    values: [],
  };
}
