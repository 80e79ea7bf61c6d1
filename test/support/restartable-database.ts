import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { startRestartableServer, type RestartableServer } from './restartable-server.js';
import type { TestDatabase } from './test-database.js';

/** A migrated database on a server of its own, which ends with it. */
export async function createRestartableDatabase(): Promise<{
  readonly server: RestartableServer;
  readonly database: TestDatabase;
}> {
  const server = await startRestartableServer();
  const dataSource = await createDataSource(server.url).initialize();
  await migrate(dataSource);
  const drop = async (): Promise<void> => {
    await dataSource.destroy();
    await server.remove();
  };
  return { server, database: { url: server.url, dataSource, drop } };
}
