import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessCode } from './errors.js';
import { commandLineOf, isAlive } from './processes.js';

/** What a server says about itself in PGDATA/postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  /** Undefined until it listens. */
  readonly port: number | undefined;
  /** 'starting', 'ready', 'stopping'; undefined at first. */
  readonly status: string | undefined;
}

// Above any pid that a system gives out.
const NEVER_A_PID = 2 ** 31 - 1;

/** The server that runs on this PGDATA now, undefined if there is none. */
export async function findPostmaster(pgData: string): Promise<Postmaster | undefined> {
  const postmaster = await readPidFile(pgData);
  return postmaster !== undefined && (await isPostmasterOf(postmaster.pid, pgData)) ? postmaster : undefined;
}

/** Whether that pid is a server on this PGDATA, and not a process that got the pid of one that died. */
export async function isPostmasterOf(pid: number, pgData: string): Promise<boolean> {
  // The command line, unlike the working directory, can be read for another user's process without ptrace rights.
  return (await isAlive(pid)) && `${await commandLineOf(pid)} `.includes(` -D ${pgData} `);
}

/**
 * Disarms what a crashed server left. Call only when no server runs here. True if a server had crashed.
 * PostgreSQL itself gives up if the old pid has meanwhile gone to another process, or if the file is empty; and in a
 * container the new server often gets the old one's pid, so that the old file would pass for the new server's.
 */
export async function retireCrashedPostmaster(pgData: string): Promise<boolean> {
  const path = pidFile(pgData);
  const content = await unlessCode(readFile(path, 'utf8'), 'ENOENT');
  if (content === undefined) return false;
  if (parse(content) === undefined) {
    // Young, it may be just being written.
    const age = Date.now() - ((await unlessCode(stat(path), 'ENOENT'))?.mtimeMs ?? Date.now());
    if (age > 5_000) await rm(path, { force: true });
  } else {
    // Not removed: by the rest of the file PostgreSQL makes sure that no orphaned backend still uses the
    // crashed server's shared memory.
    await writeFile(path, content.replace(/^\s*\d+/, String(NEVER_A_PID)));
  }
  return true;
}

/** The port that the last server on this PGDATA was told to use, which PostgreSQL keeps in its own file. */
export async function lastPort(pgData: string): Promise<number | undefined> {
  const options = await unlessCode(readFile(join(pgData, 'postmaster.opts'), 'utf8'), 'ENOENT');
  const port = /"port=(\d+)"/.exec(options ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}

async function readPidFile(pgData: string): Promise<Postmaster | undefined> {
  return parse((await unlessCode(readFile(pidFile(pgData), 'utf8'), 'ENOENT')) ?? '');
}

/** Lines: pid, PGDATA, start time, port, socket folder, address, shared memory, status. */
function parse(content: string): Postmaster | undefined {
  const lines = content.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const port = Number(lines[3]);
  return { pid, port: port > 0 ? port : undefined, status: lines[7] === '' ? undefined : lines[7] };
}

function pidFile(pgData: string): string {
  return join(pgData, 'postmaster.pid');
}
