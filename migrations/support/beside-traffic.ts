import { setTimeout as sleep } from 'node:timers/promises';
import { QueryFailedError, type QueryRunner } from 'typeorm';
import { isCreated, queryRows, relationExists } from './ledger.js';

/** Longest wait for a lock on a table in use: whoever comes meanwhile queues behind it, and waits no longer either. */
const LOCK_TIMEOUT_MS = 500;
/** Then the traffic has its turn, before the next of so many attempts: for about a quarter of an hour. */
const PAUSE_MS = 1_000;
const ATTEMPTS = 600;

const LOCK_NOT_AVAILABLE = '55P03';

export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
}

/** Nobody else uses it yet: the migrations made it, and it has no row. What locks it blocks nobody. */
export async function isUnused(queryRunner: QueryRunner, table: string): Promise<boolean> {
  return (
    (await isCreated(queryRunner, 'table', table)) &&
    (await relationExists(queryRunner, table)) &&
    (await queryRows(queryRunner, `SELECT 1 FROM ${table} LIMIT 1`)).length === 0
  );
}

/**
 * Does the work without the transaction under way, if there is one: it is committed before and begun anew after. So
 * that the migrations work in every transaction mode of TypeORM, and hold no lock on a table in use for longer than a
 * statement takes. All of them can be applied again where one was ended half way: what is there already is kept.
 */
export async function outsideTransaction<T>(queryRunner: QueryRunner, work: () => Promise<T>): Promise<T> {
  const inside = queryRunner.isTransactionActive;
  if (inside) {
    await queryRunner.commitTransaction();
  }
  try {
    return await work();
  } finally {
    if (inside) {
      await queryRunner.startTransaction();
    }
  }
}

/**
 * Does work that locks a table: at once where the table is unused, else in a transaction of its own that gives up soon
 * where the lock is not to be had, and tries again.
 *
 * @throws QueryFailedError 55P03 where the lock was not to be had for a quarter of an hour
 */
export async function locking(
  queryRunner: QueryRunner,
  table: string,
  work: () => Promise<unknown>,
): Promise<void> {
  if (await isUnused(queryRunner, table)) {
    await work();
    return;
  }
  await outsideTransaction(queryRunner, async () => {
    for (let attempt = 1; !(await lockedInTime(queryRunner, work, attempt === ATTEMPTS)); attempt += 1) {
      await sleep(PAUSE_MS);
    }
  });
}

async function lockedInTime(
  queryRunner: QueryRunner,
  work: () => Promise<unknown>,
  last: boolean,
): Promise<boolean> {
  await queryRunner.startTransaction();
  try {
    await queryRunner.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await work();
    await queryRunner.commitTransaction();
    return true;
  } catch (error) {
    await queryRunner.rollbackTransaction();
    if (last || sqlStateOf(error) !== LOCK_NOT_AVAILABLE) {
      throw error;
    }
    return false;
  }
}
