import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { codeOf } from './errors.js';

/** A program to run, and as whom. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

export interface CommandResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** What went wrong in the program's own words, or why it could not be started. */
  readonly complaint: string;
}

/** Above the longest that one of our commands gives itself, a start of five minutes. */
const TIMEOUT_MS = 330_000;

/**
 * Runs a command to its end. A failure is an answer here, never an exception.
 *
 * @param stdout a file descriptor that takes its output, for a program that leaves another one behind
 */
export async function runCommand(
  command: Command,
  { stdout, env = {} }: { stdout?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  const { file, args, ...identity } = command;
  try {
    const child = spawn(file, args, {
      ...identity,
      cwd: '/', // the caller's own folder may be closed to the user the command runs as
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
      signal: AbortSignal.timeout(TIMEOUT_MS), // the `timeout` option keeps the process alive where nothing was spawned
    });
    const [out, complaint, [code]] = await Promise.all([
      child.stdout === null ? '' : text(child.stdout),
      child.stderr === null ? '' : text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { ok: code === 0, stdout: out.trim(), complaint: complaint.trim() };
  } catch (error) {
    return { ok: false, stdout: '', complaint: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Our environment without what would leak into the server: PGPORT, PGDATA and the like are read by postgres,
 * and a LANG that this system does not have makes initdb refuse.
 */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|TZ$)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

export function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM'; // somebody else's
  }
}

/** The command line a process was started with, joined by spaces; empty where it has ended or hides it. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.replaceAll('\0', ' ').trim();
  }
  const { stdout } = await runCommand({ file: 'ps', args: ['-ww', '-o', 'command=', '-p', String(pid)] });
  return stdout;
}
