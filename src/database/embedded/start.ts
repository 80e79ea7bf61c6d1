import { setTimeout as sleep } from 'node:timers/promises';
import { loadBinaries, type PostgresBinaries } from './binaries.js';
import { chooseLauncher } from './choose-launcher.js';
import { adaptOwner, createCluster, readCluster, requireMajor } from './cluster.js';
import { namingTheFolder, openDataFolder, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError } from './errors.js';
import { acquireLock, withLock } from './folder-lock.js';
import { findFreePort, isPortTaken } from './free-port.js';
import { ensureGatewayDatabase } from './gateway-database.js';
import type { Launcher } from './launcher.js';
import { removeLeftovers } from './leftovers.js';
import { forgetOwner, hasLivingOwner, recordOwner } from './owner-record.js';
import { createPassword, readPassword } from './password.js';
import { findPostmaster, isPostmasterOf, lastPort, retireCrashedPostmaster } from './postmaster.js';
import { launch, stopServer, waitUntilReady } from './server.js';
import { readLogTail } from './server-log.js';

export interface EmbeddedPostgresOptions {
  /** The folder for the cluster, its password and its log; made if absent. */
  dataDir: string;
  /** Extra server settings for a server that this call starts; they win over the defaults. */
  settings?: Readonly<Record<string, string>>;
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** Of the database `gateway`, as its superuser. */
  readonly url: string;
  /** False when another live process owns the server and we only attached. */
  readonly owned: boolean;
  /** The server's. */
  readonly pid: number;
  isRunning(): Promise<boolean>;
  /**
   * Stops the server if it is owned, or its owner is gone, and waits for its end; may be called again. Throws
   * STOP_FAILED.
   */
  stop(): Promise<void>;
}

const ATTEMPTS = 5;

/**
 * Starts the private PostgreSQL server of a data folder, or joins the one that runs there already: as its owner if
 * the process that started it is gone, as a guest otherwise. Safe to call from several processes at once.
 * Throws EmbeddedPostgresError.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await loadBinaries();
  const folder = await openDataFolder(options.dataDir);
  return namingTheFolder(folder.path, () =>
    withLock(
      folder.lock,
      async () => (await joinRunning(folder, options)) ?? (await start(binaries, folder, options)),
    ),
  );
}

/** Joins a running server; undefined if none runs, or if it was just going down. */
async function joinRunning(
  folder: DataFolder,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres | undefined> {
  const running = await findPostmaster(folder.pgData);
  if (running === undefined) return undefined;
  const ready = await waitUntilReady(folder.pgData, running.pid);
  if (ready === undefined) return undefined;
  const url = await ensureGatewayDatabase(folder, ready.port, await readPassword(folder));
  const owned = !(await hasLivingOwner(folder));
  if (owned) await recordOwner(folder);
  options.log?.(
    `embedded PostgreSQL: ${owned ? 'adopted' : 'joined'} pid ${running.pid}, port ${ready.port}`,
  );
  return handle(folder, url, running.pid, owned);
}

async function start(
  binaries: PostgresBinaries,
  folder: DataFolder,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  await removeLeftovers(folder);
  const launcher = await prepareCluster(binaries, folder, options);
  const password = await readPassword(folder);
  for (let attempt = 1; ; attempt += 1) {
    const crashed = await retireCrashedPostmaster(folder.pgData);
    // The same as before where that can be: whoever was connected, another app on this folder say, knows no other.
    const before = await lastPort(folder.pgData);
    const port = before === undefined || (await isPortTaken(before)) ? await findFreePort() : before;
    const { pid, logStart } = await launch(binaries, folder, launcher, port, options.settings ?? {});
    const url = pid === undefined ? undefined : await openGateway(folder, pid, password);
    if (pid !== undefined && url !== undefined) {
      options.log?.(`embedded PostgreSQL: started ${launcher.name}, pid ${pid}, port ${port}`);
      return handle(folder, url, pid, true);
    }
    // It ended. Another start may have got ahead, or the port was taken in between, or a crashed server's
    // last backends still hold its memory: all worth another attempt. Anything else would only repeat itself.
    const joined = await joinRunning(folder, options);
    if (joined !== undefined) return joined;
    if (attempt === ATTEMPTS || !(crashed || (await isPortTaken(port)))) {
      const reason = await readLogTail(folder, logStart);
      throw new EmbeddedPostgresError('START_FAILED', `PostgreSQL did not start (${folder.log}): ${reason}`);
    }
    await sleep(attempt * 500);
  }
}

/** Waits for the server that we just launched and makes it ours; undefined if it ended. Stops it if that fails. */
async function openGateway(folder: DataFolder, pid: number, password: string): Promise<string | undefined> {
  try {
    const ready = await waitUntilReady(folder.pgData, pid);
    if (ready === undefined) return undefined;
    const url = await ensureGatewayDatabase(folder, ready.port, password);
    await recordOwner(folder);
    return url;
  } catch (error) {
    await stopServer(folder.pgData, pid);
    throw error;
  }
}

/** Makes the cluster if there is none, and readies it for the way that servers can be run here. */
async function prepareCluster(
  binaries: PostgresBinaries,
  folder: DataFolder,
  options: EmbeddedPostgresOptions,
): Promise<Launcher> {
  const before = await readCluster(folder);
  const { launcher, major } = await chooseLauncher(binaries, folder, before);
  if (before === undefined) {
    options.log?.(`embedded PostgreSQL: creating a cluster in ${folder.pgData}`);
    await createCluster(binaries, folder, launcher, await createPassword(folder));
  }
  const cluster = before ?? (await readCluster(folder));
  if (cluster === undefined) throw new EmbeddedPostgresError('INITDB_FAILED', `${folder.pgData} is empty.`);
  requireMajor(folder, cluster, major);
  await adaptOwner(folder, cluster, launcher);
  return launcher;
}

function handle(folder: DataFolder, url: string, pid: number, owned: boolean): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  return {
    url,
    owned,
    pid,
    isRunning: () => isPostmasterOf(pid, folder.pgData),
    stop: async () => {
      await (stopping ??= stopUnlessOthers(folder, pid, owned));
    },
  };
}

/** Under the lock: a start that comes now waits for the end instead of joining a server that goes down. */
async function stopUnlessOthers(folder: DataFolder, pid: number, owned: boolean): Promise<void> {
  // No lock to be had, because the folder was deleted, say, is no reason to leave the server behind.
  const release = await acquireLock(folder.lock).catch(() => undefined);
  try {
    if (!owned && (await hasLivingOwner(folder))) return;
    await stopServer(folder.pgData, pid);
    await forgetOwner(folder);
  } finally {
    await release?.();
  }
}
