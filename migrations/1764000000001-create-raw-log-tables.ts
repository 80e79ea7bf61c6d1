import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndexIfAbsent, createTableIfAbsent, dropCreated } from './support/adopt.js';
import { locking } from './support/beside-traffic.js';
import { relationExists } from './support/ledger.js';
import { requireColumns } from './support/require.js';

const GROUPS = `  id bigserial PRIMARY KEY,
  name varchar(100) NOT NULL CONSTRAINT uq_groups_name UNIQUE,
  platform varchar(50) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()`;

const USAGE_LOGS = `  id bigserial PRIMARY KEY,
  user_id bigint NOT NULL,
  api_key_id bigint NOT NULL,
  account_id bigint NOT NULL,
  request_id varchar(64),
  model varchar(100) NOT NULL,
  group_id bigint CONSTRAINT fk_usage_logs_group_id REFERENCES groups (id),
  input_tokens int NOT NULL DEFAULT 0,
  output_tokens int NOT NULL DEFAULT 0,
  cache_creation_tokens int NOT NULL DEFAULT 0,
  cache_read_tokens int NOT NULL DEFAULT 0,
  total_cost numeric(20,10) NOT NULL DEFAULT 0,
  actual_cost numeric(20,10) NOT NULL DEFAULT 0,
  stream boolean NOT NULL DEFAULT false,
  duration_ms int,
  first_token_ms int,
  created_at timestamptz NOT NULL DEFAULT now()`;

const OPS_ERROR_LOGS = `  id bigserial PRIMARY KEY,
  request_id varchar(64),
  user_id bigint,
  api_key_id bigint,
  account_id bigint,
  group_id bigint,
  platform varchar(32),
  model varchar(100),
  error_phase varchar(32) NOT NULL,
  error_type varchar(64) NOT NULL,
  severity varchar(8) NOT NULL DEFAULT 'P2',
  status_code int,
  upstream_status_code int,
  error_owner varchar(32),
  is_business_limited boolean NOT NULL DEFAULT false,
  error_message text,
  created_at timestamptz NOT NULL DEFAULT now()`;

/** The columns that the rollup reads: all it needs of tables that somebody else made. */
const READ_COLUMNS = {
  groups: ['id', 'name', 'platform'],
  usage_logs: [
    'id',
    'group_id',
    'input_tokens',
    'output_tokens',
    'cache_creation_tokens',
    'cache_read_tokens',
    'duration_ms',
    'first_token_ms',
    'created_at',
  ],
  ops_error_logs: [
    'id',
    'group_id',
    'platform',
    'status_code',
    'upstream_status_code',
    'error_owner',
    'is_business_limited',
    'created_at',
  ],
} as const;

const CREATED_AT_INDEX = {
  usage_logs: 'idx_usage_logs_created_at',
  ops_error_logs: 'idx_ops_error_logs_created_at',
} as const;

/**
 * The gateway's raw tables, where they are absent. A table that is there already is read and never altered: not
 * even an index is added, since it has its own.
 */
export class CreateRawLogTables1764000000001 implements MigrationInterface {
  public readonly name = 'CreateRawLogTables1764000000001';

  public async up(queryRunner: QueryRunner): Promise<void> {
    if (!(await createTableIfAbsent(queryRunner, 'groups', GROUPS))) {
      await requireColumns(queryRunner, 'groups', READ_COLUMNS.groups);
    }
    for (const [table, columns] of [
      ['usage_logs', USAGE_LOGS],
      ['ops_error_logs', OPS_ERROR_LOGS],
    ] as const) {
      if (await relationExists(queryRunner, table)) {
        await requireColumns(queryRunner, table, READ_COLUMNS[table]);
        continue;
      }
      // The foreign key locks the groups, which may be another program's.
      await locking(queryRunner, 'groups', () => createTableIfAbsent(queryRunner, table, columns));
      await createIndexIfAbsent(queryRunner, table, [CREATED_AT_INDEX[table], '(created_at)']);
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['ops_error_logs', 'usage_logs'] as const) {
      await dropCreated(queryRunner, table, { indexes: [CREATED_AT_INDEX[table]] });
    }
    await dropCreated(queryRunner, 'groups');
  }
}
