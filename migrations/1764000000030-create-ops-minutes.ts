import type { MigrationInterface, QueryRunner } from 'typeorm';
import { COLUMNS, keyOf } from './1764000000002-create-ops-metrics.js';
import { distributionColumns, hasLz4 } from './1764000000005-add-ops-distributions.js';
import {
  addMissingColumns,
  createIndexIfAbsent,
  createTableIfAbsent,
  dropCreated,
  type IndexDefinition,
} from './support/adopt.js';

const MINUTELY = 'ops_metrics_minutely';

/** Few: the running minute is written with every tick. */
const INDEXES: readonly IndexDefinition[] = [
  ['idx_ops_metrics_minutely_unique_dim', keyOf({ bucket: 'bucket_start' }), 'UNIQUE'],
  ['idx_ops_metrics_minutely_group_bucket', '(group_id, bucket_start DESC) WHERE group_id IS NOT NULL'],
  ['idx_ops_metrics_minutely_overall', '(bucket_start) WHERE platform IS NULL AND group_id IS NULL'],
];

/** From and up to when minutes are complete: one row. */
const LIVE = `  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  minutes_from timestamptz,
  live_through timestamptz`;

/** The tier of minutes: rows as the hourly table has them, of the last days. */
export class CreateOpsMinutes1764000000030 implements MigrationInterface {
  public readonly name = 'CreateOpsMinutes1764000000030';

  public async up(queryRunner: QueryRunner): Promise<void> {
    const columns = COLUMNS.map(([name, definition]) => `${name} ${definition}`).join(',\n  ');
    const isNew = await createTableIfAbsent(
      queryRunner,
      MINUTELY,
      `  id bigserial PRIMARY KEY,
  bucket_start timestamptz NOT NULL,
  platform varchar(32),
  group_id bigint,
  ${columns},
  definition_version int NOT NULL DEFAULT 0,
  written_at timestamptz`,
    );
    if (isNew) {
      // No index has a column that the next tick changes: with room on its page, a row's new version needs no new entry.
      await queryRunner.query(`ALTER TABLE ${MINUTELY} SET (fillfactor = 60)`);
    }
    await addMissingColumns(
      queryRunner,
      MINUTELY,
      distributionColumns((await hasLz4(queryRunner)) ? 'lz4' : 'pglz'),
    );
    for (const index of INDEXES) {
      await createIndexIfAbsent(queryRunner, MINUTELY, index);
    }
    await createTableIfAbsent(queryRunner, 'ops_metrics_live', LIVE);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await dropCreated(queryRunner, 'ops_metrics_live');
    await dropCreated(queryRunner, MINUTELY, {
      columns: distributionColumns('pglz').map(([name]) => name),
      indexes: INDEXES.map(([name]) => name),
    });
    await queryRunner.query(`DELETE FROM ops_metrics_invalidations WHERE tier = 'minute'`);
  }
}
