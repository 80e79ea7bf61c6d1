import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/database/embedded/index.js';
import { openDatabase } from '../../src/database/open-database.js';
import {
  NOBODY,
  Starter,
  ask,
  canRunAsNobody,
  isAlive,
  isRoot,
  makeFolder,
  readPostmasterPid,
  removeFolder,
} from '../support/embedded-postgres.js';
import { eventually } from '../support/eventually.js';

let folder: string;
let dataDir: string;
let starters: Starter[];

beforeEach(async () => {
  folder = await makeFolder();
  dataDir = join(folder, 'data');
  starters = [];
});

afterEach(async () => {
  for (const starter of starters) await starter.kill();
  await removeFolder(folder, dataDir);
});

function startChild(identity: { uid?: number; gid?: number } = {}): Starter {
  const starter = new Starter(dataDir, identity);
  starters.push(starter);
  return starter;
}

const pgData = (): string => join(dataDir, 'postgres');

describe('a data folder that cannot be used', () => {
  const refusal = (about: string): object =>
    expect.objectContaining({ name: 'EmbeddedPostgresError', message: expect.stringContaining(about) });

  it('is not overwritten when it holds something else', async () => {
    await mkdir(pgData(), { recursive: true });
    await writeFile(join(pgData(), 'precious.txt'), 'mine');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toEqual(refusal(pgData()));
    expect(await readFile(join(pgData(), 'precious.txt'), 'utf8')).toBe('mine');
  });

  it('is refused when another major version made it', async () => {
    await mkdir(pgData(), { recursive: true });
    await writeFile(join(pgData(), 'PG_VERSION'), '9\n');
    const error = refusal('made by PostgreSQL 9');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toEqual(error);
  });

  it('is refused when it is a file', async () => {
    await writeFile(dataDir, '');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toEqual(refusal(dataDir));
  });

  it('is refused when its password is lost', async () => {
    await (await startEmbeddedPostgres({ dataDir })).stop();
    await rm(join(dataDir, 'postgres-password'));
    const error = refusal('postgres-password is missing');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toEqual(error);
  });

  it('shows the server’s own words when it does not start', async () => {
    const settings = { shared_buffers: 'plenty' };
    const error = refusal('shared_buffers');
    await expect(startEmbeddedPostgres({ dataDir, settings })).rejects.toEqual(error);
  });
});

const asRoot = isRoot() ? it : it.skip;
const asBoth = canRunAsNobody() ? it : it.skip;

describe('embedded PostgreSQL for root (skipped for ordinary users)', () => {
  asRoot('runs in a folder that is closed to everybody else, and in an open one', async () => {
    await chmod(folder, 0o700);
    await (await startEmbeddedPostgres({ dataDir })).stop();
    await chmod(folder, 0o755);
    const server = await startEmbeddedPostgres({ dataDir });
    expect(await ask(server.url, 'SELECT 1')).toBe(1);
    await server.stop();
  });

  asRoot('uses data that root owns on disk', async () => {
    await (await startEmbeddedPostgres({ dataDir })).stop();
    await chownAll(pgData(), 0);
    const server = await startEmbeddedPostgres({ dataDir });
    expect(await ask(server.url, 'SELECT 1')).toBe(1);
    await server.stop();
  });

  asRoot('serves an ordinary user’s folder as that user', async () => {
    await giveFolderToNobody();
    await (await startEmbeddedPostgres({ dataDir })).stop();
    for (const path of [
      dataDir,
      pgData(),
      join(dataDir, 'postgres-password'),
      join(dataDir, 'postgres.log'),
    ]) {
      expect(await stat(path)).toMatchObject(NOBODY);
    }
  });

  // Needs a project folder that an ordinary user may read.
  asBoth('takes turns with the ordinary user whose folder it is', async () => {
    await giveFolderToNobody();
    for (const identity of [NOBODY, {}, NOBODY]) {
      const starter = startChild(identity);
      expect(await starter.report()).toMatchObject({ url: expect.any(String) });
      await starter.stop();
    }
  });

  asBoth('refuses an ordinary user in root’s folder, in one line', async () => {
    await chmod(folder, 0o755);
    await (await startEmbeddedPostgres({ dataDir })).stop();
    const report = await startChild(NOBODY).report();
    expect(report.message).toMatch(/^[^\n]+OPS_DATA_DIR[^\n]+$/);
  });

  async function giveFolderToNobody(): Promise<void> {
    await chmod(folder, 0o755);
    await chown(folder, NOBODY.uid, NOBODY.gid);
  }

  async function chownAll(path: string, uid: number): Promise<void> {
    const child = spawn('chown', ['-R', String(uid), path]);
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});

describe('openDatabase', () => {
  it('uses DATABASE_URL as it is, and touches no folder', async () => {
    const database = await openDatabase({ databaseUrl: 'postgres://there/db', dataDir });
    expect(database).toMatchObject({ url: 'postgres://there/db', kind: 'external' });
    await database.stop();
    await expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('starts the embedded server without one, and says so', async () => {
    const lines: string[] = [];
    const database = await openDatabase({ databaseUrl: ' ', dataDir, log: (line) => lines.push(line) });
    expect(database.kind).toBe('embedded');
    expect(await ask(database.url, 'SELECT 1')).toBe(1);
    expect(lines.join('\n')).toContain(pgData());
    const pid = Number(await readPostmasterPid(dataDir));
    await database.stop();
    await eventually(
      () => Promise.resolve(!isAlive(pid)),
      'the end of the server, which the system may be slow to bury',
    );
  });
});
