import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../src/database/embedded/index.js';
import {
  Starter,
  ask,
  isAlive,
  isRoot,
  makeFolder,
  readPostmasterPid,
  removeFolder,
} from '../support/embedded-postgres.js';

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

function startChild(): Starter {
  const starter = new Starter(dataDir);
  starters.push(starter);
  return starter;
}

const pgData = (): string => join(dataDir, 'postgres');

describe('embedded PostgreSQL', () => {
  it('starts, keeps its data over a restart, and leaves no process', async () => {
    const first = await startEmbeddedPostgres({ dataDir, settings: { max_connections: '17' } });
    expect(await ask(first.url, 'SHOW max_connections')).toBe('17');
    expect(await ask(first.url, 'SELECT current_database() || current_user')).toBe('gatewaygateway');
    expect(await ask(first.url, 'SHOW server_encoding')).toBe('UTF8');
    expect(await ask(first.url, `SELECT datcollate FROM pg_database WHERE datname = 'gateway'`)).toBe('C');
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await Promise.all([first.stop(), first.stop()]);
    expect(isAlive(first.pid)).toBe(false);

    const second = await startEmbeddedPostgres({ dataDir });
    expect(await ask(second.url, 'SELECT answer FROM kept')).toBe(42);
    await second.stop();
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres-password', 'postgres.log']);
  });

  it('lets nobody in without the password, and keeps it private', async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(server.url, 'SHOW listen_addresses')).toBe('127.0.0.1');
    await server.stop();
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
    expect((await stat(pgData())).mode & 0o777).toBe(0o700);
  });

  it('is shared by the processes on one folder, and ended by the last', async () => {
    const first = startChild();
    const { pid } = await first.report();
    const second = await startEmbeddedPostgres({ dataDir });
    const third = startChild();
    expect([second.pid, (await third.report()).pid]).toEqual([pid, pid]);
    await first.stop();
    expect(await ask(second.url, 'SELECT 1')).toBe(1);
    await second.stop();
    expect(await ask(second.url, 'SELECT 1')).toBe(1);
    await third.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('is found, and ended, after the process that started it was killed', async () => {
    const first = startChild();
    const { pid } = await first.report();
    await first.kill();
    const next = await startEmbeddedPostgres({ dataDir });
    expect(next.pid).toBe(pid);
    expect(await ask(next.url, 'SELECT 1')).toBe(1);
    await next.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('is one for several processes that start at once, and stop at once', async () => {
    const all = Array.from({ length: 4 }, () => startChild());
    const reports = await Promise.all(all.map((starter) => starter.report()));
    expect(new Set(reports.map(({ pid }) => pid)).size).toBe(1);
    for (const { url } of reports) expect(await ask(url, 'SELECT 1')).toBe(1);
    await Promise.all(all.map((starter) => starter.stop()));
    expect(reports.some(({ pid }) => isAlive(pid))).toBe(false);
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres-password', 'postgres.log']);
  });

  it('waits for one that is just being stopped, and starts it again', async () => {
    const [first, second] = [startChild(), startChild()];
    const { pid } = await first.report();
    await second.report();
    // Nobody can tell who comes first: whichever way, the third has a server.
    const stopped = Promise.all([first.stop(), second.stop()]);
    const third = await startEmbeddedPostgres({ dataDir });
    await stopped;
    expect(await ask(third.url, 'SELECT 1')).toBe(1);
    await third.stop();
    expect([pid, third.pid].some(isAlive)).toBe(false);
  });

  it('does not pass the terminal’s Ctrl-C on to the server', async () => {
    const owner = startChild();
    const { url } = await owner.report();
    process.kill(-Number(owner.process.pid), 'SIGINT');
    expect(await owner.report()).toEqual({ interrupted: true });
    expect(await ask(url, 'SELECT 1')).toBe(1);
    await owner.stop();
  });
});

describe('embedded PostgreSQL after a crash', () => {
  it('recovers when the server was killed', async () => {
    const crashed = await startEmbeddedPostgres({ dataDir });
    await ask(crashed.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await killServer(crashed.pid);
    const next = await startEmbeddedPostgres({ dataDir });
    expect(await ask(next.url, 'SELECT answer FROM kept')).toBe(42);
    await next.stop();
  });

  it('is not misled by an unrelated process that got the dead server’s pid', async () => {
    const crashed = await startEmbeddedPostgres({ dataDir });
    await killServer(crashed.pid);
    // Of the server's own user: PostgreSQL by itself would take it for a running server and give up.
    const { uid, gid } = await stat(pgData());
    const stranger = spawn('sleep', ['600'], isRoot() ? { uid, gid } : {});
    const file = join(pgData(), 'postmaster.pid');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(stranger.pid)));
    try {
      const next = await startEmbeddedPostgres({ dataDir });
      expect(next.pid).not.toBe(stranger.pid);
      await next.stop();
      expect(isAlive(Number(stranger.pid))).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('starts over when initdb was interrupted, and removes what it left', async () => {
    const interrupted = startChild();
    while (!(await entries()).some((name) => name.startsWith('postgres.tmp-'))) await sleep(1);
    await interrupted.kill();
    const server = await startEmbeddedPostgres({ dataDir });
    expect(await ask(server.url, 'SELECT 1')).toBe(1);
    await server.stop();
  });

  it('removes what earlier starts left unfinished, and nothing else', async () => {
    // Pids are below 2^22 everywhere: this one is nobody's.
    await mkdir(join(dataDir, 'postgres.tmp-99999999-abc/data/base'), { recursive: true });
    await writeFile(join(dataDir, 'notes.txt'), '');
    const server = await startEmbeddedPostgres({ dataDir });
    await server.stop();
    const expected = ['notes.txt', 'postgres', 'postgres-password', 'postgres.log'];
    expect((await entries()).sort()).toEqual(expected);
  });

  async function killServer(pid: number): Promise<void> {
    process.kill(pid, 'SIGKILL');
    while (isAlive(pid)) await sleep(5);
    expect(await readPostmasterPid(dataDir)).toBe(pid);
  }

  async function entries(): Promise<string[]> {
    return readdir(dataDir).catch(() => []);
  }
});
