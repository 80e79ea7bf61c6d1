import { beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { OpsScene } from '../support/ops-scene.js';
import { INSERT_BOTH } from '../support/traffic.js';
import { databaseNow } from '../support/rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Far below what the tests wait for, so that a wait that was bounded by it would show. */
const LOCK_TIMEOUT_MS = 100;

const NOTE = `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ($1::timestamptz, 'new_rows')
  ON CONFLICT (tier, bucket_start) DO UPDATE SET noted_at = clock_timestamp()`;

describe('refresh, in the way of others', () => {
  const scene = new OpsScene('refresh_resilience', { lockTimeoutMs: LOCK_TIMEOUT_MS });
  let today: number;

  beforeEach(async () => {
    today = Math.floor((await databaseNow(scene.dataSource)).getTime() / DAY_MS) * DAY_MS;
  });

  it('recomputes the other days when the daily rows of one fail, and says so', async () => {
    for (const days of [1, 2, 3]) {
      await scene.insertRequests(new Date(today - days * DAY_MS), 2);
    }
    await scene.tick();
    await scene.query('TRUNCATE ops_metrics_daily');
    const bad = new Date(today - 2 * DAY_MS);
    await scene.query(
      `ALTER TABLE ops_metrics_daily ADD CONSTRAINT no_such_day CHECK (bucket_date <> '${bad.toISOString().slice(0, 10)}')`,
    );
    try {
      expect(await scene.tick()).toMatchObject({ drainedDays: 2, failedBuckets: 1, pendingDays: 1 });
    } finally {
      await scene.query('ALTER TABLE ops_metrics_daily DROP CONSTRAINT no_such_day');
    }
    const lastError = expect.stringContaining('23514');
    expect((await scene.status()).failingBuckets).toMatchObject([
      { tier: 'day', bucketStart: bad.toISOString(), attempts: 1, lastError },
    ]);
    const dates = await scene.query<{ days: number }>(
      `SELECT DISTINCT ($1::date - bucket_date) AS days FROM ops_metrics_daily ORDER BY 1`,
      [new Date(today)],
    );
    expect(dates.map(({ days }) => days)).toEqual([1, 3]);
    await scene.endPauses();
    expect(await scene.tick()).toMatchObject({ drainedDays: 1, failedBuckets: 0, pendingDays: 0 });
  });

  it('waits for a drain that has claimed the hours it wants to note, for longer than a lock timeout', async () => {
    const hour = new Date(today - 2 * DAY_MS);
    await scene.insertRequests(hour, 2);
    await scene.tick();
    const holder = await scene.begin(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ('${hour.toISOString()}', 'verify')`,
    );
    const request = scene.app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS) });
    await eventually(async () => (await scene.waiting()) > 0, 'a request that waits');
    await sleep(3 * LOCK_TIMEOUT_MS);
    await holder.query('COMMIT');
    expect((await request).hours.total).toBe(1);
  });

  it('warns when ids have started anew, and finds the rows that were written since', async () => {
    await scene.insertRequests(new Date(today - DAY_MS), 5);
    await scene.tick();
    await scene.query('TRUNCATE usage_logs RESTART IDENTITY');
    const hour = new Date(today - 5 * HOUR_MS);
    await scene.insertRequests(hour, 1);
    const warnings = scene.warnings();
    expect(await scene.tick()).toMatchObject({ drainedHours: 1 });
    expect(warnings.join('\n')).toMatch(/highest id of usage_logs has fallen to 1:/);
    expect(await scene.storedRequests(hour)).toBe(1);
    // What was there before, and is not any more, was purged: it stays.
    expect(await scene.storedRequests(new Date(today - DAY_MS))).toBe(5);
  });

  it('notes hours in bucket order, also when the newer rows were written first, beside another that notes', async () => {
    const [older, newer] = [await scene.ago(2), await scene.ago(1)];
    await scene.tick();
    for (const hour of [newer, older]) await scene.query(INSERT_BOTH, [[hour.toISOString()]]);

    const other = await scene.begin();
    await other.query(NOTE, [older.toISOString()]);
    const tick = scene.tick();
    await eventually(async () => (await scene.waiting()) > 0, 'waiting for the other instance');
    await other.query(NOTE, [newer.toISOString()]);
    await other.query('COMMIT');

    expect((await tick).detectedHours).toBe(4); // two in each raw table
    expect(await scene.tick()).toMatchObject({ pendingHours: 0 });
  });
});
