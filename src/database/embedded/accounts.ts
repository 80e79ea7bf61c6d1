import { runCommand } from './run-command.js';

/** A user of this system, as numbers. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The effective user of this process. */
export function self(): Account {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

export function isRoot(): boolean {
  return self().uid === 0;
}

/** Looks an account up by name or uid; undefined if the system does not know it (initdb wants a known one). */
export async function findAccount(nameOrUid: string | number): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => {
      const { ok, stdout } = await runCommand({ file: 'id', args: [flag, String(nameOrUid)] });
      return ok ? Number(stdout) : NaN;
    }),
  );
  // Node takes ids as 32-bit integers; macOS's nobody (4294967294) is none.
  if (uid === undefined || gid === undefined || !(uid > 0 && uid < 2 ** 31)) return undefined;
  return { uid, gid };
}

/** The account that PostgreSQL servers usually run under here, else the one that owns nothing. */
export async function findServiceAccount(): Promise<Account | undefined> {
  return (await findAccount('postgres')) ?? (await findAccount('nobody'));
}
