import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpsScene } from '../support/ops-scene.js';

describe('another program that writes into the metrics tables', () => {
  const scene = new OpsScene('foreign_writes');
  const { ago } = scene;
  let warnings: readonly string[];

  beforeEach(async () => {
    warnings = scene.warnings();
    for (const back of [90, 50, 49, 26]) {
      const hour = await ago(back);
      await scene.insertRequests(hour);
      await scene.insertFailures(hour);
    }
    await scene.tick();
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
    expect(warnings).toEqual([]);
  });

  /** As such a program aggregates: its own numbers over whatever is there, and rows that it has besides. */
  async function writeHour(hour: Date, level: { platform?: string; group?: number }, requests: number) {
    await scene.query(
      `INSERT INTO ops_metrics_hourly (bucket_start, platform, group_id, success_count, error_count_total, computed_at)
       VALUES ($1::timestamptz, $2, $3, $4, $4, now())
       ON CONFLICT (bucket_start, COALESCE(platform, ''), COALESCE(group_id, 0)) DO UPDATE SET
         success_count = EXCLUDED.success_count, error_count_total = EXCLUDED.error_count_total, computed_at = now()`,
      [hour, level.platform ?? null, level.group ?? null, requests],
    );
  }

  async function writeDay(at: Date, platform: string | null, requests: number): Promise<void> {
    await scene.query(
      `INSERT INTO ops_metrics_daily (bucket_date, platform, success_count, error_count_total, computed_at)
       VALUES (($1::timestamptz AT TIME ZONE 'UTC')::date, $2, $3, $3, now())
       ON CONFLICT (bucket_date, COALESCE(platform, ''), COALESCE(group_id, 0)) DO UPDATE SET
         success_count = EXCLUDED.success_count, error_count_total = EXCLUDED.error_count_total, computed_at = now()`,
      [at, platform, requests],
    );
  }

  const said = (): string[] => warnings.filter((line) => line.includes('Another program'));

  /** One run says how many rows there were, and what to do; they are healed, and the next run has nothing to say. */
  async function expectHealed(rows: number): Promise<void> {
    await scene.maintain();
    expect(said()).toEqual([
      `Another program has written ${rows} metrics rows: they are recomputed. Switch its aggregation off`,
    ]);
    expect(await scene.tick()).toMatchObject({ suspiciousHours: 0, pendingHours: 0, pendingDays: 0 });
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
    expect(said()).toHaveLength(1);
    await scene.expectRight();
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
    const [row] = await scene.query<unknown>(
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
    await scene.maintain();
    expect(said()).toHaveLength(1);
    await scene.tick();
    expect(await scene.storedRequests(oldest)).toBe(1_000);
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0 });
    expect(said()).toHaveLength(1);
  });

  it('keeps the day that is larger than its hours, where raw rows of the day may have been purged', async () => {
    const oldest = await ago(90);
    await writeDay(oldest, null, 1_000);
    await scene.maintain();
    await scene.tick();
    expect(await scene.stored(oldest, 'daily')).toMatchObject({ requests: 1000 });
    await scene.maintain();
    expect(said()).toHaveLength(1);
  });
});
