import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  addMissingColumns,
  createIndexIfAbsent,
  createTableIfAbsent,
  dropAdded,
  dropCreated,
} from './support/adopt.js';

const TABLES = {
  ops_metrics_invalidations: `  bucket_start timestamptz PRIMARY KEY,
  reason varchar(16) NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_error text,
  forced boolean NOT NULL DEFAULT false,
  suspicious_at timestamptz`,
  ops_detect_state: `  raw_table varchar(64) PRIMARY KEY,
  safe_id bigint NOT NULL,
  closed_through timestamptz NOT NULL,
  late_before timestamptz NOT NULL,
  late_rows bigint NOT NULL DEFAULT 0,
  below_floor_rows bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()`,
  ops_rebuilds: `  id bigserial PRIMARY KEY,
  range_start timestamptz NOT NULL,
  range_end timestamptz NOT NULL,
  hours_total int NOT NULL,
  forced boolean NOT NULL DEFAULT false,
  reason text,
  requested_by varchar(128),
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  cancelled_at timestamptz,
  hours_cancelled int NOT NULL DEFAULT 0,
  hours_failed int NOT NULL DEFAULT 0`,
} as const;

const ACTIVE_REBUILDS_INDEX = [
  'idx_ops_rebuilds_active',
  '(range_start) WHERE finished_at IS NULL AND cancelled_at IS NULL',
] as const;

const METRICS_TABLES = ['ops_metrics_hourly', 'ops_metrics_daily'] as const;

/** 0 is what rows written by another program, or by a version before this one, count as. */
const DEFINITION_VERSION = [['definition_version', 'int NOT NULL DEFAULT 0']] as const;

/** The invalidation log, what detection remembers, the requested rebuilds, and the version of each metrics row. */
export class CreateOpsInvalidations1764000000004 implements MigrationInterface {
  public readonly name = 'CreateOpsInvalidations1764000000004';

  public async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, ddl] of Object.entries(TABLES)) {
      await createTableIfAbsent(queryRunner, table, ddl);
    }
    await createIndexIfAbsent(queryRunner, 'ops_rebuilds', ACTIVE_REBUILDS_INDEX);
    for (const table of METRICS_TABLES) {
      await addMissingColumns(queryRunner, table, DEFINITION_VERSION);
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of METRICS_TABLES) {
      await dropAdded(queryRunner, table, { columns: ['definition_version'] });
    }
    await dropCreated(queryRunner, 'ops_rebuilds', { indexes: [ACTIVE_REBUILDS_INDEX[0]] });
    await dropCreated(queryRunner, 'ops_detect_state');
    await dropCreated(queryRunner, 'ops_metrics_invalidations');
  }
}
