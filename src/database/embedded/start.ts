import { setTimeout as sleep } from 'node:timers/promises';
import { loadBinaries, type PostgresBinaries } from './binaries.js';
import { adaptCluster, createCluster, readCluster, readPassword } from './cluster.js';
import { namingTheFolder, openDataFolder, removeLeftovers, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError } from './errors.js';
import { findFreePort } from './free-port.js';
import { chooseLauncher, type Launcher } from './launcher.js';
import { findPostmaster, lastPort, retireCrashed, startServer, stopServer } from './postmaster.js';
import { join, type Session } from './session.js';

export interface EmbeddedPostgresOptions {
  /** The folder for the cluster, its password and its log; made if absent. */
  dataDir: string;
  /** Extra server settings for a server that this call starts; they win over the defaults. */
  settings?: Readonly<Record<string, string>>;
  log?: (line: string) => void;
}

export interface EmbeddedPostgres extends Pick<Session, 'url' | 'pid' | 'ended'> {
  /**
   * Stops the server unless another live process uses it, and waits for its end; may be called again. Throws
   * EmbeddedPostgresError.
   */
  stop(): Promise<void>;
}

const ATTEMPTS = 5;

/**
 * Starts the private PostgreSQL server of a data folder, or joins the one that runs there already. Safe to call from
 * several processes at once: PostgreSQL lets only one server onto a folder, and the others join it.
 * Throws EmbeddedPostgresError.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await loadBinaries();
  const folder = await openDataFolder(options.dataDir);
  const session = await namingTheFolder(
    folder.path,
    async () => (await join(folder)) ?? (await start(binaries, folder, options)),
  );
  options.log?.(`embedded PostgreSQL: pid ${session.pid}, ${new URL(session.url).host}, in ${folder.path}`);
  let stopped: Promise<void> | undefined;
  const { url, pid, ended } = session;
  return { url, pid, ended, stop: async () => (stopped ??= session.leave()) };
}

async function start(
  binaries: PostgresBinaries,
  folder: DataFolder,
  { settings, log }: EmbeddedPostgresOptions,
): Promise<Session> {
  await removeLeftovers(folder);
  const launcher = await prepareCluster(binaries, folder, log);
  for (let attempt = 1; ; attempt += 1) {
    const crashed = await retireCrashed(folder.pgData);
    // The same as before where that can be: whoever was connected, another app on this folder say, knows no other.
    const port = await findFreePort(await lastPort(folder.pgData));
    const failure = await startServer(binaries, folder, launcher, port, settings);
    const session = await (failure === undefined ? joinOwn(folder) : join(folder));
    if (session !== undefined) return session;
    // It ended. The port was taken in between, or a crashed server's last backends still hold its memory, or somebody
    // stopped it: all worth another attempt. Anything else would only repeat itself.
    const again = crashed || failure === undefined || (await findFreePort(port)) !== port;
    if (attempt === ATTEMPTS || !again) {
      const why = failure ?? 'it was stopped';
      throw new EmbeddedPostgresError(`PostgreSQL did not start (${folder.log}): ${why}`);
    }
    await sleep(attempt * 500);
  }
}

/** Joins the server that we just started, and stops it if that fails. */
async function joinOwn(folder: DataFolder): Promise<Session | undefined> {
  try {
    return await join(folder);
  } catch (error) {
    const server = await findPostmaster(folder.pgData);
    if (server !== undefined) await stopServer(folder.pgData, server.pid);
    throw error;
  }
}

/** Makes the cluster if there is none, and readies it for the way that servers can be run here. */
async function prepareCluster(
  binaries: PostgresBinaries,
  folder: DataFolder,
  log: EmbeddedPostgresOptions['log'],
): Promise<Launcher> {
  const cluster = await readCluster(folder);
  const { launcher, major } = await chooseLauncher(binaries, folder, cluster);
  if (cluster === undefined) {
    log?.(`embedded PostgreSQL: creating a cluster in ${folder.pgData}, ${launcher.name}`);
    await createCluster(binaries, folder, launcher);
  } else {
    await adaptCluster(folder, cluster, launcher, major);
  }
  await readPassword(folder); // a missing one is noticed before anything starts
  return launcher;
}
