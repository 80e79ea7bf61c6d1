import type { DataSource } from 'typeorm';
import { DefinedTables } from '../../../src/ops/definitions/defined-tables.service.js';
import { OPS_TABLES } from '../../../src/ops/definitions/ops-tables.js';
import { upsertBuckets } from '../../../src/ops/rollup/sql/upsert-buckets.sql.js';

/** Computes the minutes of [from, through) that have raw rows, the one of `through` included, and says that they are kept. */
export async function keepMinutes(dataSource: DataSource, from: Date, through: Date): Promise<void> {
  const rows = await dataSource.query<{ minute: Date }[]>(
    `SELECT DISTINCT date_bin(interval '1 minute', created_at, 'epoch') AS minute
     FROM (SELECT created_at FROM usage_logs UNION ALL SELECT created_at FROM ops_error_logs) r
     WHERE created_at >= $1::timestamptz
       AND created_at < date_bin(interval '1 minute', $2::timestamptz, 'epoch') + interval '1 minute'`,
    [from.toISOString(), through.toISOString()],
  );
  const { text, values } = upsertBuckets(
    await new DefinedTables(dataSource, OPS_TABLES).current(),
    'minute',
    rows.map(({ minute }) => ({
      bucket: minute.toISOString(),
      usage: 'take',
      errors: 'take',
      asked: false,
      settled: true,
    })),
  );
  await dataSource.query('TRUNCATE ops_metrics_minutely, ops_metrics_live');
  await dataSource.query(text, values);
  await dataSource.query('INSERT INTO ops_metrics_live (minutes_from, live_through) VALUES ($1, $2)', [
    from.toISOString(),
    through.toISOString(),
  ]);
}
