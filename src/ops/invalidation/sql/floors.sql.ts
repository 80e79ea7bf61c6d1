import type { OpsTables } from '../../definitions/ops-tables.js';
import { dayOf } from '../../sql/sql-time.js';
import type { OpsOptions } from '../../options/ops.options.js';

/** How long each kind of row is kept, in hours, to bind; null: for ever. */
export interface RetentionHours {
  readonly usage: number | null;
  readonly errors: number | null;
  readonly hourly: number | null;
  readonly daily: number | null;
  readonly distributions: number | null;
}

/** A retention in days, or none, as hours to bind. */
const daysInHours = (days: number | undefined): number | null => (days === undefined ? null : days * 24);

export function retentionHours(
  options: Pick<
    OpsOptions,
    'rawRetentionDays' | 'hourlyRetentionDays' | 'dailyRetentionDays' | 'distributionRetentionDays'
  >,
): RetentionHours {
  return {
    usage: daysInHours(options.rawRetentionDays.usageLogs),
    errors: daysInHours(options.rawRetentionDays.errorLogs),
    hourly: daysInHours(options.hourlyRetentionDays),
    daily: daysInHours(options.dailyRetentionDays),
    distributions: daysInHours(options.distributionRetentionDays),
  };
}

/** What {@link floors} binds, in this order, from the given placeholder on. */
export const floorValues = ({ usage, errors, hourly }: RetentionHours): (number | null)[] => [
  usage,
  errors,
  hourly,
];

const keptSince = (hours: string): string =>
  `COALESCE(clock_timestamp() - make_interval(hours => ${hours}::int), '-infinity'::timestamptz)`;

/**
 * A one-row relation of the instants before which an hour is left as it is, unless somebody forces it; -infinity where
 * there is no limit.
 *
 * - `usage_from`, `errors_from`: older raw rows may have been purged. The two tables are judged apart: below one of them
 *   an hour keeps what is stored of that side.
 * - `hours_from`: older hourly rows may have been dropped: the newest of their retention and the end of the newest day
 *   whose hours have been (the limit may have been shorter then, or be shorter on another instance). Below it a
 *   recomputation would take the rest of a day for the whole.
 * - `floor`: below it nothing of an hour may be recomputed.
 *
 * @param first number of the first of three bound values: the retentions in hours of usage rows, error rows, hourly rows
 */
export function floors(tables: OpsTables, first: number): string {
  const [usage, errors, hourly] = [0, 1, 2].map((index) => `$${first + index}`) as [string, string, string];
  return `(
    SELECT f.*, GREATEST(f.hours_from, LEAST(f.usage_from, f.errors_from)) AS floor
    FROM (
      SELECT ${keptSince(usage)} AS usage_from, ${keptSince(errors)} AS errors_from,
        GREATEST(${keptSince(hourly)},
          (SELECT ${dayOf('max(dropped.bucket_start)')} + interval '24 hours' FROM ${tables.droppedHours} dropped)
        ) AS hours_from
      OFFSET 0
    ) f
  )`;
}
