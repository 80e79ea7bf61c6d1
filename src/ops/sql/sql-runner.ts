import { DataSource } from 'typeorm';
import { boundQueries } from './bound-queries.js';
import type { SqlStatement } from './sql-statement.js';

/**
 * Longest wait for a statement that is a transaction of its own, without limits at the server: bookkeeping, which takes
 * milliseconds. What may take longer runs in a transaction that says so.
 */
const BOUND = { limitMs: 150_000 };

/**
 * What a statement can be sent through: a DataSource (a transaction of its own), or an EntityManager or
 * QueryRunner (the caller's transaction).
 */
export interface SqlRunner {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Sends a statement that returns rows (SELECT, or WITH … SELECT). */
export async function selectRows<Row>(runner: SqlRunner, statement: SqlStatement): Promise<Row[]> {
  if (!(runner instanceof DataSource)) {
    return (await runner.query(statement.text, statement.values)) as Row[];
  }
  const own = boundQueries(runner.createQueryRunner(), BOUND);
  try {
    return (await own.query(statement.text, statement.values)) as Row[];
  } finally {
    await own.release();
  }
}

/** Sends a statement that returns exactly one row. */
export async function selectRow<Row>(runner: SqlRunner, statement: SqlStatement): Promise<Row> {
  const [row] = await selectRows<Row>(runner, statement);
  if (row === undefined) {
    throw new Error('A statement that returns one row returned none.');
  }
  return row;
}
