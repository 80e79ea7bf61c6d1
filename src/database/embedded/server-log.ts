import { chmod, open, readFile, rename, stat, type FileHandle } from 'node:fs/promises';
import { giveToFolderOwner, type DataFolder } from './data-folder.js';
import { unlessCode } from './errors.js';

const ROTATE_BYTES = 16 * 1024 * 1024;
const TAIL_LINES = 5;

/** Opens the server's log for appending; a large one is first set aside as `.1`. */
export async function openServerLog(folder: DataFolder): Promise<FileHandle> {
  const before = await unlessCode(stat(folder.log), 'ENOENT');
  if ((before?.size ?? 0) > ROTATE_BYTES) await rename(folder.log, `${folder.log}.1`);
  const log = await open(folder.log, 'a', 0o600);
  await chmod(folder.log, 0o600);
  await giveToFolderOwner(folder, folder.log);
  return log;
}

/** The last lines that were written after the log was `from` bytes long, as one line. */
export async function readLogTail(folder: DataFolder, from: number): Promise<string> {
  const written = (await readFile(folder.log)).subarray(from).toString('utf8').trim();
  return written.split('\n').slice(-TAIL_LINES).join(' | ');
}
