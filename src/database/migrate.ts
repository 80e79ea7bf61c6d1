import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
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
  return underLock(dataSource, async () => {
    const applied = await dataSource.runMigrations();
    return applied.map((migration) => migration.name);
  });
}

/**
 * The migrations that have not been applied, in order. Unlike TypeORM's own look it creates nothing, so that it can
 * be asked of a database that one may only read.
 */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const applied = new Set(await appliedMigrations(dataSource));
  return dataSource.migrations.map(({ name }) => name ?? '').filter((name) => !applied.has(name));
}

async function appliedMigrations(dataSource: DataSource): Promise<string[]> {
  const [table] = await dataSource.query<{ found: boolean }[]>(
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [MIGRATIONS_TABLE],
  );
  if (table?.found !== true) {
    return [];
  }
  const rows = await dataSource.query<{ name: string }[]>(`SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`);
  return rows.map(({ name }) => name);
}

/**
 * Reverts the latest applied migration; only what it had created is dropped.
 *
 * @returns its name, or null where none was applied
 */
export async function revertLast(dataSource: DataSource): Promise<string | null> {
  return underLock(dataSource, async () => {
    const last = (await appliedMigrations(dataSource)).at(-1) ?? null;
    if (last !== null) {
      await dataSource.undoLastMigration();
    }
    return last;
  });
}

async function underLock<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const outcome = await dataSource.transaction('READ COMMITTED', async (manager) => {
      const [row] = await manager.query<{ locked: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1, $2) AS locked',
        [...MIGRATION_LOCK],
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
