import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpsPreaggService } from '../../src/ops/index.js';
import { OpsScene } from '../support/ops-scene.js';

const TABLES = ['ops_metrics_hourly', 'ops_metrics_daily'] as const;

describe('columns of another program’s metrics tables', () => {
  const scene = new OpsScene('foreign_columns');
  const { ago } = scene;

  beforeEach(async () => {
    for (const table of TABLES) {
      await scene.query(`ALTER TABLE ${table} DROP COLUMN IF EXISTS ttft_sample_count,
        DROP COLUMN IF EXISTS updated_at, DROP COLUMN IF EXISTS note`);
    }
    for (const back of [90, 50, 26]) await scene.insertRequests(await ago(back), 5);
    await scene.insertFailures(await ago(50));
  });

  async function addColumns(updatedAt: string): Promise<void> {
    for (const table of TABLES) {
      await scene.query(`ALTER TABLE ${table} ADD COLUMN ttft_sample_count bigint NOT NULL DEFAULT 0,
        ADD COLUMN updated_at ${updatedAt}, ADD COLUMN note text`);
    }
  }

  /** Every row of both tables has what the columns are to hold, and nothing in the one that is nobody's business. */
  async function expectFilled(updatedAt: string): Promise<void> {
    for (const table of TABLES) {
      const [row] = await scene.query<Record<string, unknown>>(
        `SELECT count(*) > 0 AS some, bool_and(ttft_sample_count = ttft_samples) AS samples,
                sum(ttft_sample_count) > 0 AS counted, bool_and(${updatedAt} = computed_at) AS moments,
                bool_and(written_at = computed_at) AS ours, count(note)::int AS notes FROM ${table}`,
      );
      expect(row).toEqual({ some: true, samples: true, counted: true, moments: true, ours: true, notes: 0 });
    }
  }

  it.each([
    ['timestamptz', 'timestamptz', 'updated_at'],
    ['NOT NULL without a default', 'timestamptz NOT NULL', 'updated_at'],
    ['timestamp, in UTC', 'timestamp', `updated_at AT TIME ZONE 'UTC'`],
  ])('are filled where they exist: the samples, and updated_at as %s', async (_what, type, updatedAt) => {
    await addColumns(type);
    await scene.tick();
    await expectFilled(updatedAt);
    await scene.query(`UPDATE ops_metrics_hourly SET ttft_sample_count = 0`);
    await scene.query(`UPDATE ops_metrics_daily SET ttft_sample_count = 0`);
    // And by the service alone, in a session of any time zone.
    await scene.dataSource.transaction(async (manager) => {
      await manager.query(`SET LOCAL TimeZone = 'Asia/Kathmandu'`);
      const service = new OpsPreaggService(scene.dataSource);
      await service.upsertHourlyMetrics(await ago(240), await ago(0), manager);
      await service.upsertDailyMetrics(await ago(240), await ago(0), manager);
    });
    await expectFilled(updatedAt);
  });

  it('that come while the app runs are filled for what is stored already', async () => {
    await scene.tick();
    await addColumns('timestamptz');
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 3 });
    await scene.tick();
    await expectFilled('updated_at');
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 0 });
    await scene.expectRight();
  });

  it('stay with the side of an hour that is kept, and go into its day', async () => {
    await addColumns('timestamptz');
    const hour = await ago(50);
    await scene.tick();
    // What another program has counted, long ago: our samples are not there.
    await scene.query(
      `UPDATE ops_metrics_hourly SET ttft_sample_count = 70 + COALESCE(group_id, 0), ttft_samples = 0, ttft_sum_ms = 0,
         ttft_values = NULL, ttft_counts = NULL WHERE bucket_start = $1::timestamptz`,
      [hour],
    );
    await scene.insertFailures(hour);
    const keeper = await scene.start({ rawRetentionDays: { usageLogs: 1 } });
    await keeper.refresh.tick();
    const [stored] = await scene.query<unknown>(
      `SELECT h.ttft_sample_count AS hour, h.error_count_total AS errors, d.ttft_sample_count AS day,
              (SELECT sum(o.ttft_sample_count)::text FROM ops_metrics_hourly o
                WHERE (o.bucket_start AT TIME ZONE 'UTC')::date = d.bucket_date AND o.platform IS NULL) AS hours
         FROM ops_metrics_hourly h JOIN ops_metrics_daily d ON d.bucket_date = (h.bucket_start AT TIME ZONE 'UTC')::date
        WHERE h.bucket_start = $1::timestamptz AND h.platform IS NULL AND d.platform IS NULL`,
      [hour],
    );
    const { hours } = stored as { hours: string };
    expect(stored).toEqual({ hour: '70', errors: '4', day: hours, hours });
    expect(Number(hours)).toBeGreaterThanOrEqual(70);
  });

  it('are left alone where they cannot be written, or hold something else', async () => {
    for (const table of TABLES) {
      await scene.query(`ALTER TABLE ${table} ADD COLUMN updated_at text DEFAULT 'theirs',
        ADD COLUMN ttft_sample_count bigint GENERATED ALWAYS AS (ttft_samples * 2) STORED`);
    }
    await scene.tick();
    for (const table of TABLES) {
      expect(await scene.query(`SELECT DISTINCT updated_at FROM ${table}`)).toEqual([
        { updated_at: 'theirs' },
      ]);
    }
    await scene.expectRight();
  });
});
