import { QueryFailedError, type QueryRunner } from 'typeorm';
import { recordCreated, takeCreated } from './ledger.js';
import { SchemaConflictError } from './schema-conflict.error.js';

/** No unique or exclusion constraint matches the ON CONFLICT specification. */
const INVALID_CONFLICT_TARGET = '42P10';

/** A relation of that name on the search path: a table, a partitioned table or a view. */
export async function relationExists(queryRunner: QueryRunner, name: string): Promise<boolean> {
  const rows = (await queryRunner.query('SELECT to_regclass($1) IS NOT NULL AS found', [name])) as {
    found: boolean;
  }[];
  return rows[0]?.found === true;
}

export async function columnsOf(queryRunner: QueryRunner, relation: string): Promise<Set<string>> {
  const rows = (await queryRunner.query(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [relation],
  )) as { name: string }[];
  return new Set(rows.map((row) => row.name));
}

/** Creates the table where it is absent. Resolves to true where it did. */
export async function createTableIfAbsent(
  queryRunner: QueryRunner,
  name: string,
  ddl: string,
): Promise<boolean> {
  if (await relationExists(queryRunner, name)) {
    return false;
  }
  await queryRunner.query(ddl);
  await recordCreated(queryRunner, 'table', name);
  return true;
}

/** Adds the columns that an adopted table lacks; those that are there are left as they are. */
export async function addMissingColumns(
  queryRunner: QueryRunner,
  table: string,
  columns: readonly (readonly [name: string, definition: string])[],
): Promise<void> {
  const present = await columnsOf(queryRunner, table);
  for (const [name, definition] of columns) {
    if (!present.has(name)) {
      await queryRunner.query(`ALTER TABLE ${table} ADD COLUMN ${name} ${definition}`);
      await recordCreated(queryRunner, 'column', `${table}.${name}`);
    }
  }
}

export async function createIndexIfAbsent(
  queryRunner: QueryRunner,
  name: string,
  ddl: string,
): Promise<void> {
  if (!(await relationExists(queryRunner, name))) {
    await queryRunner.query(ddl);
    await recordCreated(queryRunner, 'index', name);
  }
}

/** Names every column that an adopted table needs and lacks; nothing of it is altered. */
export async function requireColumns(
  queryRunner: QueryRunner,
  table: string,
  needed: readonly string[],
): Promise<void> {
  const present = await columnsOf(queryRunner, table);
  const missing = needed.filter((column) => !present.has(column));
  if (missing.length > 0) {
    throw new SchemaConflictError(
      `Table ${table} is already there, made by another program, and lacks the column(s) ${missing.join(', ')}.`,
    );
  }
}

/**
 * Refuses a raw table that cannot be followed: who writes into a view or a foreign table cannot be seen, and a time
 * without a zone shifts every bucket with the database's. One that is not on the search path is looked at by the module
 * when it starts.
 */
export async function requireFollowable(queryRunner: QueryRunner, table: string): Promise<void> {
  const [shape] = (await queryRunner.query(
    `SELECT c.relkind, format_type(a.atttypid, NULL) AS created_at
     FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'created_at' AND NOT a.attisdropped
     WHERE c.oid = to_regclass($1)`,
    [table],
  )) as { relkind: string; created_at: string | null }[];
  if (shape === undefined) {
    return;
  }
  if (shape.relkind !== 'r' && shape.relkind !== 'p') {
    throw new SchemaConflictError(
      `${table} is not a table: who writes into a view or a foreign table cannot be seen. Name the table itself.`,
    );
  }
  if (shape.created_at !== 'timestamp with time zone') {
    throw new SchemaConflictError(
      `Column created_at of ${table} is ${shape.created_at ?? 'missing'}, and must be timestamptz: without a zone, every bucket would shift with the database's.`,
    );
  }
}

/**
 * Makes sure that an upsert can really use the key as its conflict target: an index of the right name may be another
 * program's, and another one.
 *
 * @param insert what is inserted, `table (column) VALUES (value)`; it is only planned
 */
export async function requireConflictTarget(
  queryRunner: QueryRunner,
  insert: string,
  key: string,
  conflict: string,
): Promise<void> {
  try {
    await queryRunner.query(`EXPLAIN INSERT INTO ${insert} ON CONFLICT ${key} DO NOTHING`);
  } catch (error) {
    if (
      error instanceof QueryFailedError &&
      (error.driverError as { code?: string }).code === INVALID_CONFLICT_TARGET
    ) {
      throw new SchemaConflictError(conflict, { cause: error });
    }
    throw error;
  }
}

/** Drops those of the columns that the ledger says were created here; the table stays, whosever it is. */
export async function dropCreatedColumns(
  queryRunner: QueryRunner,
  table: string,
  columns: readonly string[],
): Promise<void> {
  for (const column of columns) {
    if (await takeCreated(queryRunner, 'column', `${table}.${column}`)) {
      await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${column}`);
    }
  }
}

/** Drops those of the indexes that the ledger says were created here. */
export async function dropCreatedIndexes(
  queryRunner: QueryRunner,
  indexes: readonly string[],
): Promise<void> {
  for (const index of indexes) {
    if (await takeCreated(queryRunner, 'index', index)) {
      await queryRunner.query(`DROP INDEX IF EXISTS ${index}`);
    }
  }
}

/** Drops what the ledger says was created here, indexes and columns before their table. */
export async function dropCreated(
  queryRunner: QueryRunner,
  table: string,
  objects: { columns: readonly string[]; indexes: readonly string[] },
): Promise<void> {
  await dropCreatedIndexes(queryRunner, objects.indexes);
  await dropCreatedColumns(queryRunner, table, objects.columns);
  if (await takeCreated(queryRunner, 'table', table)) {
    await queryRunner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}
