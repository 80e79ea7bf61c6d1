import { readFile } from 'node:fs/promises';
import { codeOf } from './errors.js';
import { runCommand } from './run-command.js';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever form the system gives; compared, never interpreted. */
  readonly started: string;
}

const onLinux = process.platform === 'linux';

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, started: (await startOf(pid)) ?? '' };
}

/** Reads an identity from JSON; undefined for anything else (a file cut short by a full disk, say). */
export function parseIdentity(json: string): ProcessIdentity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value))
    return undefined;
  const { pid, started } = value;
  return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
}

/** Whether that very process still runs. In doubt (its start cannot be read) the answer is yes. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  if (!(await isAlive(identity.pid))) return false;
  const started = await startOf(identity.pid);
  return started === undefined || identity.started === '' || started === identity.started;
}

/** Whether a process with this pid exists and has not ended. A zombie that nobody collects has ended. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return !onLinux || (await statFields(pid))?.[0] !== 'Z';
}

/** The command line a process was started with, joined by spaces; empty where it has ended or hides it. */
export async function commandLineOf(pid: number): Promise<string> {
  if (onLinux) {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.replaceAll('\0', ' ').trim();
  }
  const ps = await runCommand({ file: 'ps', args: ['-ww', '-o', 'command=', '-p', String(pid)] });
  return ps.stdout.trim();
}

async function startOf(pid: number): Promise<string | undefined> {
  if (!onLinux) {
    const { ok, stdout } = await runCommand({ file: 'ps', args: ['-o', 'lstart=', '-p', String(pid)] });
    return ok ? stdout.trim() : undefined;
  }
  // Clock ticks since boot, hence the boot beside it: a container may get the same pid at the same tick again.
  const ticks = (await statFields(pid))?.[19];
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return ticks === undefined ? undefined : `${boot.trim()}/${ticks}`;
}

/** The fields of /proc/pid/stat from the third (state) on; the second, the name, may hold spaces and brackets. */
async function statFields(pid: number): Promise<readonly string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}
