import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OpsInputError, type VerifyReport } from '../../src/ops/index.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { databaseNow, expectRight } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeStored, fillVerifyScene, VERIFY_DAYS } from '../support/verify-scene.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = VERIFY_DAYS;

describe('the report of verify', () => {
  let database: TestDatabase;
  let app: OpsApp;
  let from: Date;
  let to: Date;
  /** 01:00 of the first day: three requests and two errors of openai. */
  let hour: Date;

  beforeAll(async () => {
    database = await createTestDatabase('verify_report');
    // Without the audit, which finds what somebody has changed before verify is asked.
    app = await createOpsApp(database.url, { auditPercent: 0 });
  });
  beforeEach(async () => {
    ({ from, to, hour } = await fillVerifyScene(database.dataSource, app));
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const verify = (fix = false): Promise<VerifyReport> => app.verify.verify(from, to, fix);
  const change = (text: string, at = hour): Promise<void> => changeStored(database.dataSource, text, at);

  it('finds nothing where everything is right, and says what it compared', async () => {
    expect(await verify()).toEqual({
      from: from.toISOString(),
      to: to.toISOString(),
      hoursTotal: DAYS * 24,
      hours: DAYS * 24,
      unjudgedCount: 0,
      unjudged: [],
      differenceCount: 0,
      differences: [],
      notedHours: 0,
      notedDays: 0,
    });
  });

  it('finds raw rows that were changed, added or removed behind its back', async () => {
    await change('DELETE FROM usage_logs WHERE created_at = {hour} AND group_id = 3');
    await change(`UPDATE ops_error_logs SET platform = NULL WHERE created_at = {hour} + interval '2 hours'`);
    await change(`UPDATE usage_logs SET first_token_ms = 5 WHERE created_at = {hour} + interval '4 hours'`);
    await database.dataSource.query(`UPDATE groups SET platform = 'gemini' WHERE id = 1`);
    const { differences } = await verify(true);
    expect(new Set(differences.map(({ bucket }) => bucket)).size).toBe(DAYS * 12);
    await app.refresh.tick();
    await expectRight(database.url, from, to);
  });

  it('says which differences are known already', async () => {
    const holder = await scene.connect(database.url);
    try {
      await scene.insertRequests(database.dataSource, hour, 1);
      await scene.holdDays(holder, from);
      await app.refresh.tick();
      const { differences } = await verify();
      expect(differences.length).toBeGreaterThan(0);
      expect(differences.every(({ pending }) => pending)).toBe(true);
    } finally {
      await holder.end();
    }
  });

  it('lists a bounded number of differences, counts all, and notes every bucket that has one', async () => {
    await database.dataSource.query(`UPDATE ops_metrics_hourly SET success_count = success_count + 1,
      error_count_total = error_count_total + 1, business_limited_count = 7, error_count_sla = error_count_sla + 1,
      upstream_error_count_excl_429_529 = 7, upstream_429_count = 7, upstream_529_count = 7, token_consumed = 1,
      duration_p50_ms = 1, duration_p90_ms = 1, duration_p95_ms = 1, duration_p99_ms = 1, duration_avg_ms = 1,
      duration_max_ms = 1, ttft_p50_ms = 1, ttft_p90_ms = 1, ttft_p95_ms = 1, ttft_p99_ms = 1, ttft_avg_ms = 1`);
    const report = await verify(true);
    // 12 hours a day of 5 levels of 19 columns, and the daily rows: past the limit within one day already.
    expect(report.differenceCount).toBeGreaterThan(DAYS * 12 * 5 * 19);
    expect(report.differences).toHaveLength(1_000);
    expect(new Set(report.differences.map(({ bucket }) => bucket)).size).toBeGreaterThanOrEqual(12);
    const noted = await database.dataSource.query<unknown[]>(
      `SELECT tier, count(*)::int AS buckets FROM ops_metrics_invalidations WHERE bucket_start < $1::timestamptz
        GROUP BY tier ORDER BY tier`,
      [to.toISOString()],
    );
    expect(noted).toEqual([
      { tier: 'day', buckets: DAYS },
      { tier: 'hour', buckets: DAYS * 12 },
    ]);
    expect([report.notedHours, report.notedDays]).toEqual([DAYS * 12, DAYS]);
    await app.refresh.tick();
    expect(await verify()).toMatchObject({ differenceCount: 0 });
  });

  it('notes nothing unless it is told to', async () => {
    await change('DELETE FROM ops_metrics_hourly WHERE bucket_start = {hour}');
    expect(await verify()).toMatchObject({ notedHours: 0 });
    expect(await app.refresh.tick()).toMatchObject({ drainedHours: 0 });
    expect((await verify()).differenceCount).toBeGreaterThan(0);
  });

  it('looks at closed hours only, and refuses a range without one', async () => {
    const now = await databaseNow(database.dataSource);
    const open = new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS);
    const report = await app.verify.verify(from, now);
    expect(Date.parse(report.to)).toBeLessThanOrEqual((await databaseNow(database.dataSource)).getTime());
    for (const [start, end, field] of [
      [to, from, 'to'],
      [from, from, 'to'],
      [new Date(NaN), to, 'from'],
      [from, new Date(NaN), 'to'],
      [from, new Date(now.getTime() + DAY_MS), 'to'],
      [new Date(now.getTime() + DAY_MS), new Date(now.getTime() + 2 * DAY_MS), 'from'],
      [new Date(from.getTime() - 400 * DAY_MS), to, 'to'],
    ] as const) {
      const refused = await app.verify.verify(start, end).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(OpsInputError);
      expect(refused).toMatchObject({ field });
    }
    // The running hour alone, unless it has just ended.
    const alone = await app.verify
      .verify(open, new Date(open.getTime() + 1))
      .catch((error: unknown) => error);
    if ((await databaseNow(database.dataSource)).getTime() < open.getTime() + HOUR_MS) {
      expect(alone).toMatchObject({ name: 'OpsInputError', field: 'from' });
    }
  });
});
