import { join } from 'node:path';
import { nativeFolder, type PostgresBinaries } from './binaries.js';
import type { Cluster } from './cluster.js';
import { inWorkFolder, isRoot, self, type Account, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, unlessCode } from './errors.js';
import { runCommand, type Command, type CommandResult } from './processes.js';

/** A way to run PostgreSQL's programs, which refuse to run as root. */
export interface Launcher {
  /** For messages. */
  readonly name: string;
  /** Who must own PGDATA on disk for a server started this way. */
  readonly owner: Account;
  /** Whom the process becomes before it runs anything. */
  readonly identity?: Account;
  /** A helper, put before the program; it replaces itself by it. */
  readonly prefix?: readonly string[];
}

export function commandOf(launcher: Launcher, program: string, args: readonly string[]): Command {
  const [file = program, ...rest] = [...(launcher.prefix ?? []), program, ...args];
  return { file, args: rest, ...launcher.identity };
}

/**
 * The first way to run the binaries that works here, and their major version. It is found by trying: helpers may be
 * missing, and containers refuse capabilities and namespaces for reasons of their own.
 *
 * @throws EmbeddedPostgresError where none does
 */
export async function chooseLauncher(
  binaries: PostgresBinaries,
  folder: DataFolder,
  cluster: Cluster | undefined,
): Promise<{ launcher: Launcher; major: number }> {
  const refusals: string[] = [];
  for (const launcher of possibleLaunchers(await findAccount(folder, cluster))) {
    const { ok, stdout, complaint } = await probe(launcher, binaries, folder);
    if (ok && Number(stdout) > 0) return { launcher, major: Math.floor(Number(stdout) / 10_000) };
    refusals.push(`${launcher.name}: ${complaint.split('\n', 1)[0] ?? ''}`);
  }
  const tried = refusals.length === 0 ? 'no user "postgres" or "nobody" here' : refusals.join('; ');
  const what = isRoot()
    ? `PostgreSQL refuses to run as root, and no other way works (${tried}): run as an ordinary user, or`
    : `The embedded PostgreSQL does not run on this system (${tried}):`;
  throw new EmbeddedPostgresError(`${what} set DATABASE_URL to use one of your own.`);
}

/** The ways worth trying, best first; which of them this system allows must be tried out. */
function possibleLaunchers(account: Account | undefined): readonly Launcher[] {
  const asItIs = { name: 'as it is', owner: self() };
  if (account === undefined) return isRoot() ? [] : [asItIs];
  const { uid, gid } = account;
  // On disk the files stay ours; we merely seem to be that account.
  const inNamespace = {
    name: 'in a user namespace (unshare)',
    owner: self(),
    prefix: ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`],
  };
  if (!isRoot()) return uid === self().uid ? [asItIs] : [inNamespace, asItIs];
  // As an account that may pass closed folders (0700, umask 077). no_setuid_fixup: without it access(2), with which
  // postgres looks for its own executable, ignores the capability of any user but root.
  const capable = [
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--securebits=+no_setuid_fixup',
  ];
  return [
    { name: `as uid ${uid}`, owner: account, identity: account },
    {
      name: `as uid ${uid} with CAP_DAC_OVERRIDE (setpriv)`,
      owner: account,
      prefix: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...capable],
    },
    inNamespace,
  ];
}

/**
 * The account to run the server under. For root: PGDATA's owner, else the folder's, else the one that servers usually
 * run under here, or that owns nothing. For others themselves, unless the system has no name for them (common in
 * containers), which initdb insists on.
 */
async function findAccount(folder: DataFolder, cluster: Cluster | undefined): Promise<Account | undefined> {
  if (isRoot() && cluster !== undefined && cluster.owner.uid !== 0) return cluster.owner;
  for (const name of [isRoot() ? folder.owner.uid : self().uid, 'postgres', 'nobody']) {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => {
        const { ok, stdout } = await runCommand({ file: 'id', args: [flag, String(name)] });
        return ok ? Number(stdout) : NaN;
      }),
    );
    // Node takes ids as 32-bit integers; macOS's nobody (4294967294) is none.
    if (uid !== undefined && gid !== undefined && uid > 0 && uid < 2 ** 31) return { uid, gid };
  }
  return undefined;
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
  const sample = join(nativeFolder(binaries), 'share', 'postgresql', 'postgresql.conf.sample');
  const script = 'cd "$1" && exec "$2" -D "$1" -c config_file="$3" -C server_version_num';
  const answer = inWorkFolder(folder, launcher.owner, (place) =>
    runCommand(commandOf(launcher, '/bin/sh', ['-c', script, 'sh', place, binaries.postgres, sample])),
  );
  // A container's root may not give files away.
  return (
    (await unlessCode(answer, 'EPERM', 'EINVAL')) ?? { ok: false, stdout: '', complaint: 'chown is refused' }
  );
}
