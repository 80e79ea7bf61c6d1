import { largest, weightedMean, weightedMeanRounded, type Weighted } from './arithmetic.js';
import { sumOf } from './split-sums.js';
import {
  AVERAGE_COLUMNS,
  BODY_COLUMNS,
  COUNT_COLUMNS,
  SPLIT_COLUMNS,
  TAIL_COLUMNS,
  type DailyRow,
  type HourlyRow,
  type LatencyMetrics,
} from './types.js';
import { dayOf, daysOf } from './window.js';

function weighted(hours: readonly HourlyRow[], column: keyof LatencyMetrics): Weighted[] {
  return hours.flatMap((hour) => {
    const value = hour[column];
    return value === null ? [] : [{ value, weight: hour.success_count }];
  });
}

function column<K extends string, V>(names: readonly K[], valueOf: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<K, V>;
}

function dailyRow(hours: readonly [HourlyRow, ...HourlyRow[]]): DailyRow {
  const [first] = hours;
  return {
    bucket_date: dayOf(first.bucket_start),
    platform: first.platform,
    group_id: first.group_id,
    ...column(COUNT_COLUMNS, (name) => hours.reduce((sum, hour) => sum + hour[name], 0n)),
    ...column(SPLIT_COLUMNS, (name) =>
      hours.some((hour) => hour.success_count > 0n && hour[name] === null)
        ? null
        : sumOf(hours.map((hour) => hour[name])),
    ),
    ...column(BODY_COLUMNS, (name) => weightedMeanRounded(weighted(hours, name))),
    ...column(TAIL_COLUMNS, (name) => largest(weighted(hours, name).map(({ value }) => value))),
    ...column(AVERAGE_COLUMNS, (name) => weightedMean(weighted(hours, name))),
  };
}

/** Every daily row of [from, to), widened to whole UTC days, from the stored hourly rows; in no particular order. */
export function computeDaily(hourly: readonly HourlyRow[], from: Date, to: Date): DailyRow[] {
  const isInWindow = daysOf(from, to);
  const chronological = hourly
    .filter((hour) => isInWindow(dayOf(hour.bucket_start)))
    .toSorted((a, b) => Date.parse(a.bucket_start) - Date.parse(b.bucket_start));
  const levels = new Map<string, [HourlyRow, ...HourlyRow[]]>();
  for (const hour of chronological) {
    const key = JSON.stringify([dayOf(hour.bucket_start), hour.platform, hour.group_id]);
    const hours = levels.get(key);
    if (hours === undefined) levels.set(key, [hour]);
    else hours.push(hour);
  }
  return [...levels.values()].map(dailyRow);
}
