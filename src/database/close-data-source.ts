import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

/** A connection that does not end within this, in milliseconds, is left to the server. */
const LONGEST_WAIT_MS = 2_000;

/** What is used of pg's pool. */
type Pool = EventEmitter & { readonly totalCount: number };

/**
 * Closes the pool and waits until every connection has ended. The pool's own end() does not wait for the goodbye of
 * its idle connections, and a server that is stopped meanwhile logs each of them as killed.
 */
export async function closeDataSource(dataSource: DataSource): Promise<void> {
  if (!dataSource.isInitialized) {
    return;
  }
  const { master: pool } = dataSource.driver as unknown as { master: Pool };
  let open = pool.totalCount;
  const ended = new Promise<void>((resolve) => {
    pool.on('remove', () => {
      open -= 1;
      if (open === 0) {
        resolve();
      }
    });
  });
  const wait = open > 0;
  await dataSource.destroy();
  if (wait) {
    await Promise.race([ended, sleep(LONGEST_WAIT_MS, undefined, { ref: false })]);
  }
}
