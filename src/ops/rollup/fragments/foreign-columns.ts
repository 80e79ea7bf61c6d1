import type { Fills } from '../../definitions/ops-tables.js';

/** One more item of a select list, where the table has `ttft_sample_count`. */
export const fillOfUsage =
  (exists: boolean) =>
  (value: string): string =>
    exists ? `, ${value} AS ttft_sample_count` : '';

/**
 * The columns of another program's that an upsert fills: as more of its column list, of its select list (over `at`, the
 * moment of writing) and of what it sets. No other column of such a program is ever touched.
 */
export function foreignColumns({ ttftSampleCount, updatedAt }: Fills): {
  readonly names: string;
  readonly values: string;
  readonly assignments: string;
} {
  const columns: readonly (readonly [name: string, value: string])[] = [
    ...(ttftSampleCount ? [['ttft_sample_count', 'ttft_sample_count'] as const] : []),
    ...(updatedAt === null ? [] : [['updated_at', updatedAt] as const]),
  ];
  return {
    names: columns.map(([name]) => `, ${name}`).join(''),
    values: columns.map(([, value]) => `, ${value}`).join(''),
    assignments: columns.map(([name]) => `,\n    ${name} = EXCLUDED.${name}`).join(''),
  };
}
