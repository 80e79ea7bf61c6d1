import { largest } from './arithmetic.js';
import { errorCounts, groupOf, tokens } from './hourly.js';
import { outputSpeed, samplesOf, splitSums, sumOf } from './split-sums.js';
import { COUNT_COLUMNS, ERROR_COUNT_COLUMNS, SPLIT_COLUMNS } from './types.js';
import type { ErrorCounts, HourlyRow, RawError, RawGroup, RawUsage, SplitSums } from './types.js';
import { bucketOf, dayOf } from './window.js';

/** A set of keys, in the words of the raw rows. */
export interface DimensionSet {
  readonly name: string;
  /** null: usage rows have no key in it. */
  readonly usage: ((row: RawUsage) => string | null) | null;
  readonly error: (row: RawError) => string | null;
  readonly withinGroups: boolean;
  readonly maxKeys: number;
}

export type Samples = Readonly<Record<'duration' | 'ttft' | 'output_speed', readonly number[]>>;

/** A row of a dimension; `bucket` is an hour, or a day. Samples as they were, in no order. */
export interface DimensionRow extends ErrorCounts, SplitSums {
  readonly bucket: string;
  readonly dimension: string;
  readonly key: string;
  readonly group_id: number | null;
  readonly success_count: bigint;
  readonly token_consumed: bigint;
  readonly duration_sum_ms: bigint;
  readonly ttft_sum_ms: bigint;
  readonly duration_max_ms: number | null;
  readonly ttft_max_ms: number | null;
  readonly samples: Samples;
}

const statusClass = (status: number | null): string | null =>
  status === null
    ? null
    : status === 429 || status === 529
      ? String(status)
      : `${Math.trunc(status / 100)}xx`;

/** The set of the kinds of errors. */
export const ERROR_SET: DimensionSet = {
  name: 'error',
  usage: null,
  error: (row) =>
    `[${[
      statusClass(row.statusCode),
      statusClass(row.upstreamStatusCode),
      row.errorOwner,
      row.errorPhase,
      row.errorType,
    ]
      .map((part) => JSON.stringify(part))
      .join(', ')}]`,
  withinGroups: false,
  maxKeys: 200,
};

function rowOf(
  key: Pick<DimensionRow, 'bucket' | 'dimension' | 'key' | 'group_id'>,
  usage: readonly RawUsage[],
  errors: readonly RawError[],
): DimensionRow {
  const samples = {
    duration: samplesOf(usage, (row) => row.durationMs),
    ttft: samplesOf(usage, (row) => row.firstTokenMs),
    output_speed: samplesOf(usage, outputSpeed),
  };
  return {
    ...key,
    success_count: BigInt(usage.length),
    token_consumed: sumOf(usage.map(tokens)),
    ...errorCounts(errors),
    ...splitSums(usage),
    duration_sum_ms: sumOf(samples.duration),
    ttft_sum_ms: sumOf(samples.ttft),
    duration_max_ms: largest(samples.duration),
    ttft_max_ms: largest(samples.ttft),
    samples,
  };
}

/** Values by a key of several parts, in the order in which they came. */
function grouped<T>(values: readonly T[], keyOf: (value: T) => readonly unknown[]): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const value of values) {
    const key = JSON.stringify(keyOf(value));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return [...groups.values()];
}

const OTHER = '(other)';

/** The keys that are kept by name, by requests and then by their bytes; `(other)` is none. */
function namesOf(requests: ReadonlyMap<string, bigint>, maxKeys: number): Set<string> {
  const ranked = [...requests].filter(([key]) => key !== OTHER);
  ranked.sort(([a, m], [b, n]) =>
    m === n ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : m < n ? 1 : -1,
  );
  return new Set(ranked.slice(0, maxKeys).map(([key]) => key));
}

/** One raw row in one set. */
interface Entry {
  readonly bucket: string;
  readonly key: string;
  /** The group that it counts in, where rows of groups are kept. */
  readonly group: number | null;
  readonly usage?: RawUsage;
  readonly error?: RawError;
}

