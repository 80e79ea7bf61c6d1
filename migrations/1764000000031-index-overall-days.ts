import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndexIfAbsent, dropAdded } from './support/adopt.js';

const INDEX = [
  'idx_ops_metrics_daily_overall',
  '(bucket_date) INCLUDE (computed_at) WHERE platform IS NULL AND group_id IS NULL',
] as const;

/** Which days of a range can be answered from their daily rows is read in one scan, past the rows of all groups. */
export class IndexOverallDays1764000000031 implements MigrationInterface {
  public readonly name = 'IndexOverallDays1764000000031';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await createIndexIfAbsent(queryRunner, 'ops_metrics_daily', INDEX);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await dropAdded(queryRunner, 'ops_metrics_daily', { indexes: [INDEX[0]] });
  }
}
