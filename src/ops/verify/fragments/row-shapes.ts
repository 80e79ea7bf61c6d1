import {
  DIMENSION_USAGE_COLUMNS,
  DISTRIBUTION_COLUMNS,
  ERROR_COLUMNS,
  METRIC_COLUMNS,
  SAMPLE_COLUMNS,
  SPLIT_COLUMNS,
} from '../../definitions/columns.js';
import { storedVersion } from '../../definitions/definition-version.js';
import type { OpsTables } from '../../definitions/ops-tables.js';

/** What stored and computed rows of a kind are held against each other by. */
export interface RowShape {
  /** The key beside the bucket: the column, and what it is in a stored row `m`. */
  readonly key: readonly (readonly [column: string, stored: string])[];
  /** Every compared column. */
  readonly columns: readonly string[];
  /** The row of a difference, from the key: platform, group_id, dimension and key. */
  readonly shownKey: string;
  /** Whether the values of every distribution ascend. */
  readonly ascending: boolean;
  /** Whether the stored row `m` was computed by the definition that holds: no other has to have {@link SPLIT_COLUMNS}. */
  readonly isCurrent: (tables: OpsTables) => string;
}

const GROUP_KEY = ['group_key', 'COALESCE(m.group_id, 0)'] as const;

/** Of the minutely, hourly and daily tables. */
export const LEVEL_ROWS: RowShape = {
  key: [['platform_key', "COALESCE(m.platform, '')"], GROUP_KEY],
  columns: [...METRIC_COLUMNS, ...SAMPLE_COLUMNS, ...SPLIT_COLUMNS, ...DISTRIBUTION_COLUMNS],
  shownKey: `NULLIF(j.platform_key, '') AS platform, NULLIF(j.group_key, 0) AS group_id, NULL::text AS dimension, NULL::text AS key`,
  ascending: true,
  isCurrent: ({ definition }) => `${storedVersion('m')} = ${definition}`,
};

/** Of the two tables of the dimensions: no row of theirs is older than what it has to have. */
export const DIMENSION_ROWS: RowShape = {
  key: [['dimension', 'm.dimension'], GROUP_KEY, ['key', 'm.key']],
  columns: [...DIMENSION_USAGE_COLUMNS, ...ERROR_COLUMNS],
  shownKey: 'NULL::text AS platform, NULLIF(j.group_key, 0) AS group_id, j.dimension, j.key',
  ascending: false,
  isCurrent: () => 'true',
};

export const keyColumns = (shape: RowShape): string =>
  ['bucket', ...shape.key.map(([column]) => column)].join(', ');
