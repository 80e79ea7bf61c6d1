import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { DatabaseConnectionError } from './database-connection.error.js';

/** What PostgreSQL answers while it starts, recovers, or stops (to start again). */
const CANNOT_CONNECT_NOW = '57P03';
/** A recovery after a crash may take minutes; whoever starts us should not have to. */
const PATIENCE_MS = 300_000;
const POLL_MS = 1_000;

/**
 * Connects a new DataSource. A server that is starting or in recovery is waited for, up to 5 minutes.
 *
 * @throws DatabaseConnectionError
 */
export async function connect(create: () => DataSource, log: (line: string) => void): Promise<DataSource> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let told = false; ;) {
    const dataSource = create();
    try {
      return await dataSource.initialize();
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      if (code !== CANNOT_CONNECT_NOW || performance.now() > deadline) {
        throw new DatabaseConnectionError(dataSource.options, error);
      }
      if (!told) {
        log(`The database takes no connections yet (${String(message)}): waiting for up to 5 minutes`);
        told = true;
      }
      await sleep(POLL_MS);
    }
  }
}
