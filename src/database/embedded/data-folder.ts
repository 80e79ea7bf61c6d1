import {
  access,
  chown,
  constants,
  mkdir,
  realpath,
  rm,
  stat,
  writeFile,
  rename,
  readdir,
} from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { self, isRoot, type Account } from './accounts.js';
import { EmbeddedPostgresError, codeOf, unlessCode } from './errors.js';

/** Where everything of one embedded server lives. */
export interface DataFolder {
  readonly path: string;
  readonly owner: Account;
  /** PGDATA. */
  readonly pgData: string;
  readonly log: string;
  readonly password: string;
  readonly lock: string;
  readonly ownerRecord: string;
}

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'holds files that this user may not use'],
  ['EPERM', 'holds files that this user may not change'],
  ['EROFS', 'is on a read-only file system'],
  ['ENOENT', 'cannot be made there'],
  ['ENOSPC', 'is on a disk that is full'],
  ['EDQUOT', 'is on a disk whose quota is used up'],
  ['ENAMETOOLONG', 'has too long a name'],
  ['ELOOP', 'is a symbolic link to itself'],
]);

/** Opens the folder, making it if absent. Throws DATA_DIR_UNUSABLE. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  return namingTheFolder(dataDir, async () => {
    const created = await makeFolders(resolve(dataDir));
    if (created !== undefined) await giveToParentsOwner(created, resolve(dataDir));
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
      lock: join(path, 'start.lock'),
      ownerRecord: join(path, 'owner.json'),
    };
  });
}

/**
 * Makes a folder and those above it that are missing; resolves to the first one made. Not with mkdir's own `recursive`,
 * which never ends where a file system says ENOENT to every new name, as /proc does.
 */
async function makeFolders(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = path; (await unlessCode(stat(at), 'ENOENT')) === undefined; at = dirname(at))
    missing.unshift(at);
  for (const folder of missing) await unlessCode(mkdir(folder), 'EEXIST');
  return missing[0];
}

/** Turns the errnos of a folder that we may not use into one DATA_DIR_UNUSABLE line. */
export async function namingTheFolder<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (error instanceof EmbeddedPostgresError) throw error;
    const why = ['EEXIST', 'ENOTDIR'].includes(code) ? 'is not a folder' : REFUSALS.get(code);
    if (why === undefined) throw error;
    throw new EmbeddedPostgresError(
      'DATA_DIR_UNUSABLE',
      `The data folder ${resolve(dataDir)} ${why} (${code}, uid ${self().uid}): ` +
        'choose another one with OPS_DATA_DIR, or set DATABASE_URL.',
      { cause: error },
    );
  }
}

/** Writes a file that only its owner reads, whole or not at all, and owned like the folder. */
export async function writePrivateFile(folder: DataFolder, path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  try {
    await writeFile(draft, content, { mode: 0o600, flush: true });
    await giveToFolderOwner(folder, draft);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** What root makes in an ordinary user's folder must still be usable by that user afterwards. */
export async function giveToFolderOwner(folder: DataFolder, path: string): Promise<void> {
  if (isRoot() && folder.owner.uid !== 0) await chown(path, folder.owner.uid, folder.owner.gid);
}

/** Hands a folder and all in it to an account; the folder itself last, so that its owner tells a finished job. */
export async function chownTree(path: string, { uid, gid }: Account): Promise<void> {
  for (const entry of await readdir(path, { recursive: true })) await chown(join(path, entry), uid, gid);
  await chown(path, uid, gid);
}

async function giveToParentsOwner(firstCreated: string, last: string): Promise<void> {
  const { uid, gid } = await stat(dirname(resolve(firstCreated)));
  if (!isRoot() || uid === 0) return;
  let path = resolve(firstCreated);
  await chown(path, uid, gid);
  for (const part of relative(path, last).split(sep).filter(Boolean)) {
    path = join(path, part);
    await chown(path, uid, gid);
  }
}