function entriesOf(
  set: DimensionSet,
  groups: readonly RawGroup[],
  usage: readonly RawUsage[],
  errors: readonly RawError[],
): Entry[] {
  const ofUsage = set.usage === null ? [] : usage;
  return [
    ...ofUsage.flatMap((row): Entry[] => {
      const group = groupOf(row, groups);
      if (group === undefined) return [];
      const within = group.platform === '' ? null : group.id;
      return [
        {
          bucket: bucketOf(row.createdAt, 'hour'),
          key: set.usage?.(row) ?? '(none)',
          group: within,
          usage: row,
        },
      ];
    }),
    ...errors.map((row): Entry => {
      const within = row.platform === '' || row.groupId === 0 ? null : row.groupId;
      return {
        bucket: bucketOf(row.createdAt, 'hour'),
        key: set.error(row) ?? '(none)',
        group: within,
        error: row,
      };
    }),
  ];
}

/** Every hourly row of a set, of all hours that there are; in no particular order. */
export function computeDimension(
  set: DimensionSet,
  groups: readonly RawGroup[],
  usage: readonly RawUsage[],
  errors: readonly RawError[],
): DimensionRow[] {
  const hours = grouped(entriesOf(set, groups, usage, errors), ({ bucket }) => [bucket]);
  return hours.flatMap((hour) => {
    const requests = new Map<string, bigint>();
    for (const { key, usage: success, error } of hour) {
      const counts = success !== undefined || (error?.statusCode ?? 0) >= 400;
      requests.set(key, (requests.get(key) ?? 0n) + (counts ? 1n : 0n));
    }
    const names = namesOf(requests, set.maxKeys);
    const named = hour.map((entry) => ({ ...entry, key: names.has(entry.key) ? entry.key : OTHER }));
    const levels = [
      ...named.map((entry) => ({ ...entry, group: null })),
      ...(set.withinGroups ? named.filter(({ group }) => group !== null) : []),
    ];
    return grouped(levels, ({ key, group }) => [key, group]).map((entries) => {
      const [{ bucket, key, group }] = entries;
      return rowOf(
        { bucket, dimension: set.name, key, group_id: group },
        entries.flatMap((entry) => entry.usage ?? []),
        entries.flatMap((entry) => entry.error ?? []),
      );
    });
  });
}

function summed(bucket: string, key: string, rows: readonly [DimensionRow, ...DimensionRow[]]): DimensionRow {
  const [{ dimension, group_id }] = rows;
  const sums = <K extends keyof DimensionRow>(names: readonly K[]): Record<K, bigint> =>
    Object.fromEntries(names.map((name) => [name, sumOf(rows.map((row) => row[name] as bigint))])) as Record<
      K,
      bigint
    >;
  const maxima = (name: 'duration_max_ms' | 'ttft_max_ms'): number | null =>
    largest(rows.flatMap((row) => row[name] ?? []));
  const samples = (name: keyof Samples): number[] => rows.flatMap((row) => row.samples[name]);
  return {
    bucket,
    dimension,
    key,
    group_id,
    ...sums([...COUNT_COLUMNS, ...SPLIT_COLUMNS, 'duration_sum_ms', 'ttft_sum_ms']),
    duration_max_ms: maxima('duration_max_ms'),
    ttft_max_ms: maxima('ttft_max_ms'),
    samples: { duration: samples('duration'), ttft: samples('ttft'), output_speed: samples('output_speed') },
  };
}

/** Every daily row of a set from its hourly rows: a ranking of its own, and no rows where they do not make up the day. */
export function computeDimensionDays(
  set: DimensionSet,
  hourly: readonly DimensionRow[],
  overall: readonly HourlyRow[],
): DimensionRow[] {
  return grouped(hourly, ({ bucket }) => [dayOf(bucket)]).flatMap((hours) => {
    const day = dayOf(hours[0].bucket);
    const plain = hours.filter(({ group_id }) => group_id === null);
    const levels = overall.filter((row) => row.platform === null && dayOf(row.bucket_start) === day);
    const adds = [...(set.usage === null ? [] : (['success_count'] as const)), ...ERROR_COUNT_COLUMNS].every(
      (name) => sumOf(plain.map((row) => row[name])) === sumOf(levels.map((row) => row[name])),
    );
    if (!adds) return [];
    const requests = new Map<string, bigint>();
    for (const row of plain) {
      const count = row.success_count + row.error_count_total;
      requests.set(row.key, (requests.get(row.key) ?? 0n) + count);
    }
    const names = namesOf(requests, set.maxKeys);
    const nameOf = (row: DimensionRow): string => (names.has(row.key) ? row.key : OTHER);
    return grouped(hours, (row) => [nameOf(row), row.group_id]).map((rows) =>
      summed(day, nameOf(rows[0]), rows),
    );
  });
}
