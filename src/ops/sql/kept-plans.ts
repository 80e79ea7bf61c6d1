import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { selectRow } from './sql-runner.js';
import type { SqlStatement } from './sql-statement.js';

/** What is used of pg's client, where TypeORM was given that driver and no other. */
interface Client {
  /** Of the server process that the client was told it talks to. */
  readonly processID?: unknown;
  query: (this: Client, statement: unknown, values?: unknown) => unknown;
}

/** The names of what each client has had prepared. */
const prepared = new WeakMap<Client, Set<string>>();

/** A plan has some 40 kB of the server's memory for each partition of the raw tables; all of the database are counted. */
const MOST_PARTITIONS = 1_000;

/**
 * Sends a statement that returns exactly one row, in the caller's transaction, by a plan that stays with the connection:
 * it is parsed and planned once, for whatever is bound. For a text that is sent again and again, takes longer to plan than
 * to run, and whose plan does not depend on what is bound. It goes by indexes: tables that are small when it is made grow
 * while it is kept. What the transaction sends after it is planned like that, too.
 *
 * A transaction-pooling proxy may give the next transaction another connection to the server. It does not tell its clients
 * the ID of the server's process, so that is asked for each time; and so is whether the server has the statement, since
 * anybody may say DISCARD. Where the answer is not what is known here, the statement is sent like any other.
 */
export async function selectRowByKeptPlan<Row>(
  manager: EntityManager,
  statement: SqlStatement,
): Promise<Row> {
  const client = (await manager.queryRunner?.connect()) as Client | undefined;
  const name = `ops_${createHash('sha256').update(statement.text).digest('hex').slice(0, 32)}`;
  const names = (client && prepared.get(client)) ?? new Set();
  const { usable } = await selectRow<{ usable: boolean }>(manager, {
    text: `SELECT usable, CASE WHEN usable THEN
  set_config('plan_cache_mode', 'force_generic_plan', true) || set_config('enable_seqscan', 'off', true) END
FROM (
  SELECT pg_backend_pid() = $2::int AND EXISTS (SELECT FROM pg_prepared_statements WHERE name = $1) = $3::boolean
    AND ($3::boolean OR (
      SELECT count(*) FROM pg_class WHERE relispartition AND relkind IN ('r', 'f')) <= ${MOST_PARTITIONS}) AS usable
  OFFSET 0
) asked`,
    values: [name, client?.processID ?? 0, names.has(name)],
  });
  if (client === undefined || !usable) {
    return selectRow(manager, statement);
  }
  prepared.set(client, names.add(name));
  const { query } = client;
  client.query = (text, values) => query.call(client, { name, text, values });
  try {
    return await selectRow(manager, statement);
  } finally {
    client.query = query;
  }
}
