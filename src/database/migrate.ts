import { setTimeout as sleep } from 'node:timers/promises';
import {
  DataSource,
  EventSubscriber,
  type EntitySubscriberInterface,
  type TransactionStartEvent,
} from 'typeorm';
import { MIGRATIONS_TABLE } from './data-source.js';

/** Key of the lock under which migrations run; any constant will do, as long as every instance uses it. */
const MIGRATION_LOCK = [0x6f7073, 0] as const;
const LOCK_POLL_MS = 100;

/**
 * Applies what is pending. Several instances may start at once: TypeORM reads what has been applied before it takes
 * any lock, so the whole of it runs under one that a second connection holds, for the time of its transaction
 * (which also works behind a transaction-pooling proxy).
 *
 * @returns the names of the applied migrations, in order.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  if ((await pendingMigrations(dataSource)).length === 0) {
    return [];
  }
  return underLock(dataSource, async (patient) => {
    const applied = await patient.runMigrations();
    return applied.map((migration) => migration.name);
  });
}

/**
 * The migrations that have not been applied, in order. Unlike TypeORM's own look it creates nothing, so that it can
 * be asked of a database that one may only read.
 *
 * @param runner what to ask it through; the DataSource itself unless told
 */
export async function pendingMigrations(
  dataSource: DataSource,
  runner: Asked = dataSource,
): Promise<string[]> {
  const applied = new Set(await appliedMigrations(runner));
  return dataSource.migrations.map(({ name }) => name ?? '').filter((name) => !applied.has(name));
}

/** A DataSource, or a query runner of the caller's. */
interface Asked {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

async function appliedMigrations(runner: Asked): Promise<string[]> {
  const [table] = (await runner.query('SELECT to_regclass($1) IS NOT NULL AS found', [MIGRATIONS_TABLE])) as {
    found: boolean;
  }[];
  if (table?.found !== true) {
    return [];
  }
  const rows = (await runner.query(`SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`)) as { name: string }[];
  return rows.map(({ name }) => name);
}

/**
 * Reverts the latest applied migration; only what it had created is dropped, and with the last one the record of
 * migrations too.
 *
 * @returns its name, or null where none was applied
 */
export async function revertLast(dataSource: DataSource): Promise<string | null> {
  return underLock(dataSource, revertOne);
}

/**
 * Reverts every applied migration, the latest first: nothing of this project's is left, and what it has adopted is as it
 * was. Where one fails, those before it stay reverted.
 *
 * @returns their names, in the order of reverting
 */
export async function revertAll(dataSource: DataSource): Promise<string[]> {
  return underLock(dataSource, async (patient) => {
    await revertUnfinished(patient);
    const reverted: string[] = [];
    for (let name = await revertOne(patient); name !== null; name = await revertOne(patient)) {
      reverted.push(name);
    }
    return reverted;
  });
}

/** What a migration that was ended half way has made; each drops only what is written down as its own. */
async function revertUnfinished(patient: DataSource): Promise<void> {
  const [pending] = await pendingMigrations(patient);
  const unfinished = patient.migrations.find(({ name }) => name === pending);
  if (unfinished === undefined) {
    return;
  }
  const queryRunner = patient.createQueryRunner();
  try {
    await unfinished.down(queryRunner);
  } finally {
    await queryRunner.release();
  }
}

async function revertOne(patient: DataSource): Promise<string | null> {
  const applied = await appliedMigrations(patient);
  if (applied.length > 0) {
    await patient.undoLastMigration();
  }
  if (applied.length <= 1) {
    await patient.query(`DROP TABLE IF EXISTS ${MIGRATIONS_TABLE}`);
  }
  return applied.at(-1) ?? null;
}

/**
 * Gives the work a DataSource of its own. A migration may take long, so its queries have no limit in this process; and
 * the transactions under way here idle while the other one works, which the server's settings may not allow.
 */
async function underLock<T>(dataSource: DataSource, work: (patient: DataSource) => Promise<T>): Promise<T> {
  const patient = new DataSource({ ...dataSource.options, subscribers: [NoIdleLimit] });
  await patient.initialize();
  try {
    return await whenLocked(patient, () => work(patient));
  } finally {
    await patient.destroy();
  }
}

@EventSubscriber()
class NoIdleLimit implements EntitySubscriberInterface {
  public async afterTransactionStart({ queryRunner }: TransactionStartEvent): Promise<void> {
    await queryRunner.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  }
}

async function whenLocked<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const outcome = await dataSource.transaction('READ COMMITTED', async (manager) => {
      // Without parameters: those would leave a portal open, and with it a snapshot, which every index that is built
      // CONCURRENTLY would wait for.
      const [row] = await manager.query<{ locked: boolean }[]>(
        `SELECT pg_try_advisory_xact_lock(${MIGRATION_LOCK.join(', ')}) AS locked`,
      );
      return row?.locked === true ? { result: await work() } : undefined;
    });
    if (outcome !== undefined) {
      return outcome.result;
    }
    // Waiting without a transaction: those who wait could otherwise take up every connection of a proxy's pool,
    // and the one that has the lock would never get its second.
    await sleep(LOCK_POLL_MS);
  }
}
