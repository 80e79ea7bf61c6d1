import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addMissingColumns, createTableIfAbsent, dropCreated } from './support/adopt.js';
import { requireColumns, requireConflictTarget } from './support/require.js';

const COLUMNS = [
  ['last_run_at', 'timestamptz'],
  ['last_success_at', 'timestamptz'],
  ['last_error_at', 'timestamptz'],
  ['last_error', 'text'],
  ['last_duration_ms', 'bigint'],
  ['last_result', 'text'],
] as const;

/** One row per scheduled job: when it last ran, how long it took, what came of it. */
export class CreateOpsJobHeartbeats1764000000003 implements MigrationInterface {
  public readonly name = 'CreateOpsJobHeartbeats1764000000003';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await createTableIfAbsent(
      queryRunner,
      'ops_job_heartbeats',
      `  job_name varchar(64) PRIMARY KEY,
  ${COLUMNS.map(([name, definition]) => `${name} ${definition}`).join(',\n  ')}`,
    );
    await requireColumns(queryRunner, 'ops_job_heartbeats', ['job_name']);
    await requireConflictTarget(
      queryRunner,
      `ops_job_heartbeats (job_name) VALUES ('')`,
      '(job_name)',
      'Table ops_job_heartbeats is already there, but has no unique index on (job_name): the rollup needs one.',
    );
    await addMissingColumns(queryRunner, 'ops_job_heartbeats', COLUMNS);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await dropCreated(queryRunner, 'ops_job_heartbeats', {
      columns: COLUMNS.map(([name]) => name),
    });
  }
}
