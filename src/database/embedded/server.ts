import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresBinaries } from './binaries.js';
import type { DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, codeOf } from './errors.js';
import { LOOPBACK } from './free-port.js';
import type { Launcher } from './launcher.js';
import { findPostmaster, isPostmasterOf } from './postmaster.js';
import { isAlive } from './processes.js';
import { serverEnvironment } from './run-command.js';
import { openServerLog } from './server-log.js';

/** For a laptop that has other things to do. */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '256MB',
  max_connections: '100',
  work_mem: '16MB',
  max_wal_size: '2GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

// Crash recovery after a large load takes minutes, and killing it would only start it over.
const READY_MS = 300_000;
const FAST_SHUTDOWN_MS = 30_000;
const POLL_MS = 25;

/** A server process that was just started. */
export interface Launched {
  /** Undefined if there was nothing to execute. */
  readonly pid: number | undefined;
  /** The log's length before it. */
  readonly logStart: number;
}

/** Starts postgres on a port, on its own: not in our process group, so that Ctrl-C reaches only us. */
export async function launch(
  binaries: PostgresBinaries,
  folder: DataFolder,
  launcher: Launcher,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<Launched> {
  const fixed = { listen_addresses: LOOPBACK, port: String(port), unix_socket_directories: '' };
  const options = Object.entries({ ...SETTINGS, ...settings, ...fixed });
  const args = ['-D', folder.pgData, ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const { file, args: argv, ...identity } = launcher.wrap(binaries.postgres, args);
  const log = await openServerLog(folder);
  try {
    const { size } = await log.stat();
    const child = spawn(file, argv, {
      ...identity,
      cwd: '/',
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.unref();
    // Fails only where exec does; afterwards the server is watched by its pid, like one that we adopted.
    await once(child, 'spawn').catch(() => undefined);
    return { pid: child.pid, logStart: size };
  } finally {
    await log.close();
  }
}

/** Waits until the server with that pid takes connections. Undefined if it ended instead. Throws START_FAILED. */
export async function waitUntilReady(pgData: string, pid: number): Promise<{ port: number } | undefined> {
  const deadline = Date.now() + READY_MS;
  while (await isAlive(pid)) {
    const postmaster = await findPostmaster(pgData);
    const ours = postmaster?.pid === pid;
    if (ours && postmaster.status === 'ready' && postmaster.port !== undefined)
      return { port: postmaster.port };
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        'START_FAILED',
        `PostgreSQL (pid ${pid}) is not ready after 5 minutes.`,
      );
    }
    await sleep(POLL_MS);
  }
  return undefined;
}

/** Stops a server: a fast shutdown, then after 30 s an immediate one. Resolves when it has ended. Throws STOP_FAILED. */
export async function stopServer(pgData: string, pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await isPostmasterOf(pid, pgData))) return;
    sendSignal(pid, signal);
    if (await endsWithin(pid, FAST_SHUTDOWN_MS)) return;
  }
  throw new EmbeddedPostgresError(
    'STOP_FAILED',
    `PostgreSQL (pid ${pid}) did not stop, not even on SIGQUIT.`,
  );
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended just now.
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function endsWithin(pid: number, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (await isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
