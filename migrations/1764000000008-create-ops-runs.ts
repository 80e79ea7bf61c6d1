import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTableIfAbsent, dropCreated } from './support/adopt.js';

/** What was asked for over HTTP and goes on after the answer, so that every instance can tell how far it is. */
export class CreateOpsRuns1764000000008 implements MigrationInterface {
  public readonly name = 'CreateOpsRuns1764000000008';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await createTableIfAbsent(
      queryRunner,
      'ops_runs',
      `  id bigserial PRIMARY KEY,
  kind varchar(16) NOT NULL,
  state varchar(16) NOT NULL DEFAULT 'running',
  request jsonb NOT NULL,
  result jsonb NOT NULL,
  error text,
  requested_by varchar(128),
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  alive_until timestamptz NOT NULL,
  cancel_requested_at timestamptz,
  finished_at timestamptz`,
    );
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await dropCreated(queryRunner, 'ops_runs');
  }
}
