import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBinaries } from '../../src/database/embedded/binaries.js';
import { chownTree, readCluster } from '../../src/database/embedded/cluster.js';
import { openDataFolder } from '../../src/database/embedded/data-folder.js';
import { startEmbeddedPostgres } from '../../src/database/embedded/index.js';
import { chooseLauncher } from '../../src/database/embedded/launcher.js';
import { findPostmaster, startServer, stopServer } from '../../src/database/embedded/postmaster.js';
import { ask } from './embedded-postgres.js';
import { eventually } from './eventually.js';

/** A private PostgreSQL that can be stopped the hard way and started again on the same data and port. */
export interface RestartableServer {
  readonly url: string;
  /** What SIGQUIT does: every session ends at once, and the next start has to recover. */
  stopImmediately(): Promise<void>;
  startAgain(): Promise<void>;
  /** As a standby of nobody, which is read-only or, unless it is hot, takes no connections. */
  startAsStandby(hot: boolean): Promise<void>;
  /** Ends being a standby. */
  promote(): Promise<void>;
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
  const launch = async (settings: Readonly<Record<string, string>> = {}): Promise<void> => {
    const binaries = await loadBinaries();
    const { launcher } = await chooseLauncher(binaries, folder, await readCluster(folder));
    const failure = await startServer(binaries, folder, launcher, port, { ...SETTINGS, ...settings });
    if (failure !== undefined) throw new Error(`PostgreSQL did not start again: ${failure}`);
  };
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    process.kill((await findPostmaster(folder.pgData))?.pid ?? NaN, name);
  };
  return {
    url: first.url,
    async stopImmediately() {
      await signal('SIGQUIT');
      await eventually(async () => (await findPostmaster(folder.pgData)) === undefined, 'stopped');
    },
    startAgain: () => launch(),
    async startAsStandby(hot) {
      await writeFile(join(folder.pgData, 'standby.signal'), '');
      await chownTree(folder.pgData, await stat(folder.pgData));
      await launch({ hot_standby: hot ? 'on' : 'off' });
      const answer = hot ? undefined : '57P03';
      await eventually(async () => (await refusal(first.url)) === answer, 'a standby');
    },
    async promote() {
      await writeFile(join(folder.pgData, 'promote'), '');
      await signal('SIGUSR1');
      await eventually(async () => (await refusal(first.url)) === undefined, 'promoted');
    },
    async remove() {
      const server = await findPostmaster(folder.pgData);
      if (server !== undefined) await stopServer(folder.pgData, server.pid);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** The code with which a connection is refused; undefined where it is not. */
async function refusal(url: string): Promise<string | undefined> {
  return ask(url, 'SELECT 1').then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code ?? 'unknown',
  );
}
