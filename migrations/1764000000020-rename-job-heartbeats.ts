import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isCreated } from './support/ledger.js';

const TABLE = 'ops_job_heartbeats';

/** What the jobs were called, which other programs call theirs too, and what they are called. */
const NAMES = [
  ['ops_preaggregation_hourly', 'ops_rollup_refresh'],
  ['ops_preaggregation_daily', 'ops_rollup_maintenance'],
] as const;

/**
 * Heartbeats get names of their own. In a table that another program made, those of the old names may be its own, and
 * stay; on the way down, ours leave it.
 */
export class RenameJobHeartbeats1764000000020 implements MigrationInterface {
  public readonly name = 'RenameJobHeartbeats1764000000020';

  public async up(queryRunner: QueryRunner): Promise<void> {
    if (await isCreated(queryRunner, 'table', TABLE)) {
      for (const [old, name] of NAMES) {
        await rename(queryRunner, old, name);
      }
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    const isOwn = await isCreated(queryRunner, 'table', TABLE);
    for (const [old, name] of NAMES) {
      if (isOwn) {
        await rename(queryRunner, name, old);
      } else {
        await queryRunner.query(`DELETE FROM ${TABLE} WHERE job_name = $1`, [name]);
      }
    }
  }
}

/** An instance of the other release may have begun a row of the new name already: it is the newer one. */
async function rename(queryRunner: QueryRunner, from: string, to: string): Promise<void> {
  await queryRunner.query(
    `UPDATE ${TABLE} SET job_name = $2
      WHERE job_name = $1 AND NOT EXISTS (SELECT 1 FROM ${TABLE} WHERE job_name = $2)`,
    [from, to],
  );
  await queryRunner.query(`DELETE FROM ${TABLE} WHERE job_name = $1`, [from]);
}
