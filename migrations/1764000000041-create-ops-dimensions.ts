import type { MigrationInterface, QueryRunner } from 'typeorm';
import { COLUMNS } from './1764000000002-create-ops-metrics.js';
import { distributionColumns, hasLz4 } from './1764000000005-add-ops-distributions.js';
import { splitColumns } from './1764000000040-add-ops-split-measures.js';
import {
  addMissingColumns,
  createIndexIfAbsent,
  createTableIfAbsent,
  dropCreated,
  type IndexDefinition,
} from './support/adopt.js';

const TABLES = [
  { name: 'ops_metrics_dimension_hourly', bucket: 'bucket_start', type: 'timestamptz' },
  { name: 'ops_metrics_dimension_daily', bucket: 'bucket_date', type: 'date' },
] as const;

/**
 * The buckets first: one is recomputed, read and dropped at a time. In byte order, which no upgrade of a system's locales
 * changes, and which sorts faster.
 */
const uniqueOf = ({ name, bucket }: (typeof TABLES)[number]): IndexDefinition => [
  `idx_${name}_unique`,
  `(${bucket}, dimension, COALESCE(group_id, 0), key)`,
  'UNIQUE',
];

/** Counts and maxima, as the tables of the levels have them. */
const PLAIN = COLUMNS.filter(([name]) => /(?:_count|_total|_sla|_529|_consumed|_max_ms)$/.test(name));

/** The sets of keys by which requests are sliced: rows for each hour and day. */
export class CreateOpsDimensions1764000000041 implements MigrationInterface {
  public readonly name = 'CreateOpsDimensions1764000000041';

  public async up(queryRunner: QueryRunner): Promise<void> {
    const compression = (await hasLz4(queryRunner)) ? 'lz4' : 'pglz';
    for (const table of TABLES) {
      await createTableIfAbsent(
        queryRunner,
        table.name,
        `  id bigserial PRIMARY KEY,
  ${table.bucket} ${table.type} NOT NULL,
  dimension varchar(63) COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  group_id bigint,
  ${PLAIN.map(([name, definition]) => `${name} ${definition}`).join(',\n  ')}`,
      );
      await addMissingColumns(queryRunner, table.name, [
        ...distributionColumns(compression),
        ...splitColumns(compression),
      ]);
      await createIndexIfAbsent(queryRunner, table.name, uniqueOf(table));
    }
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) {
      await dropCreated(queryRunner, table.name, {
        columns: [...distributionColumns('pglz'), ...splitColumns('pglz')].map(([name]) => name),
        indexes: [uniqueOf(table)[0]],
      });
    }
  }
}
