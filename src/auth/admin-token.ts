import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, type Environment } from '../config/environment.js';

/** The bearer token of the admin endpoints. */
export interface AdminToken {
  readonly value: string;
  /** Made here, for the embedded database: shown at start, since nobody knows it yet. */
  readonly generated: boolean;
}

export const ADMIN_TOKEN = Symbol('ADMIN_TOKEN');

const MIN_TOKEN_LENGTH = 32;

/**
 * The operator's token; with the embedded database one that is made once and kept in the data folder, readable by
 * its owner only.
 *
 * @throws EnvironmentError where an external database is served without a token, or the kept one is damaged
 */
export async function adminToken(environment: Environment): Promise<AdminToken> {
  if (environment.OPS_ADMIN_TOKEN !== undefined) {
    return { value: environment.OPS_ADMIN_TOKEN, generated: false };
  }
  if (environment.DATABASE_URL !== undefined) {
    throw new EnvironmentError([
      'OPS_ADMIN_TOKEN must be set, with at least 32 characters, when DATABASE_URL is: it protects the admin endpoints',
    ]);
  }
  return { value: await keptToken(join(environment.OPS_DATA_DIR, 'admin-token')), generated: true };
}

/**
 * The token of the file, made where there is none. It is written under another name first: a link never shows half
 * a file to a process that starts at the same moment, and a crash leaves no empty token, which would let anybody in.
 */
async function keptToken(file: string): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  } finally {
    await unlink(draft);
  }
  const token = (await readFile(file, 'utf8')).trim();
  if (token.length < MIN_TOKEN_LENGTH) {
    throw new EnvironmentError([
      `${file} holds no token of at least ${MIN_TOKEN_LENGTH} characters: delete it, and a new one is made at the next start`,
    ]);
  }
  return token;
}
