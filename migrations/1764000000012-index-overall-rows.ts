import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndexIfAbsent, dropAdded } from './support/adopt.js';

const INDEX = [
  'idx_ops_metrics_hourly_overall',
  `(bucket_start)
        INCLUDE (success_count, error_count_total, token_consumed, computed_at)
        WHERE platform IS NULL AND group_id IS NULL`,
] as const;

/**
 * The busiest hour of a range is looked for in all of its overall rows, one in fifty of the table: this index has them
 * side by side, with everything that is needed of them.
 */
export class IndexOverallRows1764000000012 implements MigrationInterface {
  public readonly name = 'IndexOverallRows1764000000012';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await createIndexIfAbsent(queryRunner, 'ops_metrics_hourly', INDEX);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await dropAdded(queryRunner, 'ops_metrics_hourly', { indexes: [INDEX[0]] });
  }
}
