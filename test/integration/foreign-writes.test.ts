import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('another program that writes into the metrics tables', () => {
  let database: TestDatabase;
  let app: OpsApp;
  let warnings: string[];

  beforeAll(async () => {
    database = await createTestDatabase('foreign_writes');
    app = await createOpsApp(database.url);
  });
  beforeEach(async () => {
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      warnings.push(String(message));
    });
    await scene.resetScene(database.dataSource);
    for (const back of [90, 50, 49, 26]) {
      const hour = await ago(back);
      await scene.insertRequests(database.dataSource, hour);
      await scene.insertFailures(database.dataSource, hour);
    }
    await app.refresh.tick();
    expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
    expect(warnings).toEqual([]);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);

  /** As such a program aggregates: its own numbers over whatever is there, and rows that it has besides. */
  async function writeHour(hour: Date, level: { platform?: string; group?: number }, requests: number) {
    await database.dataSource.query(
      `INSERT INTO ops_metrics_hourly (bucket_start, platform, group_id, success_count, error_count_total, computed_at)
       VALUES ($1::timestamptz, $2, $3, $4, $4, now())
       ON CONFLICT (bucket_start, COALESCE(platform, ''), COALESCE(group_id, 0)) DO UPDATE SET
         success_count = EXCLUDED.success_count, error_count_total = EXCLUDED.error_count_total, computed_at = now()`,
      [hour.toISOString(), level.platform ?? null, level.group ?? null, requests],
    );
  }

  async function writeDay(at: Date, platform: string | null, requests: number): Promise<void> {
    await database.dataSource.query(
      `INSERT INTO ops_metrics_daily (bucket_date, platform, success_count, error_count_total, computed_at)
       VALUES (($1::timestamptz AT TIME ZONE 'UTC')::date, $2, $3, $3, now())
       ON CONFLICT (bucket_date, COALESCE(platform, ''), COALESCE(group_id, 0)) DO UPDATE SET
         success_count = EXCLUDED.success_count, error_count_total = EXCLUDED.error_count_total, computed_at = now()`,
      [at.toISOString(), platform, requests],
    );
  }

  const said = (): string[] => warnings.filter((line) => line.includes('Another program'));

  /** One run says how many rows there were, and what to do; they are healed, and the next run has nothing to say. */
  async function expectHealed(rows: number): Promise<void> {
    await app.refresh.maintain();
    expect(said()).toEqual([
      `Another program has written ${rows} metrics rows: they are recomputed. Switch its aggregation off`,
    ]);
    expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 0, pendingHours: 0, pendingDays: 0 });
    expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
    expect(said()).toHaveLength(1);
    await expectRight(database.url, await ago(240), await ago(0));
  }

  it.each([1, 1_000_000])('has its upsert over our rows undone, with %i requests', async (requests) => {
    await writeHour(await ago(50), {}, requests);
    await writeHour(await ago(50), { platform: 'openai' }, requests);
    await writeHour(await ago(49), { platform: 'openai', group: 1 }, requests);
    await expectHealed(3);
  });

  it('has the rows removed that do not follow from the raw rows', async () => {
    await writeHour(await ago(50), { platform: 'openai', group: 77 }, 5);
    await writeHour(await ago(26), { platform: 'vanished' }, 5);
    await expectHealed(2);
    const [row] = await database.dataSource.query<unknown[]>(
      `SELECT count(*)::int AS rows FROM ops_metrics_hourly WHERE group_id = 77 OR platform = 'vanished'`,
    );
    expect(row).toEqual({ rows: 0 });
  });

  it.each([1, 1_000_000])('has its daily rows undone, with %i requests', async (requests) => {
    await writeDay(await ago(50), null, requests);
    await writeDay(await ago(50), 'vanished', requests);
    await expectHealed(2);
  });

  it('is told of once for an hour that loses its raw rows: what it has made of it stays', async () => {
    const oldest = await ago(90);
    await writeHour(oldest, {}, 1_000);
    await app.refresh.maintain();
    expect(said()).toHaveLength(1);
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, oldest)).toBe(1_000);
    expect(await app.refresh.maintain()).toMatchObject({ oldDefinitionHours: 0 });
    expect(said()).toHaveLength(1);
  });

  it('keeps the day that is larger than its hours, where raw rows of the day may have been purged', async () => {
    const oldest = await ago(90);
    await writeDay(oldest, null, 1_000);
    await app.refresh.maintain();
    await app.refresh.tick();
    const day = oldest.toISOString().slice(0, 10);
    expect(
      await database.dataSource.query(
        'SELECT success_count AS requests FROM ops_metrics_daily WHERE bucket_date = $1::date AND platform IS NULL',
        [day],
      ),
    ).toEqual([{ requests: '1000' }]);
    await app.refresh.maintain();
    expect(said()).toHaveLength(1);
  });
});
