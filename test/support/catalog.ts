import type { DataSource } from 'typeorm';

/** What the catalog and the rows say of one table. */
export interface TableState {
  readonly columns: readonly string[];
  readonly indexes: readonly string[];
  readonly constraints: readonly string[];
  /** Changes when the table is rewritten. */
  readonly storage: string;
  readonly rows: readonly string[];
}

/** The names of all tables, sequences, views and indexes that are not the server's own, with their schema. */
export async function relationNames(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ name: string }[]>(
    `SELECT relnamespace::regnamespace || '.' || relname AS name FROM pg_class
     WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%' AND relnamespace <> 'information_schema'::regnamespace
     ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/**
 * Everything that the catalog has of other objects than the server's own: relations with their storage, columns,
 * defaults, constraints, types, functions, triggers, schemas. A column that was dropped is a gap in the numbers that no
 * ALTER TABLE closes, and not counted.
 */
export async function catalogOf(dataSource: DataSource): Promise<string[]> {
  const own = (namespace: string): string =>
    `${namespace}::regnamespace::text NOT LIKE 'pg\\_%' AND ${namespace}::regnamespace::text <> 'information_schema'`;
  const rows = await dataSource.query<{ line: string }[]>(`
    SELECT concat_ws(' ', 'relation', oid::regclass, oid, relkind, relfilenode) AS line FROM pg_class WHERE ${own('relnamespace')}
    UNION ALL
    SELECT concat_ws(' ', 'column', c.oid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
      attidentity, attgenerated, attnum, pg_get_expr(adbin, adrelid))
    FROM pg_class c JOIN pg_attribute ON attrelid = c.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE ${own('relnamespace')} AND NOT attisdropped
    UNION ALL
    SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid)) FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE ${own('relnamespace')}
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE ${own('connamespace')}
    UNION ALL
    SELECT concat_ws(' ', 'type', oid, typname) FROM pg_type WHERE ${own('typnamespace')}
    UNION ALL
    SELECT concat_ws(' ', 'function', oid::regprocedure) FROM pg_proc WHERE ${own('pronamespace')}
    UNION ALL
    SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'schema', nspname) FROM pg_namespace WHERE ${own('oid')}
    ORDER BY 1`);
  return rows.map(({ line }) => line);
}

export async function indexDefinitions(dataSource: DataSource, table: string): Promise<string[]> {
  const rows = await dataSource.query<{ definition: string }[]>(
    'SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid = $1::regclass ORDER BY 1',
    [table],
  );
  return rows.map(({ definition }) => definition);
}

async function tableState(dataSource: DataSource, table: string): Promise<TableState> {
  const list = async (sql: string): Promise<string[]> => {
    const rows = await dataSource.query<{ line: string }[]>(sql, [table]);
    return rows.map(({ line }) => line);
  };
  const [storage = ''] = await list('SELECT pg_relation_filenode($1::regclass)::text AS line');
  const rows = await dataSource.query<{ line: string }[]>(
    `SELECT t::text AS line FROM ${table} t ORDER BY 1`,
  );
  return {
    columns: await list(
      `SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)) AS line
       FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    ),
    indexes: await indexDefinitions(dataSource, table),
    constraints: await list(
      `SELECT conname || ' ' || pg_get_constraintdef(oid) AS line FROM pg_constraint
       WHERE conrelid = $1::regclass ORDER BY 1`,
    ),
    storage,
    rows: rows.map(({ line }) => line),
  };
}

/** Columns, indexes, constraints, storage and rows of the given tables, for comparison before and after. */
export async function dumpTables(
  dataSource: DataSource,
  tables: readonly string[],
): Promise<Record<string, TableState>> {
  const entries: [string, TableState][] = [];
  for (const table of tables) {
    entries.push([table, await tableState(dataSource, table)]);
  }
  return Object.fromEntries(entries);
}
