import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { adminToken } from '../../src/auth/admin-token.js';
import { EnvironmentError, readEnvironment } from '../../src/config/environment.js';

const GIVEN = 'a-token-of-the-operator-with-enough-characters';

describe('adminToken', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'admin-token-'));
    file = join(folder, 'admin-token');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const embedded = () => readEnvironment({ OPS_DATA_DIR: folder });

  it('takes the operator’s and writes no file', async () => {
    const environment = readEnvironment({ OPS_DATA_DIR: folder, OPS_ADMIN_TOKEN: GIVEN });
    await expect(adminToken(environment)).resolves.toEqual({ value: GIVEN, generated: false });
    await expect(readdir(folder)).resolves.toEqual([]);
  });

  it('refuses to serve an operator’s database without one', async () => {
    const environment = readEnvironment({ OPS_DATA_DIR: folder, DATABASE_URL: 'postgres://h/db' });
    await expect(adminToken(environment)).rejects.toThrow(EnvironmentError);
    await expect(adminToken(environment)).rejects.toThrow(/^OPS_ADMIN_TOKEN must be set/);
    await expect(readdir(folder)).resolves.toEqual([]);
  });

  it('makes one for the embedded database, for its owner’s eyes, and keeps it', async () => {
    const made = await adminToken(embedded());
    expect(made).toEqual({ value: expect.stringMatching(/^[0-9a-f]{64}$/), generated: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expect(readdir(folder)).resolves.toEqual(['admin-token']);
    await expect(adminToken(embedded())).resolves.toEqual(made);
  });

  it('is the same for processes that start at the same moment', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => adminToken(embedded())));
    expect(new Set(made.map(({ value }) => value)).size).toBe(1);
    await expect(readdir(folder)).resolves.toEqual(['admin-token']);
  });

  it('keeps one that the operator put there', async () => {
    await writeFile(file, `${GIVEN}\n`);
    await chmod(file, 0o600);
    await expect(adminToken(embedded())).resolves.toMatchObject({ value: GIVEN });
    await expect(readFile(file, 'utf8')).resolves.toBe(`${GIVEN}\n`);
  });

  it.each([
    ['empty', ''],
    ['blank', ' \n'],
    ['cut short', 'abc\n'],
  ])('refuses a file that is %s, and names it', async (_what, content) => {
    await writeFile(file, content);
    await expect(adminToken(embedded())).rejects.toThrow(EnvironmentError);
    await expect(adminToken(embedded())).rejects.toThrow(file);
  });
});
