import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { LiveTrafficService } from '../../src/gateway/live-traffic.service.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Some requests in every tick, also by night. */
const PLAN = { ratePerSecond: 400, seed: 1 };

let database: TestDatabase;
let live: LiveTrafficService;

beforeAll(async () => {
  database = await createTestDatabase('live_traffic');
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE usage_logs, ops_error_logs, groups');
  live = new LiveTrafficService(database.dataSource);
});
afterEach(async () => {
  await live.stop();
  jest.restoreAllMocks();
});

async function figure<T>(sql: string): Promise<T | undefined> {
  const [row] = await database.dataSource.query<{ value: T }[]>(`SELECT (${sql}) AS value`);
  return row?.value;
}
const rows = (): Promise<number | undefined> => figure('SELECT count(*)::int FROM usage_logs');
const someRows = (): Promise<boolean> => eventually(async () => ((await rows()) ?? 0) > 0, 'rows');
/** How many inserts wait for a lock on the table. */
const waiting = (): Promise<number | undefined> =>
  figure(`SELECT count(*)::int FROM pg_locks WHERE relation = 'usage_logs'::regclass AND NOT granted`);
const oneWaits = (): Promise<boolean> => eventually(async () => (await waiting()) === 1, 'a held write');

/** Writes wait until it is released. */
async function holdWrites(): Promise<() => Promise<void>> {
  const holder = database.dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query('LOCK TABLE usage_logs IN EXCLUSIVE MODE');
  return async () => {
    await holder.commitTransaction();
    await holder.release();
  };
}

const ticks = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500 * count));

/** Whether it is still open after some ticks; a slow machine can only make it look more open. */
async function staysOpen(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => false), ticks(2).then(() => true)]);
}

describe('LiveTrafficService', () => {
  test('writes rows of the present moment, by the clock of the database', async () => {
    const before = await figure<Date>('SELECT now()');
    // A process whose clock is wrong by years writes no other rows.
    jest.spyOn(Date, 'now').mockReturnValue(0);
    live.start(PLAN);
    await someRows();
    await live.stop();
    expect(
      await figure(`SELECT min(created_at) >= timestamptz '${before?.toISOString() ?? ''}' - interval '1 s'
        AND max(created_at) <= clock_timestamp() AND count(DISTINCT group_id) > 5 FROM usage_logs`),
    ).toBe(true);
  });

  test('stop waits for the write under way, and none follows', async () => {
    const release = await holdWrites();
    live.start(PLAN);
    await oneWaits();
    const stopped = live.stop();
    expect(await staysOpen(stopped)).toBe(true);
    await release();
    await stopped;
    const written = await rows();
    expect(written).toBeGreaterThan(0);
    await ticks(2);
    expect(await rows()).toBe(written);
  });

  test('no write overtakes a slow one, be it of a session that was stopped', async () => {
    const release = await holdWrites();
    live.start(PLAN);
    await oneWaits();
    await ticks(2);
    expect(await waiting()).toBe(1);
    const stopped = live.stop();
    live.start(PLAN);
    await ticks(2);
    expect(await waiting()).toBe(1);
    await release();
    await stopped;
    const written = (await rows()) ?? NaN;
    await eventually(async () => ((await rows()) ?? 0) > written, 'the next session');
  });

  test('logs a failed write, does not throw, and can be stopped during the pause that follows', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    await database.dataSource.query('ALTER TABLE usage_logs RENAME TO away');
    try {
      live.start(PLAN);
      await eventually(() => Promise.resolve(warn.mock.calls.length > 0), 'the warning');
      await live.stop();
    } finally {
      await database.dataSource.query('ALTER TABLE away RENAME TO usage_logs');
    }
    expect(warn.mock.calls).toEqual([[expect.stringContaining('usage_logs')]]);
    expect(await rows()).toBe(0);
  });

  test('ends with the application', async () => {
    live.start(PLAN);
    await someRows();
    await live.onModuleDestroy();
    const written = await rows();
    await live.beforeApplicationShutdown();
    await ticks(2);
    expect(await rows()).toBe(written);
  });

  test.each([0, -1, NaN, Infinity])('refuses the rate %p', (ratePerSecond) => {
    expect(() => {
      live.start({ ratePerSecond, seed: 1 });
    }).toThrow(RangeError);
  });
});
