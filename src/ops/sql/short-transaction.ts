import type { DataSource, EntityManager } from 'typeorm';
import { selectRow } from './sql-runner.js';
import { boundTransaction } from './bound-queries.js';
import { noteProgress } from './progress.js';

/** How much longer than the server's own statement_timeout an answer is waited for, in milliseconds. */
const GRACE_MS = 5_000;

export interface TransactionLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
}

/**
 * Runs `work` in one READ COMMITTED transaction with SET LOCAL limits: nothing is left on the connection, which may
 * be a transaction-pooling proxy's. A statement that stays without an answer for longer than the server allows it
 * ends the transaction and its connection. Each one that is answered is progress of the jobs: what only looks at them
 * uses {@link limitedTransaction}.
 *
 * @throws LostConnectionError where the connection breaks or falls silent
 */
export async function shortTransaction<T>(
  dataSource: DataSource,
  limits: TransactionLimits,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return limitedTransaction(dataSource, limits, work, () => {
    noteProgress(dataSource);
  });
}

/** A {@link shortTransaction} that is no progress of the jobs, unless `onAnswer` says so. */
export async function limitedTransaction<T>(
  dataSource: DataSource,
  limits: TransactionLimits,
  work: (manager: EntityManager) => Promise<T>,
  onAnswer?: () => void,
): Promise<T> {
  const bound = { limitMs: limits.statementTimeoutMs + GRACE_MS, onAnswer };
  return boundTransaction(dataSource, bound, async (manager) => {
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
