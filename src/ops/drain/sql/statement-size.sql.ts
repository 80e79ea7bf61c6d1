import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isOverallRow } from '../../definitions/overall-row.js';

/** Requests that one statement recomputes, about: some seconds of work, far below any sensible timeout. */
const REQUESTS = 2_000_000;

/** Until an hour has been computed nothing is known of the traffic. */
const FIRST_HOURS = 4;

/** How much of the recent traffic one statement may recompute. */
export interface StatementSize {
  /** From 1 to 24. */
  hours: number;
  /** From 10 to 120. */
  minutes: number;
}

export function statementSize(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT GREATEST(1, LEAST(24, floor(size.hours)))::int AS hours, GREATEST(10, LEAST(120, floor(size.hours * 60)))::int AS minutes
FROM (
SELECT COALESCE(${REQUESTS} / GREATEST(1, max(latest.requests))::float8, ${FIRST_HOURS}) AS hours
FROM (
  SELECT m.success_count + m.error_count_total AS requests
  FROM (SELECT max(bucket_start) AS at FROM ${tables.hourly}) newest
  CROSS JOIN generate_series(0, 23) AS back
  CROSS JOIN LATERAL (
    SELECT * FROM ${tables.hourly} m
    WHERE m.bucket_start = newest.at - back * interval '1 hour' AND ${isOverallRow('m')} OFFSET 0
  ) m
) latest
) size`,
    values: [],
  };
}
