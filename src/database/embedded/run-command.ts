import { execFile } from 'node:child_process';

/** A program to start, and as whom. */
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

/** Runs a command to its end. A failure is an answer here, never an exception. */
export async function runCommand(command: Command): Promise<CommandResult> {
  const { file, args, ...identity } = command;
  return new Promise((resolve) => {
    const done = (error: Error | null, stdout: string, stderr: string): void => {
      const complaint = stderr.trim() === '' ? (error?.message ?? '') : stderr.trim();
      resolve({ ok: error === null, stdout, complaint });
    };
    try {
      // cwd '/': the caller's own folder may be closed to the user the command runs as.
      execFile(file, args, { ...identity, cwd: '/', env: serverEnvironment(), timeout: 120_000 }, done);
    } catch (error) {
      // spawn throws some errnos (EPERM from setuid) instead of reporting them.
      done(error instanceof Error ? error : new Error(String(error)), '', '');
    }
  });
}

/**
 * Our environment without what would leak into the server: PGPORT, PGDATA and the like are read by postgres,
 * and a LANG that this system does not have makes initdb refuse.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|TZ$)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}
