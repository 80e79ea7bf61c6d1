import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  addMissingColumns,
  createIndexIfAbsent,
  createTableIfAbsent,
  dropCreated,
  type IndexDefinition,
} from './support/adopt.js';
import { requireColumns, requireConflictTarget, requireFollowable } from './support/require.js';

const COUNT = 'bigint NOT NULL DEFAULT 0';

/** What a row has besides its key. */
export const COLUMNS = [
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

// UNIQUE treats NULLs as distinct: the overall and platform rows need COALESCE to be unique at all.
export const keyOf = ({ bucket }: Pick<MetricsTable, 'bucket'>): string =>
  `(${bucket}, COALESCE(platform, ''), COALESCE(group_id, 0))`;

function indexesOf(table: MetricsTable): readonly [unique: IndexDefinition, ...others: IndexDefinition[]] {
  const { grain, bucket } = table;
  const prefix = `idx_ops_metrics_${grain}`;
  return [
    [`${prefix}_unique_dim`, keyOf(table), 'UNIQUE'],
    [`${prefix}_bucket`, `(${bucket} DESC)`],
    [
      `${prefix}_platform_bucket`,
      `(platform, ${bucket} DESC) WHERE platform IS NOT NULL AND group_id IS NULL`,
    ],
    [`${prefix}_group_bucket`, `(group_id, ${bucket} DESC) WHERE group_id IS NOT NULL`],
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
    // What can be refused comes first, and is taken back: then nothing has been changed.
    try {
      for (const table of TABLES) {
        await this.createOrAdopt(queryRunner, table);
      }
    } catch (error) {
      if (queryRunner.isTransactionActive) {
        await queryRunner.rollbackTransaction();
        await queryRunner.startTransaction();
      }
      await this.down(queryRunner).catch(() => undefined); // The first error says what is wrong.
      throw error;
    }
    for (const table of TABLES) {
      await addMissingColumns(queryRunner, `ops_metrics_${table.grain}`, COLUMNS);
      for (const index of indexesOf(table)) {
        await createIndexIfAbsent(queryRunner, `ops_metrics_${table.grain}`, index);
      }
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const metricsTable of TABLES.toReversed()) {
      await dropCreated(queryRunner, `ops_metrics_${metricsTable.grain}`, {
        columns: COLUMNS.map(([name]) => name),
        indexes: indexesOf(metricsTable).map(([name]) => name),
      });
    }
  }

  private async createOrAdopt(queryRunner: QueryRunner, metricsTable: MetricsTable): Promise<void> {
    const { grain, bucket, type } = metricsTable;
    const table = `ops_metrics_${grain}`;
    const columns = COLUMNS.map(([name, definition]) => `${name} ${definition}`).join(',\n  ');
    await createTableIfAbsent(
      queryRunner,
      table,
      `  id bigserial PRIMARY KEY,
  ${bucket} ${type} NOT NULL,
  platform varchar(32),
  group_id bigint,
  ${columns}`,
    );
    await requireColumns(queryRunner, table, [bucket, 'platform', 'group_id']);
    const [unique] = indexesOf(metricsTable);
    await createIndexIfAbsent(queryRunner, table, unique);
    await requireConflictTarget(
      queryRunner,
      `${table} (${bucket}) VALUES (now())`,
      keyOf(metricsTable),
      `${unique[0]} is already there, but is not a unique index on ${keyOf(metricsTable)}: the rollup needs one.`,
    );
  }
}
