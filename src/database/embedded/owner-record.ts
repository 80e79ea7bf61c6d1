import { readFile, rm } from 'node:fs/promises';
import { writePrivateFile, type DataFolder } from './data-folder.js';
import { unlessCode } from './errors.js';
import { identify, isRunning, parseIdentity } from './processes.js';

/** Whether the process that has promised to stop the server is still there to do so. */
export async function hasLivingOwner(folder: DataFolder): Promise<boolean> {
  const recorded = await unlessCode(readFile(folder.ownerRecord, 'utf8'), 'ENOENT');
  const owner = recorded === undefined ? undefined : parseIdentity(recorded);
  return owner !== undefined && (await isRunning(owner));
}

/** Makes this process the one that stops the server. */
export async function recordOwner(folder: DataFolder): Promise<void> {
  await writePrivateFile(folder, folder.ownerRecord, `${JSON.stringify(await identify(process.pid))}\n`);
}

export async function forgetOwner(folder: DataFolder): Promise<void> {
  await rm(folder.ownerRecord, { force: true });
}
