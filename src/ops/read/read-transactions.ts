import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { selectRow } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { sqlState } from '../sql/database-errors.js';
import { boundTransaction } from '../sql/bound-queries.js';
import { OpsReadTimeoutError, OpsSumOutOfRangeError } from './read-errors.js';
import { ReadGate } from './read-gate.js';

/** Longest that a read waits for a lock, in milliseconds: only DDL, or LOCK TABLE, stands in its way. */
const LONGEST_LOCK_WAIT_MS = 2_000;

/** How much longer than the server's own limit an answer is waited for, in milliseconds. */
const GRACE_MS = 5_000;

/** What `pg` makes of a pool whose size nobody has set. */
const DEFAULT_POOL_SIZE = 10;

/** The transactions of reads: so many at the same time in an instance, and each with limits. */
@Injectable()
export class ReadTransactions {
  private readonly gate: ReadGate;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly options: OpsOptions,
  ) {
    // Beside the connections of the drain there is always one left: for readiness, metrics and writes.
    const free = poolSizeOf(dataSource) - options.drainConcurrency - 1;
    this.gate = new ReadGate(Math.max(1, Math.min(options.maxConcurrentReads, free)));
  }

  /**
   * Runs `work` in a read-only READ COMMITTED transaction with limits of its own, which leave nothing on the
   * connection. JIT is off: the planner overestimates raw ranges, whose borders it cannot know, and compiling an
   * overview of 30 days took fifty times as long as running it.
   *
   * @throws OpsBusyError, OpsReadTimeoutError, OpsSumOutOfRangeError, and QueryFailedError as the database gives it
   */
  public async run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.gate.run(() => this.runAtOnce(work));
  }

  /**
   * The same at once, however many reads are waiting: for what takes milliseconds, and is asked when they are many.
   *
   * @throws OpsReadTimeoutError, OpsSumOutOfRangeError, and QueryFailedError as the database gives it
   */
  public async runAtOnce<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { readTimeoutMs, idleInTransactionTimeoutMs } = this.options;
    const lockTimeoutMs = Math.min(LONGEST_LOCK_WAIT_MS, Math.ceil(readTimeoutMs / 2));
    const limits = [readTimeoutMs, lockTimeoutMs, idleInTransactionTimeoutMs].map(String);
    try {
      return await boundTransaction(
        this.dataSource,
        { limitMs: readTimeoutMs + GRACE_MS },
        async (manager) => {
          await selectRow(manager, {
            text: `SELECT set_config('transaction_read_only', 'on', true), set_config('jit', 'off', true),
            set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
            set_config('idle_in_transaction_session_timeout', $3, true)`,
            values: limits,
          });
          return work(manager);
        },
      );
    } catch (error) {
      switch (sqlState(error)) {
        case '57014':
          throw new OpsReadTimeoutError('statement', readTimeoutMs, error);
        case '55P03':
          throw new OpsReadTimeoutError('lock', lockTimeoutMs, error);
        case '22003':
          throw new OpsSumOutOfRangeError('A sum of the range is past 64 bits', error);
        default:
          throw error;
      }
    }
  }
}

/** In a host's unit tests the DataSource is a mock, of what they call. */
function poolSizeOf({ options }: Partial<DataSource>): number {
  const { poolSize, extra } = (options ?? {}) as { poolSize?: number; extra?: { max?: number } };
  return extra?.max ?? poolSize ?? DEFAULT_POOL_SIZE;
}
