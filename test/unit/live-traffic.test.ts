import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { LiveTrafficService } from '../../src/gateway/live-traffic.service.js';
import type { RawLogService } from '../../src/gateway/raw-log.service.js';
import type { NewGroup, NewUsageLog } from '../../src/gateway/raw-log.types.js';
import { generateTraffic } from '../../src/gateway/sample-traffic/generate-traffic.js';
import { expectedArrivals } from '../../src/gateway/sample-traffic/shape.js';
import { groups } from '../support/sample-week.js';

type WriteUsage = (rows: readonly NewUsageLog[]) => Promise<void>;

let live: LiveTrafficService;
const ensureGroups = jest.fn<(groups: readonly NewGroup[]) => Promise<Map<string, string>>>();
const writeUsage = jest.fn<WriteUsage>();
const writeErrors = jest.fn<(rows: readonly unknown[]) => Promise<void>>();

/** A working morning: by night the same rate gives a quarter of the rows. */
const MORNING = Date.parse('2026-03-02T09:30:00Z');

beforeEach(() => {
  const started = performance.now();
  jest.spyOn(Date, 'now').mockImplementation(() => MORNING + performance.now() - started);
  ensureGroups.mockReset().mockImplementation(async (groups) => {
    return Promise.resolve(new Map(groups.map((group, index) => [group.name, String(index + 1)])));
  });
  writeUsage.mockReset().mockResolvedValue(undefined);
  writeErrors.mockReset().mockResolvedValue(undefined);
  live = new LiveTrafficService({ ensureGroups, writeUsage, writeErrors } as unknown as RawLogService);
});

afterEach(async () => {
  await live.stop();
  jest.restoreAllMocks();
});

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A write that lasts until it is released; `begun` resolves with its rows. */
function heldWrite() {
  const begun = deferred<readonly NewUsageLog[]>();
  const release = deferred<undefined>();
  writeUsage.mockImplementationOnce(async (rows) => {
    begun.resolve(rows);
    await release.promise;
  });
  return {
    begun: begun.promise,
    release: (): void => {
      release.resolve(undefined);
    },
  };
}

/** Is the promise still open after this time? (A slow machine can only make it look more open.) */
async function openAfter(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let open = true;
  void promise.then(() => {
    open = false;
  });
  await new Promise((resolve) => setTimeout(resolve, ms));
  return open;
}

describe('LiveTrafficService', () => {
  test('writes rows whose time is left to the database', async () => {
    const write = heldWrite();
    live.start({ ratePerSecond: 400, seed: 1 });
    const rows = await write.begun;
    write.release();
    await live.stop();
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every((row) => row.createdAt === null)).toBe(true);
    expect(new Set(rows.map((row) => row.groupId)).size).toBeGreaterThan(5);
    expect(writeErrors).toHaveBeenCalledTimes(1);
  });

  test('stop waits for the write under way, and none follows', async () => {
    const write = heldWrite();
    live.start({ ratePerSecond: 50, seed: 1 });
    await write.begun;
    const stopped = live.stop();
    expect(await openAfter(stopped, 30)).toBe(true);
    // Its second half, the errors, still belongs to the same write.
    expect(writeErrors).not.toHaveBeenCalled();
    write.release();
    await stopped;
    expect(writeErrors).toHaveBeenCalledTimes(1);
    await live.stop();
    expect(writeUsage).toHaveBeenCalledTimes(1);
  });

  test('a session started while another one is still writing waits for it', async () => {
    const first = heldWrite();
    const second = heldWrite();
    live.start({ ratePerSecond: 50, seed: 1 });
    await first.begun;
    const stopped = live.stop();
    live.start({ ratePerSecond: 50, seed: 1 });
    // Longer than a tick: an overlapping session would have written by now.
    expect(await openAfter(second.begun, 700)).toBe(true);
    first.release();
    await stopped;
    await second.begun;
    second.release();
    expect(writeUsage).toHaveBeenCalledTimes(2);
  });

  test('a slow write is never overtaken by the next', async () => {
    const write = heldWrite();
    live.start({ ratePerSecond: 50, seed: 1 });
    await write.begun;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(writeUsage).toHaveBeenCalledTimes(1);
    const next = heldWrite();
    write.release();
    // What became due meanwhile.
    expect((await next.begun).length).toBeGreaterThan(50);
    next.release();
  });

  test.each(['2026-03-02T13:00:00Z', '2026-03-02T02:00:00Z', '2026-03-08T13:00:00Z'])(
    'goes on at %s as a history with the same seed and rate does',
    async (moment) => {
      // The clock stands still but for the second that the first tick looks back on.
      const from = Date.parse(moment);
      const clock = jest.spyOn(Date, 'now').mockReturnValueOnce(from);
      clock.mockReturnValue(from + 1_000);
      const plan = { ratePerSecond: 1_000, seed: 20_260_101 };
      const rows = Math.round(plan.ratePerSecond * expectedArrivals(plan.seed, from, from + 60_000));
      const minute = { from: new Date(from), to: new Date(from + 60_000), rows, seed: plan.seed, groups };
      const firstSecond = [...generateTraffic(minute)]
        .flatMap(({ usage }) => usage)
        .filter((row) => (row.createdAt ?? '') < new Date(from + 1_000).toISOString());
      const write = heldWrite();
      live.start(plan);
      const written = (await write.begun).length;
      write.release();
      // Both are what the minute expects; the history's share of it is drawn.
      expect(Math.abs(written - rows / 60)).toBeLessThan(1);
      expect(written / firstSecond.length).toBeGreaterThan(0.8);
      expect(written / firstSecond.length).toBeLessThan(1.25);
    },
  );

  test('logs a failed write, does not throw, and can be stopped during the pause that follows', async () => {
    const logged = deferred<unknown>();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      logged.resolve(message);
    });
    writeUsage.mockRejectedValueOnce(new Error('connection lost'));
    live.start({ ratePerSecond: 50, seed: 1 });
    expect(await logged.promise).toContain('connection lost');
    await live.stop();
    expect(writeUsage).toHaveBeenCalledTimes(1);
  });

  test('ends with the application', async () => {
    const write = heldWrite();
    live.start({ ratePerSecond: 50, seed: 1 });
    await write.begun;
    write.release();
    await live.onModuleDestroy();
    await live.beforeApplicationShutdown();
    expect(writeUsage).toHaveBeenCalledTimes(1);
  });

  test.each([0, -1, NaN, Infinity])('refuses the rate %p', (ratePerSecond) => {
    expect(() => {
      live.start({ ratePerSecond, seed: 1 });
    }).toThrow(RangeError);
  });
});
