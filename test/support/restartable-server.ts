import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBinaries } from '../../src/database/embedded/binaries.js';
import { chooseLauncher } from '../../src/database/embedded/choose-launcher.js';
import { readCluster } from '../../src/database/embedded/cluster.js';
import { openDataFolder } from '../../src/database/embedded/data-folder.js';
import { isAlive } from '../../src/database/embedded/processes.js';
import { launch, stopServer, waitUntilReady } from '../../src/database/embedded/server.js';
import { startEmbeddedPostgres } from '../../src/database/embedded/start.js';
import { eventually } from './eventually.js';

/** A private PostgreSQL that can be stopped the hard way and started again on the same data and port. */
export interface RestartableServer {
  readonly url: string;
  /** What SIGQUIT does: every session ends at once, and the next start has to recover. */
  stopImmediately(): Promise<void>;
  startAgain(): Promise<void>;
  /** Ends it for good and removes its data. */
  remove(): Promise<void>;
}

// Speed over durability: the machine does not crash, only the server does.
const SETTINGS = { fsync: 'off', shared_buffers: '64MB' };

export async function startRestartableServer(): Promise<RestartableServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ops-test-restart-'));
  const first = await startEmbeddedPostgres({ dataDir, settings: SETTINGS });
  const folder = await openDataFolder(dataDir);
  const port = Number(new URL(first.url).port);
  let pid = first.pid;
  return {
    url: first.url,
    async stopImmediately() {
      process.kill(pid, 'SIGQUIT');
      await eventually(async () => !(await isAlive(pid)), 'stopped');
    },
    async startAgain() {
      const binaries = await loadBinaries();
      const { launcher } = await chooseLauncher(binaries, folder, await readCluster(folder));
      const launched = await launch(binaries, folder, launcher, port, SETTINGS);
      if (launched.pid === undefined || (await waitUntilReady(folder.pgData, launched.pid)) === undefined) {
        throw new Error(`PostgreSQL did not start again: see ${folder.log}`);
      }
      pid = launched.pid;
    },
    async remove() {
      await stopServer(folder.pgData, pid);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
