import { access, chown, constants, mkdir, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UnusableFolderError, unlessCode } from './errors.js';
import { exists } from './processes.js';

/** A user of this system, as numbers. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Where everything of one embedded server lives. */
export interface DataFolder {
  readonly path: string;
  readonly owner: Account;
  /** PGDATA. */
  readonly pgData: string;
  readonly log: string;
  readonly password: string;
}

/** The effective user of this process. */
export function self(): Account {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

export function isRoot(): boolean {
  return self().uid === 0;
}

/** Opens the folder, making it if absent. Throws UnusableFolderError. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  return namingTheFolder(dataDir, async () => {
    await makeFolder(resolve(dataDir));
    // The real path: the server is later recognised by the path on its command line.
    const path = await realpath(dataDir);
    await readdir(path); // ENOTDIR for a file
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const { uid, gid } = await stat(path);
    return {
      path,
      owner: { uid, gid },
      pgData: join(path, 'postgres'),
      log: join(path, 'postgres.log'),
      password: join(path, 'postgres-password'),
    };
  });
}

/**
 * Makes a folder and those above it that are missing, each owned like the one above. Not with mkdir's own `recursive`,
 * which never ends where a file system says ENOENT to every new name, as /proc does.
 */
async function makeFolder(path: string): Promise<void> {
  if (await unlessCode(stat(path), 'ENOENT')) return;
  await makeFolder(dirname(path));
  const made = await unlessCode(
    mkdir(path).then(() => true),
    'EEXIST',
  );
  if (made === true) await giveTo(await stat(dirname(path)), path);
}

/** What root makes in an ordinary user's folder must still be usable by that user afterwards. */
export async function giveTo({ uid, gid }: Account, path: string): Promise<void> {
  if (isRoot() && uid !== 0) await chown(path, uid, gid);
}

/** Turns the errors of a folder that we may not use into one UnusableFolderError. */
export async function namingTheFolder<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFileError(error)) throw error;
    const { message } = error;
    throw new UnusableFolderError(
      `The data folder ${resolve(dataDir)} cannot be used by uid ${self().uid} (${message}): mend that`,
      { cause: error },
    );
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  // What the network refuses has an address.
  return typeof error === 'object' && error !== null && 'syscall' in error && !('address' in error);
}

const WORK_FOLDER = /^postgres\.tmp-(\d+)-/;

/** Lends `work` a new private folder beside PGDATA that belongs to `owner`, and removes what is left of it. */
export async function inWorkFolder<T>(
  folder: DataFolder,
  owner: Account,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const path = await mkdtemp(join(folder.path, `postgres.tmp-${process.pid}-`));
  try {
    if (isRoot()) await chown(path, owner.uid, owner.gid);
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** Removes the work folders of processes that were killed. */
export async function removeLeftovers(folder: DataFolder): Promise<void> {
  for (const name of await readdir(folder.path)) {
    const pid = WORK_FOLDER.exec(name)?.[1];
    if (pid === undefined || exists(Number(pid))) continue;
    // An initdb that outlived its parent and still writes there can make this fail; the next start tries again.
    await unlessCode(rm(join(folder.path, name), { recursive: true, force: true }), 'ENOTEMPTY');
  }
}
