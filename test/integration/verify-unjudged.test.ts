import { describe, expect, it } from '@jest/globals';
import { VerifyScene } from '../support/verify-scene.js';

/** Hours that cannot be judged, or not as a whole. */
describe('what verify cannot judge', () => {
  const scene = new VerifyScene('verify_unjudged');

  it('says which side of an hour a purge has taken, judges the other, and notes nothing', async () => {
    await scene.change("DELETE FROM ops_error_logs WHERE created_at < {hour} + interval '3 hours'");
    const report = await scene.verify(true);
    expect(report).toMatchObject({ differences: [], notedHours: 0, notedDays: 0, unjudgedCount: 2 });
    expect(report.unjudged).toEqual(
      [0, 2].map((hours) => ({
        table: 'hourly',
        bucket: scene.hoursLater(hours).toISOString(),
        usage: null,
        errors: 'raw_rows_purged',
      })),
    );

    // The side that is whole is still held against its raw rows, and so are both above the floor.
    await scene.change(
      'UPDATE ops_metrics_hourly SET token_consumed = 1 WHERE bucket_start = {hour} AND group_id = 3',
    );
    await scene.change(`UPDATE ops_metrics_hourly SET error_count_total = 9, success_count = 9
      WHERE bucket_start = {hour} + interval '8 hours' AND platform IS NULL`);
    const { differences } = await scene.verify(true);
    const found = differences.filter(({ table }) => table === 'hourly');
    expect(found.map(({ bucket, column }) => [bucket, column])).toEqual([
      [scene.hour.toISOString(), 'token_consumed'],
      [scene.hoursLater(8).toISOString(), 'success_count'],
      [scene.hoursLater(8).toISOString(), 'error_count_total'],
    ]);
  });

  it('knows a purge that has come to the middle of an hour, and rows of levels that it emptied', async () => {
    await scene.change('DELETE FROM usage_logs WHERE created_at < {hour}');
    await scene.change('DELETE FROM usage_logs WHERE created_at = {hour} AND group_id = 3');
    const report = await scene.verify();
    expect(report.differences).toEqual([]);
    expect(report.unjudged).toMatchObject([
      { bucket: scene.hour.toISOString(), usage: 'raw_rows_purged', errors: null },
    ]);
  });

  it('counts rows that were lost above the floor as differences', async () => {
    await scene.change(
      `DELETE FROM usage_logs WHERE created_at = {hour} + interval '6 hours' AND group_id = 3`,
    );
    const report = await scene.verify();
    expect(report.unjudged).toEqual([]);
    expect(report.differences.length).toBeGreaterThan(0);
  });

  it('judges nothing that stored rows have more of once a raw table is empty', async () => {
    await scene.query('TRUNCATE ops_error_logs');
    const report = await scene.verify(true);
    expect(report).toMatchObject({ differenceCount: 0, unjudgedCount: 36 });
    expect(report.unjudged.every(({ usage, errors }) => usage === null && errors === 'raw_rows_purged')).toBe(
      true,
    );
  });

  it('says that an hour is held back, and why', async () => {
    await scene.change(`DELETE FROM usage_logs WHERE created_at = {hour} + interval '6 hours'`);
    await scene.change(`DELETE FROM ops_error_logs WHERE created_at = {hour} + interval '6 hours'`);
    await scene.change(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ({hour} + interval '6 hours', 'overlap')`,
    );
    expect(await scene.tick()).toMatchObject({ suspiciousHours: 1 });
    const report = await scene.verify();
    expect(report.differences).toEqual([]);
    expect(report.unjudged).toEqual([
      { table: 'hourly', bucket: scene.hoursLater(6).toISOString(), usage: 'held_back', errors: 'held_back' },
    ]);
  });

  it('names late rows below the configured floor, which are not applied; nothing notes them', async () => {
    await scene.insertRequests(scene.hour, 1);
    const limited = { rawRetentionDays: { usageLogs: 1 } };
    const report = await scene.verify(true, limited);
    expect(report).toMatchObject({ differences: [], notedHours: 0 });
    expect(report.unjudged).toEqual([
      { table: 'hourly', bucket: scene.hour.toISOString(), usage: 'late_rows_not_applied', errors: null },
    ]);
    // Without a limit they are simply missing.
    expect((await scene.verify()).differences).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ column: 'success_count', stored: '5', computed: '6' }),
      ]),
    );
    // What differs otherwise is still seen below it; but a drain would not recompute it.
    await scene.query('DELETE FROM usage_logs WHERE id = (SELECT max(id) FROM usage_logs)');
    await scene.change(
      'UPDATE ops_metrics_hourly SET duration_p50_ms = 1 WHERE bucket_start = {hour} AND group_id = 3',
    );
    expect(await scene.verify(true, limited)).toMatchObject({ unjudged: [], notedHours: 0, notedDays: 1 });
  });

  it('names hours whose hourly rows the retention has dropped, and their day', async () => {
    const other = await scene.start({ hourlyRetentionDays: 2 });
    await other.refresh.maintain();
    const report = await other.verify.verify(scene.from, scene.to, true);
    expect(report).toMatchObject({
      hours: 72,
      differences: [],
      notedHours: 0,
      notedDays: 0,
      unjudgedCount: 25,
    });
    const reasons = report.unjudged.map(({ table, usage, errors }) => `${table} ${usage} ${errors}`);
    expect(new Set(reasons)).toEqual(
      new Set(['hourly', 'daily'].map((table) => `${table} hourly_rows_dropped hourly_rows_dropped`)),
    );
  });

  it('splits a day that takes too long, and names an hour that takes too long by itself', async () => {
    const slow = scene.hoursLater(6).toISOString();
    // A view in place of the raw table, that makes the rows of one hour slow and the others quick.
    await scene.query('ALTER TABLE ops_error_logs RENAME TO the_errors');
    await scene.query(
      `CREATE FUNCTION slow_status(at timestamptz, status int) RETURNS int LANGUAGE plpgsql STABLE AS
        $$ BEGIN IF at = '${slow}' THEN PERFORM pg_sleep(2); END IF; RETURN status; END $$`,
    );
    await scene.query(
      `CREATE VIEW ops_error_logs AS SELECT created_at, platform, group_id, is_business_limited, error_owner, error_phase, error_type,
        model, account_id,
        upstream_status_code, slow_status(created_at, status_code) AS status_code FROM the_errors`,
    );
    try {
      const other = await scene.start({ statementTimeoutMs: 1_000, lockTimeoutMs: 500 });
      const steps: number[] = [];
      const report = await other.verify.verify(scene.from, scene.to, false, {
        onProgress: ({ hours }) => {
          steps.push(hours);
        },
      });
      expect(report).toMatchObject({ hours: 72, differences: [] });
      expect(report.unjudged).toEqual([
        { table: 'hourly', bucket: slow, usage: 'timed_out', errors: 'timed_out' },
      ]);
      expect(steps.at(-1)).toBe(72);
    } finally {
      await scene.query('DROP VIEW ops_error_logs');
      await scene.query('DROP FUNCTION slow_status');
      await scene.query('ALTER TABLE the_errors RENAME TO ops_error_logs');
    }
  });
});
