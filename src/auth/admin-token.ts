import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, type Environment } from '../config/environment.js';

/** The bearer token of the admin endpoints. */
export interface AdminToken {
  readonly value: string;
  /** Made here, for the embedded database: shown at start, since nobody knows it yet. */
  readonly generated: boolean;
}

export const ADMIN_TOKEN = Symbol('ADMIN_TOKEN');

/**
 * The operator's token; with the embedded database one that is made once and kept in the data folder, readable by
 * its owner only.
 *
 * @throws EnvironmentError where an external database is served without a token
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
  const file = join(environment.OPS_DATA_DIR, 'admin-token');
  try {
    await writeFile(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
  return { value: (await readFile(file, 'utf8')).trim(), generated: true };
}
