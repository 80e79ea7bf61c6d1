import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { isRoot, self, type Account } from './accounts.js';
import type { PostgresBinaries } from './binaries.js';
import { chownTree, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, codeOf, unlessCode } from './errors.js';
import type { Launcher } from './launcher.js';
import { stagingPrefix } from './leftovers.js';
import { runCommand } from './run-command.js';

/** An existing PGDATA. */
export interface Cluster {
  readonly owner: Account;
  readonly major: number;
}

export const SUPERUSER = 'gateway';

/** Reads what PGDATA holds; undefined if there is none yet. Throws DATA_DIR_UNUSABLE. */
export async function readCluster(folder: DataFolder): Promise<Cluster | undefined> {
  const found = await unlessCode(stat(folder.pgData), 'ENOENT');
  if (found === undefined) return undefined;
  const { uid } = self();
  if (!isRoot() && found.uid !== uid) {
    throw unusable(folder, `belongs to uid ${found.uid}, this is uid ${uid}; start as that user`);
  }
  if ((await readdir(folder.pgData)).length === 0) return undefined;
  const version = await unlessCode(readFile(join(folder.pgData, 'PG_VERSION'), 'utf8'), 'ENOENT');
  // Never one of our own half-made ones: initdb works beside it, and only a finished cluster gets this name.
  if (version === undefined) throw unusable(folder, 'holds files but no PostgreSQL cluster; move them away');
  return { owner: { uid: found.uid, gid: found.gid }, major: Number(version.trim()) };
}

/** Throws DATA_DIR_UNUSABLE if the binaries cannot read the cluster, whose format changes with the major version. */
export function requireMajor(folder: DataFolder, cluster: Cluster, major: number): void {
  if (cluster.major === major) return;
  throw unusable(
    folder,
    `was made by PostgreSQL ${cluster.major}, these binaries are ${major}; move it away`,
  );
}

/** Gives an existing cluster to the launcher's user, after it was last used another way, and to nobody else. */
export async function adaptOwner(folder: DataFolder, cluster: Cluster, launcher: Launcher): Promise<void> {
  if (isRoot() && cluster.owner.uid !== launcher.fileOwner.uid) {
    await chownTree(folder.pgData, launcher.fileOwner);
  }
  // A chmod -R or a copy opened it; PostgreSQL would not start.
  if (((await stat(folder.pgData)).mode & 0o027) !== 0) await chmod(folder.pgData, 0o700);
}

/**
 * Makes PGDATA: initdb in a folder beside it, then one rename. An initdb that was interrupted, or that still runs
 * after its parent was killed, never touches what bears the real name. Throws INITDB_FAILED.
 */
export async function createCluster(
  binaries: PostgresBinaries,
  folder: DataFolder,
  launcher: Launcher,
  password: string,
): Promise<void> {
  const staging = await mkdtemp(stagingPrefix(folder));
  const data = join(staging, 'data');
  const passwordFile = join(staging, 'password');
  try {
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    const { uid, gid } = launcher.fileOwner;
    if (isRoot()) for (const path of [passwordFile, data, staging]) await chown(path, uid, gid);
    const options = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${SUPERUSER}`];
    const args = [`--pgdata=${data}`, ...options, `--pwfile=${passwordFile}`];
    const result = await runCommand(launcher.wrap(binaries.initdb, args));
    if (!result.ok) {
      const reason = result.complaint.replaceAll('\n', ' ');
      throw new EmbeddedPostgresError('INITDB_FAILED', `initdb failed in ${folder.path}: ${reason}`);
    }
    await rename(data, folder.pgData);
    await syncFolder(folder.path);
  } catch (error) {
    // A cluster is there already: somebody else finished first, and theirs is as good.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Without this a power failure could undo the rename after data has been committed. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

function unusable(folder: DataFolder, why: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATA_DIR_UNUSABLE',
    `${folder.pgData} ${why}, choose another folder with OPS_DATA_DIR, or set DATABASE_URL.`,
  );
}
