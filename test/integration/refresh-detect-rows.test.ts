import { beforeAll, describe, expect, it } from '@jest/globals';
import { copyIn } from '../support/copy-in.js';
import type { OpsApp } from '../support/ops-app.js';
import { OpsScene } from '../support/ops-scene.js';

const HOUR_MS = 3_600_000;

describe('detection, by how rows are written and dated', () => {
  const scene = new OpsScene('refresh_detect_rows');
  /** For it an hour is closed a day later: what it has drained is what the scene's instance had drained a day ago. */
  let yesterday: OpsApp;
  beforeAll(async () => {
    yesterday = await scene.start({ safeDelaySeconds: 86_400 });
  });

  const { ago } = scene;

  it('finds the rows of multi-row inserts, INSERT … SELECT and COPY, committed after a tick', async () => {
    await scene.tick();
    const writer = await scene.begin();
    const [copied, selected] = [await ago(31), await ago(3)];
    await copyIn(
      writer,
      'COPY usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, created_at) FROM STDIN',
      Array.from({ length: 500 }, (_, i) => `1\t1\t1\tm\t${(i % 3) + 1}\t${i}\t${copied.toISOString()}`),
    );
    await writer.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, created_at)
       VALUES (1, 1, 1, 'm', 1, $1::timestamptz), (1, 1, 1, 'm', 2, $2::timestamptz), (1, 1, 1, 'm', NULL, $2::timestamptz)`,
      [await ago(4), await ago(53)],
    );
    await writer.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, created_at)
       SELECT 2, 2, 2, model, group_id, $1::timestamptz FROM usage_logs WHERE group_id = 3`,
      [selected],
    );
    await scene.tick();
    expect(await scene.storedRequests(copied)).toBeNull();
    await writer.query('COMMIT');
    expect(await scene.tick()).toMatchObject({ drainedHours: 4 });
    expect(await scene.storedRequests(copied)).toBe(500);
    expect(await scene.storedRequests(selected)).toBe(166);
    await scene.maintain();
    await scene.expectRight();
  });

  it('keeps the hours of rows dated in the future until they are closed', async () => {
    await scene.tick();
    const future = await ago(-3);
    await scene.insertRequests(future);
    for (let tick = 0; tick < 2; tick += 1) {
      expect(await scene.tick()).toMatchObject({ drainedHours: 0, pendingHours: 0 });
      expect(await scene.staleHours()).toContain(future.toISOString());
    }
    expect((await scene.status()).invalidations.waitingToClose).toBeGreaterThanOrEqual(1);
    expect(await scene.storedRequests(future)).toBeNull();
  });

  it('keeps a future hour that the first run finds', async () => {
    const future = await ago(-30);
    await scene.insertRequests(future);
    await scene.tick();
    expect(await scene.staleHours()).toContain(future.toISOString());
  });

  it('drains an hour once it has closed, with the rows that came until then', async () => {
    const hour = await ago(5);
    await scene.insertRequests(hour, 2);
    await yesterday.refresh.tick();
    await scene.insertRequests(hour, 3);
    await yesterday.refresh.tick();
    expect(await scene.staleHours()).toContain(hour.toISOString());
    expect(await scene.storedRequests(hour)).toBeNull();
    await scene.tick();
    expect(await scene.storedRequests(hour)).toBe(5);
    await scene.expectRight();
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
      await scene.reset();
      if (when === 'later') await scene.tick();
      await scene.insertRequests(date);
      await scene.insertFailures(date);
      await scene.insertRequests(await ago(5));
      expect(await scene.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
      expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0 });
      expect(await scene.tick()).toMatchObject({
        drainedHours: 0,
        failedBuckets: 0,
        pendingHours: 0,
      });
      expect(await scene.storedRequests(await ago(5))).toBe(3);
      expect((await scene.app.verify.verify(await ago(48), await ago(0))).differences).toEqual([]);
    }
  });

  it('recomputes hours that were updated in place, of any age, which the audit finds', async () => {
    const [near, far] = [await ago(3), await ago(24 * 5)];
    for (const hour of [near, far]) {
      await scene.insertRequests(hour);
      await scene.insertFailures(hour);
    }
    await scene.tick();
    await scene.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');
    expect(await scene.tick()).toMatchObject({
      detectedHours: 0,
      differingHours: 2,
      drainedHours: 2,
    });
    await scene.expectRight();
    await scene.query(`UPDATE ops_error_logs SET is_business_limited = true`);
    await scene.tick();
    await scene.query(`UPDATE ops_error_logs SET is_business_limited = false`);
    await scene.tick();
    await scene.expectRight();
  });

  it('recomputes an hour that was updated while it was not closed yet, with the next audit', async () => {
    const hour = await ago(30);
    await scene.insertRequests(hour);
    await yesterday.refresh.tick();
    expect(await scene.storedRequests(hour)).toBe(3);
    await scene.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');
    // For this instance a day of hours has closed since.
    expect(await scene.tick()).toMatchObject({ differingHours: 1 });
    await scene.expectRight();
  });

  it('audits nothing where it is switched off; verify --fix finds it then', async () => {
    const none = await scene.start({ auditPercent: 0 });
    await scene.insertRequests(await ago(25));
    await none.refresh.tick();
    await scene.query('UPDATE usage_logs SET output_tokens = output_tokens + 1000');
    expect(await none.refresh.tick()).toMatchObject({ auditedHours: 0, drainedHours: 0 });
    expect(await none.verify.verify(await ago(48), await ago(0), true)).toMatchObject({
      notedHours: 1,
    });
    expect(await none.refresh.tick()).toMatchObject({ drainedHours: 1 });
    await scene.expectRight();
  });

  it('removes the rows of levels whose raw rows were deleted, and holds back a side that would vanish', async () => {
    const hour = await ago(50);
    await scene.insertRequests(hour, 4, 1);
    await scene.insertRequests(hour, 3, 3);
    await scene.insertFailures(hour, 1, 'gemini');
    await scene.insertRequests(await ago(60), 1);
    await scene.insertFailures(await ago(60), 1);
    await scene.tick();
    await scene.query(`DELETE FROM usage_logs WHERE group_id = 3`);
    await scene.query(`DELETE FROM ops_error_logs WHERE platform = 'gemini'`);
    // By itself: what loses less than half is watched, what vanishes is held back.
    expect(await scene.tick()).toMatchObject({ drainedHours: 0, suspiciousHours: 1 });
    const levels = async (): Promise<unknown[]> =>
      scene.query(
        `SELECT DISTINCT platform FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz ORDER BY 1`,
        [hour],
      );
    expect(await levels()).toEqual([
      { platform: 'anthropic' },
      { platform: 'gemini' },
      { platform: 'openai' },
      { platform: null },
    ]);
    // Asked for: the usage side is taken up, the errors stay held back.
    await scene.app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS) });
    await scene.tick();
    expect(await levels()).toEqual([{ platform: 'gemini' }, { platform: 'openai' }, { platform: null }]);
    expect(await scene.storedRequests(hour)).toBe(4);
    expect(await scene.loggedHour(hour)).toMatchObject({ is_suspicious: true });

    await scene.app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS), force: true });
    await scene.tick();
    expect(await levels()).toEqual([{ platform: 'openai' }, { platform: null }]);
    await scene.expectRight();
  });
});
