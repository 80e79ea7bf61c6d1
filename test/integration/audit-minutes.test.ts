import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpsScene } from '../support/ops-scene.js';

describe('the audit of minutes', () => {
  const scene = new OpsScene('audit_minutes', { lossDelaySeconds: 0 });
  let hour: Date;

  beforeEach(async () => {
    hour = await scene.ago(3);
    // The oldest rows only set the purge edge.
    for (const hours of [40, 39, 38, 5, 3, 2]) {
      const at = await scene.ago(hours);
      await scene.insertRequests([at, new Date(+at + 90_000), new Date(+at + 3_599_999)], 4);
      await scene.insertFailures(at, 4);
    }
  });

  const minutely = (condition: string): string => `bucket_start >= '${hour.toISOString()}'::timestamptz
    AND bucket_start < '${hour.toISOString()}'::timestamptz + interval '1 hour' AND ${condition}`;
  const NOTHING_FOUND = { differingHours: 0, differingMinutes: 0, differingDays: 0 };

  it('finds minutely rows that somebody deleted or changed, where the hour is right', async () => {
    await scene.tick();
    expect(await scene.tick()).toMatchObject(NOTHING_FOUND);
    for (const change of [
      `DELETE FROM ops_metrics_minutely WHERE ${minutely('platform IS NULL')}`,
      `UPDATE ops_metrics_minutely SET ttft_sum_ms = ttft_sum_ms + 1 WHERE ${minutely('platform IS NULL')}`,
      `UPDATE ops_metrics_minutely SET upstream_429_count = 2 WHERE ${minutely('platform IS NULL AND error_count_total > 0')}`,
    ]) {
      await scene.query(change);
      expect(await scene.tick()).toMatchObject({
        ...NOTHING_FOUND,
        differingMinutes: 1,
        drainedMinutes: 60,
        drainedHours: 0,
      });
      expect(await scene.tick()).toMatchObject({ ...NOTHING_FOUND, drainedMinutes: 0 });
      await scene.expectRight();
    }
  });

  it('finds what was deleted before its hour closed', async () => {
    const early = await scene.start({ lossDelaySeconds: 0, safeDelaySeconds: 4 * 3_600 });
    await early.refresh.tick();
    await scene.query(
      `DELETE FROM usage_logs WHERE id = (SELECT min(id) FROM usage_logs WHERE created_at = $1::timestamptz)`,
      [hour],
    );
    expect(await scene.tick()).toMatchObject({ drainedMinutes: 0 });
    expect(await scene.storedRequests(hour)).toBe(11);
    expect(await scene.tick()).toMatchObject({ ...NOTHING_FOUND, differingMinutes: 1 });
    await scene.tick();
    expect(await scene.tick()).toMatchObject(NOTHING_FOUND);
    expect((await scene.status()).suspiciousBuckets).toEqual([]);
    await scene.expectRight();
  });

  it('notes the minutes of an hour that differs with it', async () => {
    await scene.tick();
    await scene.query('UPDATE usage_logs SET output_tokens = output_tokens + 1 WHERE created_at = $1', [
      hour,
    ]);
    expect(await scene.tick()).toMatchObject({
      ...NOTHING_FOUND,
      differingHours: 1,
      drainedHours: 1,
      drainedMinutes: 60,
    });
    await scene.expectRight();
  });

  it.each([
    [
      'is noted',
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason, next_attempt_at)
      VALUES ('minute', $1::timestamptz + interval '30 minutes', 'new_rows', 'infinity')`,
    ],
    [
      'has never been computed',
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason, next_attempt_at)
      VALUES ('minute', $1::timestamptz + interval '2 hours', 'backfill', 'infinity')`,
    ],
    ['is no longer kept', `UPDATE ops_metrics_live SET minutes_from = $1::timestamptz + interval '1 minute'`],
  ])('leaves an hour alone of which a minute %s', async (_what, text) => {
    await scene.tick();
    await scene.query(text, [hour]);
    await scene.query(`DELETE FROM ops_metrics_minutely WHERE ${minutely('true')}`);
    expect(await scene.tick()).toMatchObject(NOTHING_FOUND);
  });
});
