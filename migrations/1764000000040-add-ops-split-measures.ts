import type { MigrationInterface, QueryRunner } from 'typeorm';
import { hasLz4 } from './1764000000005-add-ops-distributions.js';
import { addMissingColumns, dropAdded } from './support/adopt.js';

const METRICS_TABLES = ['ops_metrics_minutely', 'ops_metrics_hourly', 'ops_metrics_daily'] as const;

/** NULL in the rows that are there: nobody knows them until they are recomputed. */
export const splitColumns = (
  compression: 'lz4' | 'pglz',
): (readonly [name: string, definition: string, alteration?: string])[] => [
  ...['input_tokens', 'output_tokens', 'cache_creation_tokens', 'cache_read_tokens'].map(
    (column) => [column, 'bigint'] as const,
  ),
  ['total_cost', 'numeric'],
  ['actual_cost', 'numeric'],
  ['output_speed_values', 'int[]', 'SET STORAGE EXTERNAL'],
  ['output_speed_counts', 'int[]', `SET COMPRESSION ${compression}`],
  ['output_speed_sum', 'bigint'],
  ['output_speed_samples', 'bigint'],
];

/** Tokens by kind, money, and the output speed, in the rows of every tier and level. */
export class AddOpsSplitMeasures1764000000040 implements MigrationInterface {
  public readonly name = 'AddOpsSplitMeasures1764000000040';

  public async up(queryRunner: QueryRunner): Promise<void> {
    const columns = splitColumns((await hasLz4(queryRunner)) ? 'lz4' : 'pglz');
    for (const table of METRICS_TABLES) {
      await addMissingColumns(queryRunner, table, columns);
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of METRICS_TABLES) {
      await dropAdded(queryRunner, table, { columns: splitColumns('pglz').map(([name]) => name) });
    }
  }
}
