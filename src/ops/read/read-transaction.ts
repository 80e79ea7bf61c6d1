import type { DataSource, EntityManager } from 'typeorm';
import { selectRow } from '../metrics/sql-runner.js';
import { boundTransaction } from '../sql/bound-queries.js';

/** A dashboard has long given up by then; the server should too. */
const STATEMENT_TIMEOUT_MS = 30_000;
const BOUND = { limitMs: STATEMENT_TIMEOUT_MS + 5_000 };

/**
 * Runs `work` in a read-only transaction with limits of its own, which leave nothing on the connection. JIT is off:
 * the planner overestimates raw ranges, whose borders it cannot know, and compiling an overview of 30 days took fifty
 * times as long as running it.
 */
export async function readTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return boundTransaction(dataSource, BOUND, async (manager) => {
    await selectRow(manager, {
      text: `SELECT set_config('transaction_read_only', 'on', true), set_config('jit', 'off', true),
        set_config('statement_timeout', $1, true)`,
      values: [String(STATEMENT_TIMEOUT_MS)],
    });
    return work(manager);
  });
}
