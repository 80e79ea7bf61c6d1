import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { copyIn } from '../support/copy-in.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { databaseNow, expectRight, hoursAgo } from '../support/rollup-check.js';
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
    await app.refresh.hourly();
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
      await app.refresh.hourly();
      expect(await scene.storedRequests(database.dataSource, copied)).toBeNull();
      await writer.query('COMMIT');
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 4 });
      expect(await scene.storedRequests(database.dataSource, copied)).toBe(500);
      expect(await scene.storedRequests(database.dataSource, selected)).toBe(166);
    } finally {
      await writer.end();
    }
    await app.refresh.daily();
    await expectAllRight();
  });

  it('keeps the hours of rows dated in the future until they are closed', async () => {
    await app.refresh.hourly();
    const future = await ago(-3);
    await scene.insertRequests(database.dataSource, future);
    for (let tick = 0; tick < 2; tick += 1) {
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 0, pendingHours: 0 });
      expect(await scene.staleHours(database.dataSource)).toContain(future.toISOString());
    }
    expect((await app.status.status()).invalidations.waitingToClose).toBeGreaterThanOrEqual(1);
    expect(await scene.storedRequests(database.dataSource, future)).toBeNull();
  });

  it('keeps a future hour that the first run finds', async () => {
    const future = await ago(-30);
    await scene.insertRequests(database.dataSource, future);
    await app.refresh.hourly();
    expect(await scene.staleHours(database.dataSource)).toContain(future.toISOString());
  });

  it('drains an hour once it has closed, with the rows that came until then', async () => {
    const hour = await ago(5);
    await scene.insertRequests(database.dataSource, hour, 2);
    await yesterday.refresh.hourly();
    await scene.insertRequests(database.dataSource, hour, 3);
    await yesterday.refresh.hourly();
    expect(await scene.staleHours(database.dataSource)).toContain(hour.toISOString());
    expect(await scene.storedRequests(database.dataSource, hour)).toBeNull();
    await app.refresh.hourly();
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
      if (when === 'later') await app.refresh.hourly();
      await scene.insertRequests(database.dataSource, date);
      await scene.insertFailures(database.dataSource, date);
      await scene.insertRequests(database.dataSource, await ago(5));
      expect(await app.refresh.hourly()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
      expect(await app.refresh.daily()).toMatchObject({ oldDefinitionHours: 0 });
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 0, failedBuckets: 0, pendingHours: 0 });
      expect(await scene.storedRequests(database.dataSource, await ago(5))).toBe(3);
      expect((await app.verify.verify(await ago(60 * 24), await ago(0))).differences).toEqual([]);
    }
  });

  it('recomputes an hour that was updated in place when one of the next two hours closes', async () => {
    const [near, far] = [await ago(25), await ago(24 * 5)];
    for (const hour of [near, far]) await scene.insertRequests(database.dataSource, hour);
    await yesterday.refresh.hourly();
    // Those hours are closed a day later, and drained.
    expect(await scene.storedRequests(database.dataSource, near)).toBe(3);
    await database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');
    await app.refresh.hourly();
    const { differences } = await app.verify.verify(await ago(60 * 24), await ago(0));
    expect(new Set(differences.map(({ table, bucket }) => `${table} ${bucket}`))).toEqual(
      new Set([`hourly ${far.toISOString()}`]),
    );
    // What no overlap reaches, verify finds and notes.
    await app.verify.verify(await ago(60 * 24), await ago(0), true);
    await app.refresh.hourly();
    await expectAllRight();
  });

  it('recomputes it also when the hour closes in the middle of the tick', async () => {
    const { dataSource } = database;
    const [hour, end] = [await ago(22), await ago(20)];
    const before = await createOpsApp(database.url, { safeDelaySeconds: 21 * 3600 });
    const writer = await scene.connect(database.url);
    try {
      await scene.insertRequests(dataSource, hour);
      await before.refresh.hourly();
      expect(await scene.storedRequests(dataSource, hour)).toBe(3);
      await dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');

      // For this instance the next hour, the one before `end`, closes at a moment of our choice.
      const closesAt = Math.ceil((await databaseNow(dataSource)).getTime() / 1000) * 1000 + 1_000;
      const boundary = await createOpsApp(database.url, {
        safeDelaySeconds: (closesAt - end.getTime()) / 1000,
      });
      try {
        const sleepUntil = (at: number): Promise<unknown> =>
          dataSource.query(
            'SELECT pg_sleep(GREATEST(0, extract(epoch FROM $1::timestamptz - clock_timestamp())))',
            [new Date(at).toISOString()],
          );
        // New rows and an open transaction make the tick wait for half a second, in which it closes.
        await writer.query('BEGIN');
        await scene.insertRequests(writer, await ago(0), 1);
        await scene.insertRequests(dataSource, await ago(0), 1);
        await sleepUntil(closesAt - 250);
        await boundary.refresh.hourly();
        await writer.query('ROLLBACK');
        await sleepUntil(closesAt + 1);
        await boundary.refresh.hourly();
        const { differences } = await boundary.verify.verify(hour, end);
        expect(differences).toEqual([]);
      } finally {
        await boundary.close();
      }
    } finally {
      await writer.end();
      await before.close();
    }
  });

  it('notes no overlap where it is switched off', async () => {
    const none = await createOpsApp(database.url, { overlapHours: 0 });
    try {
      await scene.insertRequests(database.dataSource, await ago(25));
      await yesterday.refresh.hourly();
      expect(await none.refresh.hourly()).toMatchObject({ detectedHours: 0 });
    } finally {
      await none.close();
    }
  });

  it('removes the rows of levels whose raw rows were deleted, once their hour is noted', async () => {
    const hour = await ago(50);
    await scene.insertRequests(database.dataSource, hour, 4, 1);
    await scene.insertRequests(database.dataSource, hour, 3, 3);
    await scene.insertFailures(database.dataSource, hour, 1, 'gemini');
    await app.refresh.hourly();
    await app.refresh.daily();
    await database.dataSource.query(`DELETE FROM usage_logs WHERE group_id = 3`);
    await database.dataSource.query(`DELETE FROM ops_error_logs`);
    expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 0 });
    await app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS) });
    await app.refresh.hourly();
    const levels = await database.dataSource.query<{ platform: string | null }[]>(
      'SELECT DISTINCT platform FROM (TABLE ops_metrics_hourly) m ORDER BY 1',
    );
    expect(levels.map(({ platform }) => platform)).toEqual(['openai', null]);
    await expectAllRight();
  });
});
