import type { QueryRunner } from 'typeorm';
import { sqlStateOf } from './beside-traffic.js';
import { queryRows } from './ledger.js';
import { SchemaConflictError } from './schema-conflict.error.js';

/** No unique or exclusion constraint matches the ON CONFLICT specification. */
const INVALID_CONFLICT_TARGET = '42P10';

export async function columnsOf(queryRunner: QueryRunner, relation: string): Promise<Set<string>> {
  const rows = await queryRows<{ name: string }>(
    queryRunner,
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [relation],
  );
  return new Set(rows.map((row) => row.name));
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
  const [shape] = await queryRows<{ relkind: string; created_at: string | null }>(
    queryRunner,
    `SELECT c.relkind, format_type(a.atttypid, NULL) AS created_at
     FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'created_at' AND NOT a.attisdropped
     WHERE c.oid = to_regclass($1)`,
    [table],
  );
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
    if (sqlStateOf(error) === INVALID_CONFLICT_TARGET) {
      throw new SchemaConflictError(conflict, { cause: error });
    }
    throw error;
  }
}
