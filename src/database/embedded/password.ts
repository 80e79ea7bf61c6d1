import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writePrivateFile, type DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, unlessCode } from './errors.js';

// Hex: needs no escaping in a URL.
const FORM = /^[0-9a-f]{48}$/;

/** The password of an existing cluster. Throws DATA_DIR_UNUSABLE when its file is missing. */
export async function readPassword(folder: DataFolder): Promise<string> {
  const password = await stored(folder);
  if (password !== undefined) return password;
  throw new EmbeddedPostgresError(
    'DATA_DIR_UNUSABLE',
    `${folder.password} is missing, and with it the way into ${folder.pgData}: restore it or move the folder away.`,
  );
}

/** The password for a cluster about to be made: what is stored already, else a new random one. */
export async function createPassword(folder: DataFolder): Promise<string> {
  const before = await stored(folder);
  if (before !== undefined) return before;
  const password = randomBytes(24).toString('hex');
  await writePrivateFile(folder, folder.password, `${password}\n`);
  return password;
}

async function stored(folder: DataFolder): Promise<string | undefined> {
  const text = (await unlessCode(readFile(folder.password, 'utf8'), 'ENOENT'))?.trim();
  return text !== undefined && FORM.test(text) ? text : undefined;
}
