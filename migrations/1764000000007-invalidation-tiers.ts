import type { MigrationInterface, QueryRunner } from 'typeorm';

/** PLACEHOLDER for the migration of this number on main: only what the read path's tests need of it. */
export class InvalidationTiers1764000000007 implements MigrationInterface {
  public readonly name = 'InvalidationTiers1764000000007';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ops_metrics_invalidations
      ADD COLUMN tier varchar(8) NOT NULL DEFAULT 'hour',
      DROP CONSTRAINT ops_metrics_invalidations_pkey,
      ADD CONSTRAINT ops_metrics_invalidations_pkey PRIMARY KEY (tier, bucket_start)`);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DELETE FROM ops_metrics_invalidations WHERE tier <> 'hour'`);
    await queryRunner.query(`ALTER TABLE ops_metrics_invalidations
      DROP CONSTRAINT ops_metrics_invalidations_pkey,
      ADD CONSTRAINT ops_metrics_invalidations_pkey PRIMARY KEY (bucket_start),
      DROP COLUMN tier`);
  }
}
