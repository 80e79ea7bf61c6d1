import { chmod, link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresBinaries } from './binaries.js';
import { giveTo, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, unlessCode } from './errors.js';
import { LOOPBACK } from './free-port.js';
import { commandOf, type Launcher } from './launcher.js';
import { commandLineOf, exists, runCommand } from './processes.js';

/** For a laptop that has other things to do. */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '256MB',
  max_connections: '100',
  work_mem: '16MB',
  max_wal_size: '2GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const ROTATE_BYTES = 16 * 1024 * 1024;
const TAIL_LINES = 5;
const FAST_SHUTDOWN_MS = 30_000;
const POLL_MS = 25;
/** Above any pid that a system gives out. */
const NEVER_A_PID = 2 ** 31 - 1;

/** What a server says about itself in PGDATA/postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** The server that runs on this PGDATA now, ready or not; undefined if there is none. */
export async function findPostmaster(pgData: string): Promise<Postmaster | undefined> {
  const lines = ((await readPidFile(pgData)) ?? '').split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return (await isPostmasterOf(pid, pgData)) ? { pid, port } : undefined;
}

/** Whether that pid is a server on this PGDATA, and not a process that got the pid of one that died. */
async function isPostmasterOf(pid: number, pgData: string): Promise<boolean> {
  // The command line, unlike the working directory, can be read for another user's process without ptrace rights.
  return pid > 0 && `${await commandLineOf(pid)} `.includes(` -D ${pgData} `);
}

/**
 * Starts a server by pg_ctl, which lets it go into a session of its own, where Ctrl-C does not reach it, and waits for
 * up to 5 minutes until it is ready (a recovery may take that long). Resolves to undefined then, else to the server's
 * own words.
 */
export async function startServer(
  binaries: PostgresBinaries,
  folder: DataFolder,
  launcher: Launcher,
  port: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const fixed = { listen_addresses: LOOPBACK, port: String(port), unix_socket_directories: '' };
  const options = Object.entries({ ...SETTINGS, ...settings, ...fixed });
  // -D here and not pg_ctl's own, which goes through its shell with less quoting.
  const server = ['-D', folder.pgData, ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const args = ['start', '--silent', '--wait', '--timeout=300', `--options=${server.map(quote).join(' ')}`];
  // Opened by us: the server's account may not be able to.
  const before = await unlessCode(stat(folder.log), 'ENOENT');
  if ((before?.size ?? 0) > ROTATE_BYTES) await rename(folder.log, `${folder.log}.1`);
  const log = await open(folder.log, 'a', 0o600);
  try {
    await chmod(folder.log, 0o600);
    await giveTo(folder.owner, folder.log);
    const { size } = await log.stat();
    const { ok, complaint } = await runCommand(commandOf(launcher, binaries.pg_ctl, args), {
      stdout: log.fd,
      env: { PGDATA: folder.pgData },
    });
    if (ok) return undefined;
    const written = (await readFile(folder.log)).subarray(size).toString('utf8').trim();
    return written === '' ? complaint : written.split('\n').slice(-TAIL_LINES).join(' | ');
  } finally {
    await log.close();
  }
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Stops a server: a fast shutdown, then after 30 s an immediate one. Resolves when it has ended. Not by pg_ctl, which
 * needs the folder, and to be a user other than root: a folder that was deleted is no reason to leave the server behind.
 * Throws EmbeddedPostgresError.
 */
export async function stopServer(pgData: string, pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    for (let waited = 0; waited < FAST_SHUTDOWN_MS; waited += POLL_MS) {
      if (!(await isPostmasterOf(pid, pgData))) return;
      if (waited === 0 && exists(pid)) process.kill(pid, signal);
      await sleep(POLL_MS);
    }
  }
  throw new EmbeddedPostgresError(`PostgreSQL (pid ${pid}) did not stop, not even on SIGQUIT.`);
}

/**
 * Whether a server left its pid file here; call it when none seems to run. PostgreSQL clears up after a crash by itself,
 * unless the old pid has meanwhile gone to another process of that user, as it often does in containers, or the file is
 * empty: that is disarmed here.
 */
export async function retireCrashed(pgData: string): Promise<boolean> {
  const content = await readPidFile(pgData);
  if (content === undefined) return false;
  const path = pidFile(pgData);
  const pid = Number.parseInt(content, 10);
  // Young and without a pid, it may be just being written.
  const age = Date.now() - ((await unlessCode(stat(path), 'ENOENT'))?.mtimeMs ?? Date.now());
  const misleads = pid > 0 ? exists(pid) && !(await isPostmasterOf(pid, pgData)) : age > 5_000;
  if (!misleads) return true;
  const aside = `${path}.${process.pid}`;
  const moved = await unlessCode(
    rename(path, aside).then(() => readFile(aside, 'utf8')),
    'ENOENT',
  );
  if (moved === undefined) return true;
  // If a server came up since we looked, its file goes back untouched. An old one goes back too, with a pid that is
  // nobody's: by the rest PostgreSQL makes sure that no orphaned backend still uses the crashed server's memory.
  if (moved === content) await writeFile(aside, content.replace(/^\s*\d+/, String(NEVER_A_PID)));
  if (Number.parseInt(moved, 10) > 0) await unlessCode(link(aside, path), 'EEXIST');
  await rm(aside);
  return true;
}

/** The port that the last server on this PGDATA was told to use, which PostgreSQL keeps in its own file. */
export async function lastPort(pgData: string): Promise<number | undefined> {
  const options = await unlessCode(readFile(join(pgData, 'postmaster.opts'), 'utf8'), 'ENOENT');
  const port = /"port=(\d+)"/.exec(options ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}

async function readPidFile(pgData: string): Promise<string | undefined> {
  return unlessCode(readFile(pidFile(pgData), 'utf8'), 'ENOENT');
}

function pidFile(pgData: string): string {
  return join(pgData, 'postmaster.pid');
}
