import { chown, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findAccount, isRoot, type Account } from './accounts.js';
import type { PostgresBinaries } from './binaries.js';
import type { Cluster } from './cluster.js';
import type { DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, codeOf } from './errors.js';
import { possibleLaunchers, type Launcher } from './launcher.js';
import { probePrefix } from './leftovers.js';
import { runCommand, type CommandResult } from './run-command.js';

export interface Choice {
  readonly launcher: Launcher;
  /** The binaries' major version. */
  readonly major: number;
}

/**
 * The first way to run the binaries that works here, found by trying: helpers may be missing, and containers refuse
 * capabilities and namespaces for reasons of their own. Throws NO_UNPRIVILEGED_USER, UNSUPPORTED_PLATFORM.
 */
export async function chooseLauncher(
  binaries: PostgresBinaries,
  folder: DataFolder,
  cluster: Cluster | undefined,
): Promise<Choice> {
  const refusals: string[] = [];
  for (const launcher of await possibleLaunchers(await preferredAccount(folder, cluster))) {
    const result = await probe(launcher, binaries, folder);
    const version = Number(result.stdout.trim());
    if (result.ok && version > 0) return { launcher, major: Math.floor(version / 10_000) };
    refusals.push(`${launcher.name}: ${result.complaint.split('\n', 1)[0] ?? ''}`);
  }
  const tried = refusals.length === 0 ? 'no user "postgres" or "nobody" here' : refusals.join('; ');
  if (!isRoot()) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `The embedded PostgreSQL does not run on this system (${tried}): set DATABASE_URL to use one of your own.`,
    );
  }
  throw new EmbeddedPostgresError(
    'NO_UNPRIVILEGED_USER',
    `PostgreSQL refuses to run as root, and no other way works (${tried}): run as an ordinary user, or set DATABASE_URL.`,
  );
}

/** Whose server this is: PGDATA's owner, else the folder's, if an ordinary user; nobody in particular otherwise. */
async function preferredAccount(
  folder: DataFolder,
  cluster: Cluster | undefined,
): Promise<Account | undefined> {
  if (!isRoot()) return undefined;
  if (cluster !== undefined && cluster.owner.uid !== 0) return cluster.owner;
  // Looked up, because the folder of a bind mount may belong to a uid that initdb would not accept here.
  return folder.owner.uid === 0 ? undefined : await findAccount(folder.owner.uid);
}

/**
 * Asks postgres for its version from inside a private folder like PGDATA. Unlike --version, -C makes it locate its
 * executable and read its share files, which is where closed folders and missing libraries show.
 */
async function probe(
  launcher: Launcher,
  binaries: PostgresBinaries,
  folder: DataFolder,
): Promise<CommandResult> {
  const place = await mkdtemp(probePrefix(folder));
  try {
    if (isRoot()) await chown(place, launcher.fileOwner.uid, launcher.fileOwner.gid);
    const sample = join(binaries.native, 'share', 'postgresql', 'postgresql.conf.sample');
    const script = 'cd "$1" && exec "$2" -D "$1" -c config_file="$3" -C server_version_num';
    return await runCommand(launcher.wrap('/bin/sh', ['-c', script, 'sh', place, binaries.postgres, sample]));
  } catch (error) {
    // A container's root may not give files away.
    if (!['EPERM', 'EINVAL'].includes(codeOf(error) ?? '')) throw error;
    return { ok: false, stdout: '', complaint: 'chown is refused' };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
