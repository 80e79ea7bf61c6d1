import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../src/database/embedded/folder-lock.js';
import { identify } from '../../src/database/embedded/processes.js';

let folder: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  lock = join(folder, 'start.lock');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('withLock', () => {
  it('lets one in at a time, and leaves nothing behind', async () => {
    let inside = 0;
    let most = 0;
    const enter = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await setImmediate();
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(lock, enter)));
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is released when the work fails', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(lock, () => Promise.resolve('next'))).toBe('next');
  });

  it.each([
    ['a process that has ended', (): object => ({ pid: spawnSync('true').pid, started: 'then' })],
    ['an earlier process with a pid that lives again', (): object => ({ pid: process.pid, started: 'then' })],
  ])('takes the lock over from %s', async (_, holder) => {
    await writeFile(lock, JSON.stringify(holder()));
    expect(await withLock(lock, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('waits for a holder that lives', async () => {
    await writeFile(lock, JSON.stringify(await identify(process.pid)));
    const order: string[] = [];
    const waiting = withLock(lock, () => Promise.resolve(order.push('entered')));
    // It has made ready to enter, and time enough to do so.
    while ((await readdir(folder)).length === 1) await setImmediate();
    await sleep(200);
    order.push('released');
    await rm(lock);
    await waiting;
    expect(order).toEqual(['released', 'entered']);
  });
});
