import type { RawRetentionDays } from '../../ops.options.js';

/**
 * Start of the oldest hour whose raw rows are all still there: the newest of the raw tables' retention limits, as
 * an SQL expression over one bound number of hours; -infinity without any limit.
 */
export const rawFloor = (retentionHours: string): string =>
  `COALESCE(clock_timestamp() - make_interval(hours => ${retentionHours}::int), '-infinity'::timestamptz)`;

/** The value to bind: the shortest retention in hours, or null without any limit. */
export function shortestRetentionHours(retention: RawRetentionDays): number | null {
  const days = [retention.usageLogs, retention.errorLogs].filter((value) => value !== undefined);
  return days.length === 0 ? null : Math.min(...days) * 24;
}
