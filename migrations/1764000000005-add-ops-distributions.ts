import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addMissingColumns, dropCreatedColumns } from './support/adopt.js';
import { createLedger, dropEmptyLedger } from './support/ledger.js';

const METRICS_TABLES = ['ops_metrics_hourly', 'ops_metrics_daily'] as const;

const COLUMNS = ['duration', 'ttft'].flatMap(
  (latency) =>
    [
      [`${latency}_values`, 'int[]'],
      [`${latency}_counts`, 'int[]'],
      [`${latency}_sum_ms`, 'bigint NOT NULL DEFAULT 0'],
      [`${latency}_samples`, 'bigint NOT NULL DEFAULT 0'],
    ] as const,
);

/** The latency distributions of the metrics rows, with exact sums and sample counts. */
export class AddOpsDistributions1764000000005 implements MigrationInterface {
  public readonly name = 'AddOpsDistributions1764000000005';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await createLedger(queryRunner);
    for (const table of METRICS_TABLES) {
      await addMissingColumns(queryRunner, table, COLUMNS);
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of METRICS_TABLES) {
      await dropCreatedColumns(
        queryRunner,
        table,
        COLUMNS.map(([name]) => name),
      );
    }
    await dropEmptyLedger(queryRunner);
  }
}
