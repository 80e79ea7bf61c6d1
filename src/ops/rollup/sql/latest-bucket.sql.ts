import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';

/**
 * The latest bucket as milliseconds since the epoch. A number, because the text of a timestamptz depends on the
 * session's DateStyle and TimeZone, and the driver reads a date as midnight of the process's zone.
 */
const epochMs = (timestamptz: string): string =>
  `(extract(epoch FROM ${timestamptz}) * 1000)::float8 AS latest`;

export function latestHourlyBucket(tables: OpsTables): SqlStatement {
  return { text: `SELECT ${epochMs('max(bucket_start)')} FROM ${tables.hourly}`, values: [] };
}

export function latestDailyBucket(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT ${epochMs("max(bucket_date)::timestamp AT TIME ZONE 'UTC'")} FROM ${tables.daily}`,
    values: [],
  };
}
