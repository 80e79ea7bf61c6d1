import type { SqlStatement } from './ops-tables.js';

/**
 * What a statement can be sent through: a DataSource (a transaction of its own), or an EntityManager or
 * QueryRunner (the caller's transaction).
 */
export interface SqlRunner {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Sends a statement that returns rows (SELECT, or WITH … SELECT). */
export async function selectRows<Row>(runner: SqlRunner, statement: SqlStatement): Promise<Row[]> {
  return (await runner.query(statement.text, statement.values)) as Row[];
}

/** Sends a statement that returns exactly one row. */
export async function selectRow<Row>(runner: SqlRunner, statement: SqlStatement): Promise<Row> {
  const [row] = await selectRows<Row>(runner, statement);
  if (row === undefined) {
    throw new Error('A statement that returns one row returned none.');
  }
  return row;
}
