import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { databaseNow } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Far below what the tests wait for, so that a wait that was bounded by it would show. */
const LOCK_TIMEOUT_MS = 200;

describe('refresh, in the way of others', () => {
  let database: TestDatabase;
  let app: OpsApp;
  let today: number;

  beforeAll(async () => {
    database = await createTestDatabase('refresh_resilience');
    app = await createOpsApp(database.url, { lockTimeoutMs: LOCK_TIMEOUT_MS });
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
    today = Math.floor((await databaseNow(database.dataSource)).getTime() / DAY_MS) * DAY_MS;
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('recomputes the other days when the daily rows of one fail, and says so', async () => {
    for (const days of [1, 2, 3]) {
      await scene.insertRequests(database.dataSource, new Date(today - days * DAY_MS), 2);
    }
    await app.refresh.tick();
    await database.dataSource.query('TRUNCATE ops_metrics_daily');
    const bad = new Date(today - 2 * DAY_MS);
    await database.dataSource.query(
      `ALTER TABLE ops_metrics_daily ADD CONSTRAINT no_such_day CHECK (bucket_date <> '${bad.toISOString().slice(0, 10)}')`,
    );
    try {
      expect(await app.refresh.tick()).toMatchObject({ drainedDays: 2, failedBuckets: 1, pendingDays: 1 });
    } finally {
      await database.dataSource.query('ALTER TABLE ops_metrics_daily DROP CONSTRAINT no_such_day');
    }
    expect((await app.status.status()).failingBuckets).toMatchObject([
      {
        tier: 'day',
        bucketStart: bad.toISOString(),
        attempts: 1,
        lastError: expect.stringContaining('23514'),
      },
    ]);
    const dates = await database.dataSource.query<{ days: number }[]>(
      `SELECT DISTINCT ($1::date - bucket_date) AS days FROM ops_metrics_daily ORDER BY 1`,
      [new Date(today).toISOString().slice(0, 10)],
    );
    expect(dates.map(({ days }) => days)).toEqual([1, 3]);
    await scene.endPauses(database.dataSource);
    expect(await app.refresh.tick()).toMatchObject({ drainedDays: 1, failedBuckets: 0, pendingDays: 0 });
  });

  it('waits for a drain that has claimed the hours it wants to note, for longer than a lock timeout', async () => {
    const hour = new Date(today - 2 * DAY_MS);
    await scene.insertRequests(database.dataSource, hour, 2);
    await app.refresh.tick();
    const holder = database.dataSource.createQueryRunner();
    await holder.startTransaction();
    try {
      await holder.query(
        `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ($1, 'verify')`,
        [hour.toISOString()],
      );
      const request = app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS) });
      const since = performance.now();
      await eventually(() => Promise.resolve(performance.now() - since > 3 * LOCK_TIMEOUT_MS));
      await holder.commitTransaction();
      expect((await request).hours.total).toBe(1);
    } finally {
      if (holder.isTransactionActive) await holder.rollbackTransaction();
      await holder.release();
    }
  });

  it('warns when ids have started anew, and finds the rows that were written since', async () => {
    await scene.insertRequests(database.dataSource, new Date(today - DAY_MS), 5);
    await app.refresh.tick();
    await database.dataSource.query('TRUNCATE usage_logs RESTART IDENTITY');
    const hour = new Date(today - 5 * HOUR_MS);
    await scene.insertRequests(database.dataSource, hour, 1);
    const warn = jest.spyOn(Logger.prototype, 'warn');
    expect(await app.refresh.tick()).toMatchObject({ drainedHours: 1 });
    const warnings = warn.mock.calls.map(([message]) => String(message));
    warn.mockRestore();
    expect(warnings.join('\n')).toMatch(/highest id of usage_logs has fallen to 1:/);
    expect(await scene.storedRequests(database.dataSource, hour)).toBe(1);
    // What was there before, and is not any more, was purged: it stays.
    expect(await scene.storedRequests(database.dataSource, new Date(today - DAY_MS))).toBe(5);
  });
});
