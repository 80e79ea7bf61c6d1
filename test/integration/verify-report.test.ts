import { describe, expect, it } from '@jest/globals';
import { VerifyScene } from '../support/verify-scene.js';
import { OpsInputError } from '../../src/ops/index.js';
import { databaseNow } from '../support/rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = VerifyScene.days;

describe('the report of verify', () => {
  // Without the audit, which finds what somebody has changed before verify is asked.
  const scene = new VerifyScene('verify_report', { auditPercent: 0 });

  it('finds nothing where everything is right, and says what it compared', async () => {
    expect(await scene.verify()).toEqual({
      from: scene.from.toISOString(),
      to: scene.to.toISOString(),
      hoursTotal: DAYS * 24,
      hours: DAYS * 24,
      unjudgedCount: 0,
      unjudged: [],
      differenceCount: 0,
      differences: [],
      notedMinutes: 0,
      notedHours: 0,
      notedDays: 0,
    });
  });

  it('finds raw rows that were changed, added or removed behind its back', async () => {
    await scene.change('DELETE FROM usage_logs WHERE created_at = {hour} AND group_id = 3');
    await scene.change(
      `UPDATE ops_error_logs SET platform = NULL WHERE created_at = {hour} + interval '2 hours'`,
    );
    await scene.change(
      `UPDATE usage_logs SET first_token_ms = 5 WHERE created_at = {hour} + interval '4 hours'`,
    );
    await scene.query(`UPDATE groups SET platform = 'gemini' WHERE id = 1`);
    const { differences } = await scene.verify(true);
    expect(new Set(differences.map(({ bucket }) => bucket)).size).toBe(DAYS * 12);
    await scene.tick();
    await scene.expectRight(scene.from, scene.to);
  });

  it('says which differences are known already', async () => {
    await scene.insertRequests(scene.hour, 1);
    await scene.holdDays(scene.from);
    await scene.tick();
    const { differences } = await scene.verify();
    expect(differences.length).toBeGreaterThan(0);
    expect(differences.every(({ pending }) => pending)).toBe(true);
  });

  it('lists a bounded number of differences, counts all, and notes every bucket that has one', async () => {
    await scene.query(`UPDATE ops_metrics_hourly SET success_count = success_count + 1,
      error_count_total = error_count_total + 1, business_limited_count = 7, error_count_sla = error_count_sla + 1,
      upstream_error_count_excl_429_529 = 7, upstream_429_count = 7, upstream_529_count = 7, token_consumed = 1,
      duration_p50_ms = 1, duration_p90_ms = 1, duration_p95_ms = 1, duration_p99_ms = 1, duration_avg_ms = 1,
      duration_max_ms = 1, ttft_p50_ms = 1, ttft_p90_ms = 1, ttft_p95_ms = 1, ttft_p99_ms = 1, ttft_avg_ms = 1`);
    const report = await scene.verify(true);
    // 12 hours a day of 5 levels of 19 columns, and the daily rows: past the limit within one day already.
    expect(report.differenceCount).toBeGreaterThan(DAYS * 12 * 5 * 19);
    expect(report.differences).toHaveLength(1_000);
    expect(new Set(report.differences.map(({ bucket }) => bucket)).size).toBeGreaterThanOrEqual(12);
    const noted = await scene.query<unknown>(
      `SELECT tier, count(*)::int AS buckets FROM ops_metrics_invalidations WHERE bucket_start < $1::timestamptz
        GROUP BY tier ORDER BY tier`,
      [scene.to],
    );
    expect(noted).toEqual([
      { tier: 'day', buckets: DAYS },
      { tier: 'hour', buckets: DAYS * 12 },
    ]);
    expect([report.notedHours, report.notedDays]).toEqual([DAYS * 12, DAYS]);
    await scene.tick();
    expect(await scene.verify()).toMatchObject({ differenceCount: 0 });
  });

  it('notes nothing unless it is told to', async () => {
    await scene.change('DELETE FROM ops_metrics_hourly WHERE bucket_start = {hour}');
    expect(await scene.verify()).toMatchObject({ notedHours: 0 });
    expect(await scene.tick()).toMatchObject({ drainedHours: 0 });
    expect((await scene.verify()).differenceCount).toBeGreaterThan(0);
  });

  it('looks at closed hours only, and refuses a range without one', async () => {
    const now = await databaseNow(scene.dataSource);
    const open = new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS);
    const report = await scene.app.verify.verify(scene.from, now);
    expect(Date.parse(report.to)).toBeLessThanOrEqual((await databaseNow(scene.dataSource)).getTime());
    for (const [start, end, field] of [
      [scene.to, scene.from, 'to'],
      [scene.from, scene.from, 'to'],
      [new Date(NaN), scene.to, 'from'],
      [scene.from, new Date(NaN), 'to'],
      [scene.from, new Date(now.getTime() + DAY_MS), 'to'],
      [new Date(now.getTime() + DAY_MS), new Date(now.getTime() + 2 * DAY_MS), 'from'],
      [new Date(scene.from.getTime() - 400 * DAY_MS), scene.to, 'to'],
    ] as const) {
      const refused = await scene.app.verify.verify(start, end).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(OpsInputError);
      expect(refused).toMatchObject({ field });
    }
    // The running hour alone, unless it has just ended.
    const alone = await scene.app.verify
      .verify(open, new Date(open.getTime() + 1))
      .catch((error: unknown) => error);
    if ((await databaseNow(scene.dataSource)).getTime() < open.getTime() + HOUR_MS) {
      expect(alone).toMatchObject({ name: 'OpsInputError', field: 'from' });
    }
  });
});
