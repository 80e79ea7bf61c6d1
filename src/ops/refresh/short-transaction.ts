import type { DataSource, EntityManager } from 'typeorm';
import { selectRow } from '../metrics/sql-runner.js';

export interface TransactionLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
}

/**
 * Runs `work` in one READ COMMITTED transaction with SET LOCAL limits: nothing is left on the connection, which may
 * be a transaction-pooling proxy's.
 */
export async function shortTransaction<T>(
  dataSource: DataSource,
  limits: TransactionLimits,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return dataSource.transaction('READ COMMITTED', async (manager) => {
    await selectRow(manager, {
      text: `SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
        set_config('idle_in_transaction_session_timeout', $3, true), set_config('jit', 'off', true)`,
      values: [limits.statementTimeoutMs, limits.lockTimeoutMs, limits.idleInTransactionTimeoutMs].map(
        String,
      ),
    });
    return work(manager);
  });
}

/**
 * A short transaction that notes the hours somebody asked for. It may have to wait for a drain that has just claimed
 * them, and such a wait is no failure: it may last as long as a statement may. (Detection is not that patient: behind a
 * suspended instance it gives up, so that its tick goes on to drain, and the next tick detects again.)
 */
export async function notingTransaction<T>(
  dataSource: DataSource,
  { statementTimeoutMs, idleInTransactionTimeoutMs }: TransactionLimits,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const limits = { statementTimeoutMs, idleInTransactionTimeoutMs, lockTimeoutMs: statementTimeoutMs };
  return shortTransaction(dataSource, limits, work);
}
