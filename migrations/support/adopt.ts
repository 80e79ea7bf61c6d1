import type { QueryRunner } from 'typeorm';
import { isUnused, locking, outsideTransaction } from './beside-traffic.js';
import { isCreated, queryRows, recordCreated, relationExists, takeCreated } from './ledger.js';
import { columnsOf } from './require.js';

/** A column to be added, and what is to be altered of it then, such as its storage. */
type ColumnDefinition = readonly [name: string, definition: string, alteration?: string];

/** An index to be created: its name, and what follows `ON table` in its definition. */
export type IndexDefinition = readonly [name: string, definition: string, unique?: 'UNIQUE'];

/** Creates the table where it is absent. Resolves to true where it did. */
export async function createTableIfAbsent(
  queryRunner: QueryRunner,
  name: string,
  columns: string,
): Promise<boolean> {
  if (await relationExists(queryRunner, name)) {
    return false;
  }
  await queryRunner.query(`CREATE TABLE ${name} (\n${columns}\n)`);
  await recordCreated(queryRunner, 'table', name);
  return true;
}

/**
 * Adds the columns that a table lacks, in one statement; those that are there are left as they are. No default may be
 * volatile: the table would be rewritten.
 *
 * @param alterations what else is altered of the table in that statement
 */
export async function addMissingColumns(
  queryRunner: QueryRunner,
  table: string,
  columns: readonly ColumnDefinition[],
  alterations: readonly string[] = [],
): Promise<void> {
  const present = await columnsOf(queryRunner, table);
  const missing = columns.filter(([name]) => !present.has(name));
  if (missing.length === 0) {
    return;
  }
  const actions = missing.flatMap(([name, definition, alteration]) => [
    `ADD COLUMN ${name} ${definition}`,
    ...(alteration === undefined ? [] : [`ALTER COLUMN ${name} ${alteration}`]),
  ]);
  await locking(queryRunner, table, async () => {
    await queryRunner.query(`ALTER TABLE ${table} ${[...actions, ...alterations].join(', ')}`);
    for (const [name] of missing) {
      await recordCreated(queryRunner, 'column', `${table}.${name}`);
    }
  });
}

/**
 * Creates the index where it is absent, without a lock that writers of the table would wait for. One of ours that was
 * not finished is made again; one of another program's is left as it is.
 */
export async function createIndexIfAbsent(
  queryRunner: QueryRunner,
  table: string,
  [name, definition, unique]: IndexDefinition,
): Promise<void> {
  const [index] = await queryRows<{ valid: boolean }>(
    queryRunner,
    `SELECT coalesce(i.indisvalid, true) AS valid
     FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = to_regclass($1)`,
    [name],
  );
  if (index?.valid === true || (index !== undefined && !(await isCreated(queryRunner, 'index', name)))) {
    return;
  }
  const [on] = await queryRows<{ table: string; index: string; partitioned: boolean }>(
    queryRunner,
    // With their schema: without a transaction, a pooler may choose another connection, with another search_path.
    `SELECT format('%I.%I', nspname, relname) AS table, format('%I.%I', nspname, $2::text) AS index, relkind = 'p' AS partitioned
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = to_regclass($1)`,
    [table, name],
  );
  if (on === undefined) {
    throw new Error(`Table ${table} is not on the search path`);
  }
  const create = (concurrently: string): string =>
    `CREATE ${unique ?? ''} INDEX ${concurrently} ${name} ON ${on.table} ${definition}`;
  if (await isUnused(queryRunner, table)) {
    await queryRunner.query(create(''));
    await recordCreated(queryRunner, 'index', name);
    return;
  }
  if (on.partitioned) {
    // PostgreSQL cannot do it CONCURRENTLY.
    await locking(queryRunner, table, async () => {
      await queryRunner.query(create(''));
      await recordCreated(queryRunner, 'index', name);
    });
    return;
  }
  // Before, so that one that is not finished is known to be ours.
  await recordCreated(queryRunner, 'index', name);
  try {
    await outsideTransaction(queryRunner, async () => {
      if (index !== undefined) {
        await queryRunner.query(`DROP INDEX CONCURRENTLY ${on.index}`);
      }
      await queryRunner.query(create('CONCURRENTLY'));
    });
  } catch (error) {
    await outsideTransaction(queryRunner, async () => {
      await queryRunner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${on.index}`);
      await takeCreated(queryRunner, 'index', name);
    }).catch(() => undefined); // The connection is gone: the next run finds it.
    throw error;
  }
}

/** Names of what a migration may have added to a table. */
interface Added {
  readonly columns?: readonly string[];
  readonly indexes?: readonly string[];
}

/**
 * Drops those of the columns and indexes that the ledger says were created here; the table stays, whosever it is.
 *
 * @param alterations what else is altered of the table in that statement, and before, if any column is dropped
 */
export async function dropAdded(
  queryRunner: QueryRunner,
  table: string,
  { columns = [], indexes = [] }: Added,
  alterations: readonly string[] = [],
): Promise<void> {
  await locking(queryRunner, table, async () => {
    for (const index of indexes) {
      if (await takeCreated(queryRunner, 'index', index)) {
        await queryRunner.query(`DROP INDEX IF EXISTS ${index}`);
      }
    }
    const actions: string[] = [];
    for (const column of columns) {
      if (await takeCreated(queryRunner, 'column', `${table}.${column}`)) {
        actions.push(`DROP COLUMN IF EXISTS ${column}`);
      }
    }
    if (actions.length > 0) {
      await queryRunner.query(`ALTER TABLE IF EXISTS ${table} ${[...alterations, ...actions].join(', ')}`);
    }
  });
}

/** Drops what the ledger says was created here, indexes and columns before their table. */
export async function dropCreated(queryRunner: QueryRunner, table: string, added: Added = {}): Promise<void> {
  await dropAdded(queryRunner, table, added);
  await locking(queryRunner, table, async () => {
    if (await takeCreated(queryRunner, 'table', table)) {
      await queryRunner.query(`DROP TABLE IF EXISTS ${table}`);
    }
  });
}
