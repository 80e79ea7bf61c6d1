import { userInfo } from 'node:os';
import { findServiceAccount, isRoot, self, type Account } from './accounts.js';
import type { Command } from './run-command.js';

/** A way to run PostgreSQL's binaries, which refuse to run as root. */
export interface Launcher {
  /** For messages. */
  readonly name: string;
  /** Who must own PGDATA on disk for a server started this way. */
  readonly fileOwner: Account;
  /** The command as this launcher runs it. It replaces the helper by exec: the pid is PostgreSQL's own. */
  wrap(file: string, args: readonly string[]): Command;
}

/** As whoever we are. */
function asSelf(): Launcher {
  return { name: 'as it is', fileOwner: self(), wrap: (file, args) => ({ file, args }) };
}

/** As another account. It must be able to reach the binaries and the data folder. */
function asAccount(account: Account): Launcher {
  return {
    name: `as uid ${account.uid}`,
    fileOwner: account,
    wrap: (file, args) => ({ file, args, ...account }),
  };
}

/** As another account that may pass closed folders (0700, umask 077). */
function withCapability(account: Account): Launcher {
  // no_setuid_fixup: without it access(2), with which postgres looks for its own executable, ignores the
  // capability of any user but root ("could not locate my own executable path").
  const options = ['--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--securebits=+no_setuid_fixup'];
  return {
    name: `as uid ${account.uid} with CAP_DAC_OVERRIDE (setpriv)`,
    fileOwner: account,
    wrap: (file, args) => ({ file: 'setpriv', args: [...identity, ...options, file, ...args] }),
  };
}

/** In a user namespace in which we merely seem to be that account; on disk the files stay ours. */
function inNamespace(account: Account): Launcher {
  const options = ['--user', `--map-user=${account.uid}`, `--map-group=${account.gid}`];
  return {
    name: 'in a user namespace (unshare)',
    fileOwner: self(),
    wrap: (file, args) => ({ file: 'unshare', args: [...options, file, ...args] }),
  };
}

/** The ways worth trying, best first; which of them this system allows must be tried out. */
export async function possibleLaunchers(preferred: Account | undefined): Promise<readonly Launcher[]> {
  if (!isRoot() && hasName()) return [asSelf()];
  const account = preferred ?? (await findServiceAccount());
  const aside = account === undefined ? [] : [inNamespace(account)];
  // A uid that the system has no name for (common in containers) can run postgres, but not initdb.
  if (!isRoot()) return [...aside, asSelf()];
  return account === undefined ? [] : [asAccount(account), withCapability(account), ...aside];
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}
