import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries.js';
import { giveTo, inWorkFolder, isRoot, self, type Account, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, UnusableFolderError, unlessCode } from './errors.js';
import { commandOf, type Launcher } from './launcher.js';
import { runCommand } from './processes.js';

/** An existing PGDATA. */
export interface Cluster {
  readonly owner: Account;
  readonly major: number;
}

export const SUPERUSER = 'gateway';

/** Hex: needs no escaping in a URL. */
const PASSWORD = /^[0-9a-f]{48}$/;

/** Reads what PGDATA holds; undefined if there is none yet. Throws UnusableFolderError. */
export async function readCluster({ pgData }: DataFolder): Promise<Cluster | undefined> {
  const found = await unlessCode(stat(pgData), 'ENOENT');
  if (found === undefined) return undefined;
  const { uid } = self();
  if (!isRoot() && found.uid !== uid) {
    throw new UnusableFolderError(
      `${pgData} belongs to uid ${found.uid}, this is uid ${uid}; start as that user`,
    );
  }
  if ((await readdir(pgData)).length === 0) return undefined;
  const version = await unlessCode(readFile(join(pgData, 'PG_VERSION'), 'utf8'), 'ENOENT');
  // Never one of our own half-made ones: initdb works beside it, and only a finished cluster gets this name.
  if (version === undefined) {
    throw new UnusableFolderError(`${pgData} holds files but no PostgreSQL cluster; move them away`);
  }
  return { owner: { uid: found.uid, gid: found.gid }, major: Number(version.trim()) };
}

/** The password of an existing cluster. Throws UnusableFolderError when its file is missing or damaged. */
export async function readPassword(folder: DataFolder): Promise<string> {
  const password = (await unlessCode(readFile(folder.password, 'utf8'), 'ENOENT'))?.trim() ?? '';
  if (PASSWORD.test(password)) return password;
  const what = password === '' ? 'is missing' : 'is damaged';
  throw new UnusableFolderError(
    `${folder.password} ${what}, and with it the way into ${folder.pgData}; restore it`,
  );
}

/**
 * Readies an existing cluster for the way that servers can be run here. Throws UnusableFolderError if it is of another
 * major version, with which its format changes.
 */
export async function adaptCluster(
  { pgData }: DataFolder,
  cluster: Cluster,
  launcher: Launcher,
  major: number,
): Promise<void> {
  if (cluster.major !== major) {
    throw new UnusableFolderError(
      `${pgData} was made by PostgreSQL ${cluster.major}, these binaries are ${major}; move it away`,
    );
  }
  // It was last used another way.
  if (isRoot() && cluster.owner.uid !== launcher.owner.uid) await chownTree(pgData, launcher.owner);
  // A chmod -R or a copy opened it; PostgreSQL would not start.
  if (((await stat(pgData)).mode & 0o027) !== 0) await chmod(pgData, 0o700);
}

/** Hands a folder and all in it to an account; the folder itself last, so that its owner tells a finished job. */
export async function chownTree(path: string, { uid, gid }: Account): Promise<void> {
  for (const entry of await readdir(path, { recursive: true })) await chown(join(path, entry), uid, gid);
  await chown(path, uid, gid);
}

/**
 * Makes PGDATA: initdb in a folder beside it, then one rename. An initdb that was interrupted, or that still runs
 * after its parent was killed, never touches what bears the real name; of several at once the first one counts.
 * Throws EmbeddedPostgresError.
 */
export async function createCluster(
  binaries: PostgresBinaries,
  folder: DataFolder,
  launcher: Launcher,
): Promise<void> {
  await inWorkFolder(folder, launcher.owner, async (path) => {
    const [data, passwordFile] = [join(path, 'data'), join(path, 'password')];
    const password = await createPassword(folder, join(path, 'new-password'));
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    await mkdir(data, { mode: 0o700 });
    const { uid, gid } = launcher.owner;
    if (isRoot()) for (const made of [passwordFile, data]) await chown(made, uid, gid);
    const options = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${SUPERUSER}`];
    const args = [`--pgdata=${data}`, ...options, `--pwfile=${passwordFile}`];
    const { ok, complaint } = await runCommand(commandOf(launcher, binaries.initdb, args));
    if (!ok) {
      const reason = complaint.replaceAll('\n', ' ');
      throw new EmbeddedPostgresError(`initdb failed in ${folder.path}: ${reason}`);
    }
    await unlessCode(rename(data, folder.pgData), 'ENOTEMPTY', 'EEXIST');
  });
  // Without this a power failure could undo the rename after data has been committed.
  const handle = await open(folder.path, 'r');
  await handle.sync().finally(() => handle.close());
}

/** The password for a cluster about to be made: what is stored already, else a new random one. */
async function createPassword(folder: DataFolder, draft: string): Promise<string> {
  await writeFile(draft, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600, flush: true });
  await giveTo(folder.owner, draft);
  // A link appears with its content, and only once: all that start at this moment agree on one.
  await unlessCode(link(draft, folder.password), 'EEXIST');
  return readPassword(folder);
}
