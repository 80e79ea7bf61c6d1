import { describe, expect, it } from '@jest/globals';
import { DEFINITION_VERSION } from '../../src/ops/definitions/definition-version.js';
import type { RawRetentionDays } from '../../src/ops/options/ops.options.js';
import type { OpsApp } from '../support/ops-app.js';
import { OpsScene } from '../support/ops-scene.js';

describe('rows of an older definition', () => {
  const scene = new OpsScene('refresh_definition');
  const { ago } = scene;

  /** Overall rows as another program writes them, which knows nothing of definition_version. */
  async function writeForeign(hours: readonly Date[], requests: number): Promise<void> {
    await scene.query(
      `INSERT INTO ops_metrics_hourly (bucket_start, success_count, token_consumed, duration_p50_ms)
       SELECT bucket_start, $2::int, 1, 1 FROM unnest($1::timestamptz[]) AS bucket_start`,
      [hours.map((hour) => hour.toISOString()), requests],
    );
  }

  /** Two hours, above and below a floor of seven days, that an older version has rolled up otherwise. */
  async function withRetention(
    rawRetentionDays: RawRetentionDays,
    work: (keeper: OpsApp, above: Date, below: Date) => Promise<void>,
  ): Promise<void> {
    const keeper = await scene.start({ rawRetentionDays });
    const [above, below] = [await ago(5 * 24), await ago(9 * 24)];
    for (const hour of [above, below]) {
      await scene.insertRequests(hour);
      await scene.insertFailures(hour);
    }
    await scene.tick();
    await scene.query(
      'UPDATE ops_metrics_hourly SET definition_version = 0, success_count = 2, error_count_total = 1',
    );
    await work(keeper, above, below);
  }

  async function versions(): Promise<unknown> {
    return scene.query(
      `SELECT definition_version AS version, count(DISTINCT bucket_start)::int AS hours
         FROM ops_metrics_hourly GROUP BY 1 ORDER BY 1`,
    );
  }

  it('are taken over where their raw rows exist, another program’s included, and no others', async () => {
    const withRaw = [await ago(30), await ago(29), await ago(400)];
    // The hour of the oldest raw row might be losing rows to a purge: it would keep what it has.
    for (const hour of [...withRaw, await ago(410)]) await scene.insertRequests(hour);
    // Followed already, so that the first run's backfill does not take them anyway.
    await scene.tick();
    await scene.query('TRUNCATE ops_metrics_hourly, ops_metrics_daily');
    const older = [await ago(411), await ago(2_000)];
    await writeForeign([...withRaw, ...older], 4);

    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 3 });
    expect(await scene.staleHours()).toEqual(
      expect.arrayContaining(withRaw.map((hour) => hour.toISOString())),
    );
    expect(await scene.tick()).toMatchObject({ drainedHours: 3, suspiciousHours: 0 });
    expect(await versions()).toEqual([
      { version: 0, hours: 2 },
      { version: DEFINITION_VERSION, hours: 3 },
    ]);
    for (const hour of older) expect(await scene.storedRequests(hour)).toBe(4);
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0 });
    expect((await scene.app.verify.verify(await ago(409), await ago(0))).differences).toEqual([]);
  });

  it('are left alone below the floors of both raw tables', async () => {
    await withRetention({ usageLogs: 7, errorLogs: 7 }, async (keeper, above, below) => {
      const before = await scene.frozen(above);
      expect(await keeper.refresh.maintain()).toMatchObject({ oldDefinitionHours: 1 });
      await keeper.refresh.tick();
      expect(await scene.frozen(above)).toBe(before);
      expect(await scene.storedRequests(below)).toBe(2);
      expect(await scene.storedRequests(above)).toBe(3);
    });
  });

  it('keep the side below its table’s floor, and get the other anew', async () => {
    await withRetention({ errorLogs: 7 }, async (keeper, above, below) => {
      expect(await keeper.refresh.maintain()).toMatchObject({ oldDefinitionHours: 2 });
      await keeper.refresh.tick();
      const rows = await scene.query<unknown>(
        `SELECT success_count AS requests, error_count_total AS errors, definition_version AS version
           FROM ops_metrics_hourly WHERE platform IS NULL AND bucket_start = ANY($1::timestamptz[]) ORDER BY bucket_start`,
        [[above, below].map((hour) => hour.toISOString())],
      );
      expect(rows).toEqual([
        { requests: '3', errors: '1', version: DEFINITION_VERSION },
        { requests: '3', errors: '2', version: DEFINITION_VERSION },
      ]);
    });
  });

  it('of days are noted and drained by themselves', async () => {
    const hour = await ago(50);
    await scene.insertRequests(hour);
    await scene.tick();
    await scene.query('UPDATE ops_metrics_daily SET definition_version = 0, duration_p95_ms = 1');
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0, oldDefinitionDays: 1 });
    expect(await scene.tick()).toMatchObject({ drainedHours: 0, drainedDays: 1 });
    expect(await scene.maintain()).toMatchObject({ oldDefinitionDays: 0 });
    await scene.expectRight();
  });

  it('are those of a program that writes beside this one, too, whatever version they carry', async () => {
    const [hour, oldest] = [await ago(50), await ago(90)];
    for (const at of [hour, oldest]) await scene.insertRequests(at);
    await scene.tick();
    // Its upsert sets computed_at, and knows nothing of written_at.
    await scene.query(
      `UPDATE ops_metrics_hourly SET success_count = 9, computed_at = clock_timestamp() WHERE bucket_start = $1::timestamptz`,
      [hour],
    );
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 1 });
    expect(await scene.loggedHour(hour)).toMatchObject({ reason: 'definition' });
    expect(await scene.tick()).toMatchObject({ drainedHours: 1, suspiciousHours: 0 });
    await scene.expectRight();
  });

  it('are held back where recomputing would take more than half away, and stay so', async () => {
    const [gone, oldest] = [await ago(50), await ago(90)];
    for (const hour of [gone, oldest]) await scene.insertRequests(hour);
    await scene.tick();
    await scene.query('DELETE FROM usage_logs WHERE created_at = $1::timestamptz', [gone]);
    await scene.query('UPDATE ops_metrics_hourly SET definition_version = 0');
    for (const noted of [2, 0]) {
      expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: noted });
      expect(await scene.tick()).toMatchObject({ drainedHours: noted === 2 ? 1 : 0 });
      expect(await scene.storedRequests(gone)).toBe(3);
    }
    expect(await scene.loggedHour(gone)).toMatchObject({
      reason: 'definition',
      is_suspicious: true,
    });
  });

  it('do not take the place of another reason why an hour is stale', async () => {
    const future = await ago(-2);
    await scene.tick();
    await scene.insertRequests(future);
    await scene.insertRequests(await ago(2_000), 1);
    await scene.tick();
    await writeForeign([future], 1);
    expect(await scene.maintain()).toMatchObject({ oldDefinitionHours: 0 });
    expect(await scene.loggedHour(future)).toMatchObject({ reason: 'new_rows' });
  });
});
