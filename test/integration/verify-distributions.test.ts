import { describe, expect, it } from '@jest/globals';
import { VerifyScene } from '../support/verify-scene.js';

describe('verify of distributions', () => {
  const scene = new VerifyScene('verify_distributions');

  /** Latencies over all bins and both sides of every tie, 2^31-1 and negative ones included. */
  const fillDense = async (): Promise<void> => {
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, first_token_ms, created_at)
       SELECT 1, 1, 1, 'm', 1 + n % 3, LEAST(n + (1::bigint << (n % 31)) + (1::bigint << GREATEST(n % 31 - 7, 0)), 2147483647),
              n % 700 - 40, $1::timestamptz + n * interval '1 ms'
         FROM generate_series(0, 8999) AS n`,
      [scene.hour.toISOString()],
    );
    await scene.tick();
  };

  it('is of the rounded form, whatever form a row has: as they were up to 1,000, counted above', async () => {
    await fillDense();
    const [stored] = await scene.query<{ cells: number; samples: number }>(
      `SELECT cardinality(duration_values) AS cells, duration_samples::int AS samples FROM ops_metrics_hourly
        WHERE bucket_start = $1 AND platform IS NULL`,
      [scene.hour.toISOString()],
    );
    expect(stored?.samples).toBeGreaterThan(9_000);
    expect(stored?.cells).toBeLessThan(3_000);
    expect(await scene.verify()).toMatchObject({ differences: [], unjudged: [] });

    // Another form of the same distribution: rounded, and with one cell in two.
    await scene.change(
      `UPDATE ops_metrics_hourly SET duration_values = '{136,174}', duration_counts = '{1,1}'
        WHERE bucket_start = {hour} + interval '2 hours' AND group_id = 3`,
    );
    expect(await scene.verify()).toMatchObject({ differences: [] });
    await scene.change(
      `UPDATE ops_metrics_hourly
        SET duration_counts[most] = duration_counts[most] - 1, duration_counts[most + 1] = duration_counts[most + 1] + 1
        FROM (
          SELECT array_position(duration_counts, (SELECT max(c) FROM unnest(duration_counts[2:100]) AS c)) AS most
            FROM ops_metrics_hourly WHERE bucket_start = {hour} AND platform IS NULL
        ) cell
        WHERE bucket_start = {hour} AND platform IS NULL`,
    );
    const { differences } = await scene.verify();
    expect(differences.map(({ table, level, column }) => [table, level, column])).toEqual([
      ['hourly', 'overall', 'duration_counts'],
      ['daily', 'overall', 'duration_counts'],
    ]);
    for (const { stored, computed } of differences) {
      expect((stored ?? '').length).toBeLessThan(200);
      expect(computed).toMatch(/ of \d+$/);
    }
  });

  it('takes a missing one for right where they are switched off, and one that is there for what it says', async () => {
    await scene.change(
      `UPDATE ops_metrics_hourly SET duration_values = NULL, duration_counts = NULL WHERE group_id = 1`,
    );
    await scene.change(
      `UPDATE ops_metrics_daily SET ttft_values = NULL, ttft_counts = NULL WHERE group_id = 1`,
    );
    expect((await scene.verify()).differenceCount).toBeGreaterThan(0);
    expect(await scene.verify(false, { distributions: false })).toMatchObject({ differences: [] });
    await scene.change(
      `UPDATE ops_metrics_hourly SET ttft_values = '{1}' WHERE bucket_start = {hour} AND group_id = 1`,
    );
    const { differences } = await scene.verify(false, { distributions: false });
    expect(differences.filter(({ table }) => table === 'hourly')).toMatchObject([
      { column: 'ttft_values', stored: '{1}', computed: '{40}' },
    ]);
  });

  it('takes a missing one for right where the retention drops them, and keeps the day that was merged before', async () => {
    await scene.change(`UPDATE ops_metrics_hourly SET duration_values = NULL, duration_counts = NULL, ttft_values = NULL,
      ttft_counts = NULL WHERE bucket_start < {hour} + interval '23 hours'`);
    expect((await scene.verify()).differenceCount).toBeGreaterThan(0);
    expect(await scene.verify(false, { distributionRetentionDays: 2 })).toMatchObject({ differences: [] });

    // Nothing is left to hold its values against, but not so its form.
    await scene.change(
      `UPDATE ops_metrics_daily SET duration_counts[1] = 9 WHERE bucket_date = {day} AND group_id = 1`,
    );
    const { differences } = await scene.verify(false, { distributionRetentionDays: 2 });
    expect(new Set(differences.map(({ column }) => column))).toEqual(
      new Set(['duration_counts', 'duration_values']),
    );
    expect(differences.every(({ stored }) => stored?.endsWith('(malformed)') === true)).toBe(true);
  });

  it('fills a hole only where the day has one: an hour of samples without a distribution leaves it unknown', async () => {
    await scene.change(
      `UPDATE ops_metrics_hourly SET duration_values = NULL, duration_counts = NULL WHERE bucket_start = {hour} AND group_id = 1`,
    );
    await scene.change(`UPDATE ops_metrics_daily SET duration_values = NULL, duration_counts = NULL
      WHERE bucket_date = {day} AND group_id = 1`);
    const { differences } = await scene.verify();
    expect(differences.map(({ table }) => table)).toEqual(['hourly', 'hourly']);
  });

  it('counts rows of another program, which have none, as different until they are recomputed', async () => {
    await scene.insertRequests(new Date(scene.hour.getTime() + 3_600_000));
    await scene.change(
      `INSERT INTO ops_metrics_hourly (bucket_start, success_count) VALUES ({hour} + interval '1 hour', 3)`,
    );
    const { differences } = await scene.verify();
    expect(differences.map(({ column }) => column)).toEqual(
      expect.arrayContaining(['duration_samples', 'duration_values', 'ttft_sum_ms']),
    );
    await scene.app.verify.verify(scene.from, scene.to, true);
    await scene.tick();
    expect(await scene.verify()).toMatchObject({ differenceCount: 0 });
  });
});
