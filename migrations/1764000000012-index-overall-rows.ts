import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndexIfAbsent } from './support/adopt.js';
import { createLedger, dropEmptyLedger, takeCreated } from './support/ledger.js';

const INDEX = 'idx_ops_metrics_hourly_overall';

/**
 * The busiest hour of a range is looked for in all of its overall rows, one in fifty of the table: this index has them
 * side by side, with everything that is needed of them.
 */
export class IndexOverallRows1764000000012 implements MigrationInterface {
  public readonly name = 'IndexOverallRows1764000000012';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await createLedger(queryRunner);
    await createIndexIfAbsent(
      queryRunner,
      INDEX,
      `CREATE INDEX ${INDEX} ON ops_metrics_hourly (bucket_start)
        INCLUDE (success_count, error_count_total, token_consumed, computed_at)
        WHERE platform IS NULL AND group_id IS NULL`,
    );
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    if (await takeCreated(queryRunner, 'index', INDEX)) {
      await queryRunner.query(`DROP INDEX IF EXISTS ${INDEX}`);
    }
    await dropEmptyLedger(queryRunner);
  }
}
