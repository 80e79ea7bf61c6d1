import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTableIfAbsent, dropCreated } from './support/adopt.js';

/** The hours whose hourly rows the retention has dropped, so that nobody takes the rest of their day for the whole. */
export class CreateOpsDroppedHours1764000000006 implements MigrationInterface {
  public readonly name = 'CreateOpsDroppedHours1764000000006';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await createTableIfAbsent(
      queryRunner,
      'ops_metrics_dropped_hours',
      `  bucket_start timestamptz PRIMARY KEY,
  dropped_at timestamptz NOT NULL DEFAULT clock_timestamp()`,
    );
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await dropCreated(queryRunner, 'ops_metrics_dropped_hours');
  }
}
