import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addMissingColumns, dropAdded } from './support/adopt.js';

const METRICS_TABLES = ['ops_metrics_hourly', 'ops_metrics_daily'] as const;

/**
 * Values do not compress (3 % at best), so that nothing is spent on trying; counts, mostly ones, do. Writing the
 * hourly rows takes a third less than with the defaults, in the same space. Columns of another program stay as they are.
 */
export const distributionColumns = (
  compression: 'lz4' | 'pglz',
): (readonly [name: string, definition: string, alteration?: string])[] =>
  ['duration', 'ttft'].flatMap(
    (latency) =>
      [
        [`${latency}_values`, 'int[]', 'SET STORAGE EXTERNAL'],
        [`${latency}_counts`, 'int[]', `SET COMPRESSION ${compression}`],
        [`${latency}_sum_ms`, 'bigint NOT NULL DEFAULT 0'],
        [`${latency}_samples`, 'bigint NOT NULL DEFAULT 0'],
      ] as const,
  );

/** Absent from a server that was built without it; its pglz takes twice as long for the same size. */
export async function hasLz4(queryRunner: QueryRunner): Promise<boolean> {
  const rows = (await queryRunner.query(
    `SELECT 'lz4' = ANY(enumvals) AS found FROM pg_settings WHERE name = 'default_toast_compression'`,
  )) as { found: boolean }[];
  return rows[0]?.found === true;
}

/** The latency distributions of the metrics rows, with exact sums and sample counts. */
export class AddOpsDistributions1764000000005 implements MigrationInterface {
  public readonly name = 'AddOpsDistributions1764000000005';

  public async up(queryRunner: QueryRunner): Promise<void> {
    const columns = distributionColumns((await hasLz4(queryRunner)) ? 'lz4' : 'pglz');
    for (const table of METRICS_TABLES) {
      await addMissingColumns(queryRunner, table, columns);
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of METRICS_TABLES) {
      await dropAdded(queryRunner, table, { columns: distributionColumns('pglz').map(([name]) => name) });
    }
  }
}
