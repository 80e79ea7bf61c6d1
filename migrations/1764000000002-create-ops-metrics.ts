import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  addMissingColumns,
  createIndexIfAbsent,
  createTableIfAbsent,
  dropCreated,
  requireColumns,
  requireConflictTarget,
  requireFollowable,
} from './support/adopt.js';
import { createLedger, dropEmptyLedger } from './support/ledger.js';

const COUNT = 'bigint NOT NULL DEFAULT 0';

const COLUMNS = [
  ['success_count', COUNT],
  ['error_count_total', COUNT],
  ['business_limited_count', COUNT],
  ['error_count_sla', COUNT],
  ['upstream_error_count_excl_429_529', COUNT],
  ['upstream_429_count', COUNT],
  ['upstream_529_count', COUNT],
  ['token_consumed', COUNT],
  ['duration_p50_ms', 'int'],
  ['duration_p90_ms', 'int'],
  ['duration_p95_ms', 'int'],
  ['duration_p99_ms', 'int'],
  ['duration_avg_ms', 'double precision'],
  ['duration_max_ms', 'int'],
  ['ttft_p50_ms', 'int'],
  ['ttft_p90_ms', 'int'],
  ['ttft_p95_ms', 'int'],
  ['ttft_p99_ms', 'int'],
  ['ttft_avg_ms', 'double precision'],
  ['ttft_max_ms', 'int'],
  ['computed_at', 'timestamptz NOT NULL DEFAULT now()'],
  ['created_at', 'timestamptz NOT NULL DEFAULT now()'],
] as const;

const TABLES = [
  { grain: 'hourly', bucket: 'bucket_start', type: 'timestamptz' },
  { grain: 'daily', bucket: 'bucket_date', type: 'date' },
] as const;

type MetricsTable = (typeof TABLES)[number];

function indexesOf({ grain, bucket }: MetricsTable): readonly (readonly [name: string, ddl: string])[] {
  const table = `ops_metrics_${grain}`;
  const prefix = `idx_ops_metrics_${grain}`;
  return [
    [
      `${prefix}_unique_dim`,
      // UNIQUE treats NULLs as distinct: the overall and platform rows need COALESCE to be unique at all.
      `CREATE UNIQUE INDEX ${prefix}_unique_dim ON ${table} (${bucket}, COALESCE(platform, ''), COALESCE(group_id, 0))`,
    ],
    [`${prefix}_bucket`, `CREATE INDEX ${prefix}_bucket ON ${table} (${bucket} DESC)`],
    [
      `${prefix}_platform_bucket`,
      `CREATE INDEX ${prefix}_platform_bucket ON ${table} (platform, ${bucket} DESC)
        WHERE platform IS NOT NULL AND group_id IS NULL`,
    ],
    [
      `${prefix}_group_bucket`,
      `CREATE INDEX ${prefix}_group_bucket ON ${table} (group_id, ${bucket} DESC) WHERE group_id IS NOT NULL`,
    ],
  ];
}

/**
 * The rollup's two tables, with the COALESCE-based unique indexes and the read indexes. Tables made by another
 * program are adopted: missing columns and indexes are added, nothing is dropped or rewritten.
 */
export class CreateOpsMetrics1764000000002 implements MigrationInterface {
  public readonly name = 'CreateOpsMetrics1764000000002';

  public async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['usage_logs', 'ops_error_logs']) {
      await requireFollowable(queryRunner, table);
    }
    await createLedger(queryRunner);
    for (const metricsTable of TABLES) {
      const table = `ops_metrics_${metricsTable.grain}`;
      const columns = COLUMNS.map(([name, definition]) => `${name} ${definition}`).join(',\n  ');
      await createTableIfAbsent(
        queryRunner,
        table,
        `CREATE TABLE ${table} (
  id bigserial PRIMARY KEY,
  ${metricsTable.bucket} ${metricsTable.type} NOT NULL,
  platform varchar(32),
  group_id bigint,
  ${columns}
)`,
      );
      await requireColumns(queryRunner, table, [metricsTable.bucket, 'platform', 'group_id']);
      await addMissingColumns(queryRunner, table, COLUMNS);
      for (const [name, ddl] of indexesOf(metricsTable)) {
        await createIndexIfAbsent(queryRunner, name, ddl);
      }
      const key = `(${metricsTable.bucket}, COALESCE(platform, ''), COALESCE(group_id, 0))`;
      await requireConflictTarget(
        queryRunner,
        `${table} (${metricsTable.bucket}) VALUES (now())`,
        key,
        `idx_${table}_unique_dim is already there, but is not a unique index on ${key}: the rollup needs one.`,
      );
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const metricsTable of TABLES.toReversed()) {
      await dropCreated(queryRunner, `ops_metrics_${metricsTable.grain}`, {
        columns: COLUMNS.map(([name]) => name),
        indexes: indexesOf(metricsTable).map(([name]) => name),
      });
    }
    await dropEmptyLedger(queryRunner);
  }
}
