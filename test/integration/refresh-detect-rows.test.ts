import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { copyIn } from '../support/copy-in.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;

describe('detection, by how rows are written and dated', () => {
  let database: TestDatabase;
  /** For it an hour is closed when it ends. */
  let app: OpsApp;
  /** For it an hour is closed a day later: what it has drained is what `app` had drained a day ago. */
  let yesterday: OpsApp;

  beforeAll(async () => {
    database = await createTestDatabase('refresh_detect_rows');
    app = await createOpsApp(database.url);
    yesterday = await createOpsApp(database.url, { safeDelaySeconds: 86_400 });
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
  });
  afterAll(async () => {
    await app.close();
    await yesterday.close();
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);

  async function expectAllRight(): Promise<void> {
    await expectRight(database.url, await ago(60 * 24), await ago(0));
  }

  it('finds the rows of multi-row inserts, INSERT … SELECT and COPY, committed after a tick', async () => {
    await app.refresh.tick();
    const writer = await scene.connect(database.url);
    try {
      const [copied, selected] = [await ago(31), await ago(3)];
      await writer.query('BEGIN');
      await copyIn(
        writer,
        'COPY usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, created_at) FROM STDIN',
        Array.from({ length: 500 }, (_, i) => `1\t1\t1\tm\t${(i % 3) + 1}\t${i}\t${copied.toISOString()}`),
      );
      await writer.query(
        `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, created_at)
         VALUES (1, 1, 1, 'm', 1, $1::timestamptz), (1, 1, 1, 'm', 2, $2::timestamptz), (1, 1, 1, 'm', NULL, $2::timestamptz)`,
        [(await ago(4)).toISOString(), (await ago(53)).toISOString()],
      );
      await writer.query(
        `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, created_at)
         SELECT 2, 2, 2, model, group_id, $1::timestamptz FROM usage_logs WHERE group_id = 3`,
        [selected.toISOString()],
      );
      await app.refresh.tick();
      expect(await scene.storedRequests(database.dataSource, copied)).toBeNull();
      await writer.query('COMMIT');
      expect(await app.refresh.tick()).toMatchObject({ drainedHours: 4 });
      expect(await scene.storedRequests(database.dataSource, copied)).toBe(500);
      expect(await scene.storedRequests(database.dataSource, selected)).toBe(166);
    } finally {
      await writer.end();
    }
    await app.refresh.maintain();
    await expectAllRight();
  });

  it('keeps the hours of rows dated in the future until they are closed', async () => {
    await app.refresh.tick();
    const future = await ago(-3);
    await scene.insertRequests(database.dataSource, future);
    for (let tick = 0; tick < 2; tick += 1) {
      expect(await app.refresh.tick()).toMatchObject({ drainedHours: 0, pendingHours: 0 });
      expect(await scene.staleHours(database.dataSource)).toContain(future.toISOString());
    }
    expect((await app.status.status()).invalidations.waitingToClose).toBeGreaterThanOrEqual(1);
    expect(await scene.storedRequests(database.dataSource, future)).toBeNull();
  });

  it('keeps a future hour that the first run finds', async () => {
    const future = await ago(-30);
    await scene.insertRequests(database.dataSource, future);
    await app.refresh.tick();
    expect(await scene.staleHours(database.dataSource)).toContain(future.toISOString());
  });

  it('drains an hour once it has closed, with the rows that came until then', async () => {
    const hour = await ago(5);
    await scene.insertRequests(database.dataSource, hour, 2);
    await yesterday.refresh.tick();
    await scene.insertRequests(database.dataSource, hour, 3);
    await yesterday.refresh.tick();
    expect(await scene.staleHours(database.dataSource)).toContain(hour.toISOString());
    expect(await scene.storedRequests(database.dataSource, hour)).toBeNull();
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, hour)).toBe(5);
    await expectAllRight();
  });

  // The zero time of Go's clients, the same in a session east of Greenwich, and what no clock should give.
  it.each([
    'infinity',
    '-infinity',
    '0001-01-01 00:00:00Z',
    '0001-12-31 16:00:00Z BC',
    '4713-01-02 00:00:00Z BC',
    '1969-12-31 23:59:59Z',
    '9999-12-31 23:59:59Z',
    '10000-01-01 00:00:00Z',
    '294276-12-31 23:00:00Z',
  ])('goes on with everything else when a row is dated %s', async (date) => {
    for (const when of ['in the first run', 'later']) {
      await scene.resetScene(database.dataSource);
      if (when === 'later') await app.refresh.tick();
      await scene.insertRequests(database.dataSource, date);
      await scene.insertFailures(database.dataSource, date);
      await scene.insertRequests(database.dataSource, await ago(5));
      expect(await app.refresh.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
      expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0 });
      expect(await app.refresh.tick()).toMatchObject({
        drainedHours: 0,
        failedBuckets: 0,
        pendingHours: 0,
      });
      expect(await scene.storedRequests(database.dataSource, await ago(5))).toBe(3);
      expect((await app.verify.verify(await ago(60 * 24), await ago(0))).differences).toEqual([]);
    }
  });

  it('recomputes hours that were updated in place, of any age, which the audit finds', async () => {
    const [near, far] = [await ago(3), await ago(24 * 5)];
    for (const hour of [near, far]) {
      await scene.insertRequests(database.dataSource, hour);
      await scene.insertFailures(database.dataSource, hour);
    }
    await app.refresh.tick();
    await database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');
    expect(await app.refresh.tick()).toMatchObject({
      detectedHours: 0,
      differingHours: 2,
      drainedHours: 2,
    });
    await expectAllRight();
    await database.dataSource.query(`UPDATE ops_error_logs SET is_business_limited = true`);
    await app.refresh.tick();
    await database.dataSource.query(`UPDATE ops_error_logs SET is_business_limited = false`);
    await app.refresh.tick();
    await expectAllRight();
  });

  it('recomputes an hour that was updated while it was not closed yet, with the next audit', async () => {
    const hour = await ago(30);
    await scene.insertRequests(database.dataSource, hour);
    await yesterday.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, hour)).toBe(3);
    await database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');
    // For this instance a day of hours has closed since.
    expect(await app.refresh.tick()).toMatchObject({ differingHours: 1 });
    await expectAllRight();
  });

  it('audits nothing where it is switched off; verify --fix finds it then', async () => {
    const none = await createOpsApp(database.url, { auditPercent: 0 });
    try {
      await scene.insertRequests(database.dataSource, await ago(25));
      await none.refresh.tick();
      await database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');
      expect(await none.refresh.tick()).toMatchObject({ auditedHours: 0, drainedHours: 0 });
      expect(await none.verify.verify(await ago(60 * 24), await ago(0), true)).toMatchObject({
        notedHours: 1,
      });
      expect(await none.refresh.tick()).toMatchObject({ drainedHours: 1 });
    } finally {
      await none.close();
    }
    await expectAllRight();
  });

  it('removes the rows of levels whose raw rows were deleted, and holds back a side that would vanish', async () => {
    const hour = await ago(50);
    await scene.insertRequests(database.dataSource, hour, 4, 1);
    await scene.insertRequests(database.dataSource, hour, 3, 3);
    await scene.insertFailures(database.dataSource, hour, 1, 'gemini');
    for (const [days, insert] of [
      [60, scene.insertRequests],
      [60, scene.insertFailures],
    ] as const) {
      await insert(database.dataSource, await ago(days), 1);
    }
    await app.refresh.tick();
    await database.dataSource.query(`DELETE FROM usage_logs WHERE group_id = 3`);
    await database.dataSource.query(`DELETE FROM ops_error_logs WHERE platform = 'gemini'`);
    // By itself: what loses less than half is watched, what vanishes is held back.
    expect(await app.refresh.tick()).toMatchObject({ drainedHours: 0, suspiciousHours: 1 });
    const levels = async (): Promise<unknown[]> =>
      database.dataSource.query(
        `SELECT DISTINCT platform FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz ORDER BY 1`,
        [hour.toISOString()],
      );
    expect(await levels()).toEqual([
      { platform: 'anthropic' },
      { platform: 'gemini' },
      { platform: 'openai' },
      { platform: null },
    ]);
    // Asked for: the usage side is taken up, the errors stay held back.
    await app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS) });
    await app.refresh.tick();
    expect(await levels()).toEqual([{ platform: 'gemini' }, { platform: 'openai' }, { platform: null }]);
    expect(await scene.storedRequests(database.dataSource, hour)).toBe(4);
    expect(await scene.loggedHour(database.dataSource, hour)).toMatchObject({ is_suspicious: true });

    await app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS), force: true });
    await app.refresh.tick();
    expect(await levels()).toEqual([{ platform: 'openai' }, { platform: null }]);
    await expectAllRight();
  });
});
