import type { DataSource } from 'typeorm';

/** Key of the lock under which migrations run; any constant will do, as long as every instance uses it. */
const MIGRATION_LOCK = [0x6f7073, 0] as const;

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

/** Reverts the latest applied migration; only what it had created is dropped. */
export async function revertLast(dataSource: DataSource): Promise<void> {
  await underLock(dataSource, () => dataSource.undoLastMigration());
}

async function underLock<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  return dataSource.transaction('READ COMMITTED', async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock($1, $2)', [...MIGRATION_LOCK]);
    return work();
  });
}
