import type { OpsTables } from '../../metrics/ops-tables.js';
import { dayOf } from '../../metrics/sql-time.js';
import type { OpsOptions } from '../../ops.options.js';

/**
 * Start of what may be recomputed without force, as an SQL expression over one bound number of hours: the newest of
 * the retention limits, of the raw tables and of the hourly table, and the end of the newest day whose hourly rows
 * have been dropped (the limit may have been shorter then, or be shorter on another instance). -infinity where there
 * is neither.
 *
 * Below it a recomputation could only lose history: the raw rows of an hour may be gone, or the other hours that its
 * daily rows were computed from.
 */
export const recomputeFloor = (tables: OpsTables, retentionHours: string): string =>
  `GREATEST(
      COALESCE(clock_timestamp() - make_interval(hours => ${retentionHours}::int), '-infinity'::timestamptz),
      (SELECT ${dayOf('max(dropped.bucket_start)')} + interval '24 hours' FROM ${tables.droppedHours} dropped))`;

/** The same with NULL for -infinity. */
export const recomputeFloorOrNull = (tables: OpsTables, retentionHours: string): string =>
  `NULLIF(${recomputeFloor(tables, retentionHours)}, '-infinity')`;

/** A retention in days, or none, as hours to bind. */
export const daysInHours = (days: number | undefined): number | null =>
  days === undefined ? null : days * 24;

/** The value to bind: the shortest retention in hours, or null without any limit. */
export function shortestRetentionHours(
  options: Pick<OpsOptions, 'rawRetentionDays' | 'hourlyRetentionDays'>,
): number | null {
  const { rawRetentionDays, hourlyRetentionDays } = options;
  const days = [rawRetentionDays.usageLogs, rawRetentionDays.errorLogs, hourlyRetentionDays].filter(
    (value) => value !== undefined,
  );
  return days.length === 0 ? null : Math.min(...days) * 24;
}
