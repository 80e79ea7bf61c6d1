import type { DataSource } from 'typeorm';
import { cellsOf } from './distributions.js';
import type { DimensionRow } from './oracle/dimensions.js';
import { COUNT_COLUMNS, SPLIT_COLUMNS } from './oracle/types.js';
import { countsOf } from './raw-rows.js';

const NAMES = ['duration', 'ttft', 'output_speed'] as const;
const PLAIN = [
  'duration_sum_ms',
  'duration_samples',
  'ttft_sum_ms',
  'ttft_samples',
  'duration_max_ms',
  'ttft_max_ms',
];
const BUCKETS = {
  hourly: `to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
  daily: "to_char(bucket_date, 'YYYY-MM-DD')",
} as const;

/** A row in one form, whoever made it: every number a text, distributions as rounded values with their counts. */
export type ComparableRow = Record<string, string | null | (readonly [value: number, count: number])[]>;

const text = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;

function comparable(
  row: Readonly<Record<string, unknown>>,
  cells: (name: (typeof NAMES)[number]) => [number, number][],
): ComparableRow {
  const columns = ['bucket', 'dimension', 'key', 'group_id', ...COUNT_COLUMNS, ...SPLIT_COLUMNS, ...PLAIN];
  return {
    ...Object.fromEntries(columns.map((name) => [name, text(row[name])])),
    ...Object.fromEntries(NAMES.map((name) => [name, cells(name)])),
  };
}

/** Ordered by their keys. */
const ordered = (rows: readonly ComparableRow[]): ComparableRow[] => {
  const keyOf = (row: ComparableRow): string =>
    JSON.stringify([row.bucket, row.dimension, row.group_id, row.key]);
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
};

/** What the oracle computed, in that form. */
export const expectedRows = (rows: readonly DimensionRow[]): ComparableRow[] =>
  ordered(
    rows.map((row) =>
      comparable(
        {
          ...row,
          duration_samples: row.samples.duration.length,
          ttft_samples: row.samples.ttft.length,
        },
        (name) => cellsOf(row.samples[name]),
      ),
    ),
  );

type Stored = Record<string, unknown> &
  Record<`${(typeof NAMES)[number]}_${'values' | 'counts'}`, number[] | null>;

/** A stored distribution's samples; without counts each value is one. */
export const samplesOf = (values: number[] | null, counts: number[] | null): number[] =>
  (values ?? []).flatMap((value, index) => Array<number>(counts?.[index] ?? 1).fill(value));

/** A whole table of the dimensions, in that form. */
export async function readDimensions(
  dataSource: DataSource,
  grain: keyof typeof BUCKETS,
): Promise<ComparableRow[]> {
  const rows = await dataSource.query<Stored[]>(
    `SELECT *, ${BUCKETS[grain]} AS bucket FROM ops_metrics_dimension_${grain}`,
  );
  return ordered(
    rows.map((row) =>
      comparable({ ...row, ...countsOf(row) }, (name) =>
        cellsOf(samplesOf(row[`${name}_values`], row[`${name}_counts`])),
      ),
    ),
  );
}

/** The columns of the sets that add up to the overall row of their bucket. */
const SUMMED = [
  ...COUNT_COLUMNS,
  ...SPLIT_COLUMNS,
  'duration_sum_ms',
  'duration_samples',
  'ttft_sum_ms',
  'ttft_samples',
];

/** Sets that do not add up to the overall row of their bucket, in some count or sum, by the database's own arithmetic. */
export async function setsThatDoNotAddUp(
  dataSource: DataSource,
  grain: keyof typeof BUCKETS,
): Promise<unknown[]> {
  const bucket = grain === 'hourly' ? 'bucket_start' : 'bucket_date';
  const isError = (column: string): boolean =>
    /_count(?:_|$)|_429_|_529_/.test(column) && column !== 'success_count';
  return dataSource.query(
    `SELECT s.* FROM (
       SELECT ${bucket}, dimension, ${SUMMED.map((column) => `sum(${column}) AS ${column}`).join(', ')}
         FROM ops_metrics_dimension_${grain} WHERE group_id IS NULL GROUP BY 1, 2
     ) s FULL JOIN (
       SELECT m.*, d.dimension FROM ops_metrics_${grain} m
         CROSS JOIN (SELECT DISTINCT dimension FROM ops_metrics_dimension_${grain}) d
        WHERE platform IS NULL AND group_id IS NULL
     ) m ON m.${bucket} = s.${bucket} AND m.dimension = s.dimension
     WHERE (s.dimension IS NULL AND NOT (m.dimension = 'error' AND m.error_count_total = 0)) OR m.dimension IS NULL
        OR ${SUMMED.map((column) => `${isError(column) ? '' : "s.dimension <> 'error' AND "}s.${column} <> m.${column}`).join('\n        OR ')}`,
  );
}
