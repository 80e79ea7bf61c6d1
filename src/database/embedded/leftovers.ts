import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DataFolder } from './data-folder.js';
import { unlessCode } from './errors.js';
import { isAlive } from './processes.js';

/** Names of what exists only while a start is under way; what a killed process left of it bears them too. */
export function stagingPrefix(folder: DataFolder): string {
  return join(folder.path, 'postgres.initdb-');
}

export function probePrefix(folder: DataFolder): string {
  return join(folder.path, '.probe-');
}

/** Removes what starts that were killed left behind. Call only under the folder's lock. */
export async function removeLeftovers(folder: DataFolder): Promise<void> {
  const staged = [stagingPrefix(folder), probePrefix(folder)].map((prefix) => basename(prefix));
  for (const name of await readdir(folder.path)) {
    if (staged.some((prefix) => name.startsWith(prefix)) || (await isDeadDraft(name))) {
      // An initdb that outlived its parent and still writes there can make this fail; the next start tries again.
      await unlessCode(rm(join(folder.path, name), { recursive: true, force: true }), 'ENOTEMPTY');
    }
  }
}

/** A file that a process made ready under its pid, to be renamed or linked, and never did. */
async function isDeadDraft(name: string): Promise<boolean> {
  const pid = /^(?:start\.lock|owner\.json|postgres-password)\.(\d+)(?:\.\d+)?$/.exec(name)?.[1];
  return pid !== undefined && !(await isAlive(Number(pid)));
}
