import type { Scene } from './scene.js';

/** What one of our tables takes at a moment. */
export interface TableFootprint {
  readonly table: string;
  readonly rows: number;
  readonly deadRows: number;
  /** Of the table with its TOAST. */
  readonly bytes: number;
  readonly indexBytes: number;
}

/** Every table of the module that is in the database. Counts its rows: for small databases. */
export async function footprints({ client }: Scene): Promise<TableFootprint[]> {
  // The numbers of dead rows are those of the session's last look.
  await client.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await client.query<Record<'table' | 'dead' | 'bytes' | 'indexes', string>>(
    `SELECT relname AS table, n_dead_tup AS dead, pg_table_size(relid) AS bytes, pg_indexes_size(relid) AS indexes
     FROM pg_stat_user_tables WHERE relname LIKE 'ops\\_%' AND relname NOT IN ('ops_error_logs', 'ops_schema_objects')
     ORDER BY relname`,
  );
  const footprints: TableFootprint[] = [];
  for (const { table, dead, bytes, indexes } of rows) {
    const { rows: counted } = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${table}`);
    footprints.push({
      table,
      rows: Number(counted[0]?.rows),
      deadRows: Number(dead),
      bytes: Number(bytes),
      indexBytes: Number(indexes),
    });
  }
  return footprints;
}

/** Connections of each application to the scene's database, but for the one that asks. */
export async function connections({ client }: Scene): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string; connections: string }>(
    `SELECT application_name AS name, count(*) AS connections FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' GROUP BY 1`,
  );
  return new Map(rows.map(({ name, connections }) => [name, Number(connections)]));
}
