import { describe, expect, it } from '@jest/globals';
import { VerifyScene } from '../support/verify-scene.js';
import type { Difference } from '../../src/ops/index.js';

describe('verify', () => {
  // Without the audit, which finds what somebody has changed before verify is asked.
  const scene = new VerifyScene('verify', { auditPercent: 0 });

  const OVERALL = 'bucket_start = {hour} AND platform IS NULL';
  const GROUP = 'bucket_start = {hour} AND group_id = 3';
  const hourly = { table: 'hourly', level: 'overall', platform: null, groupId: null } as const;
  const ofGroup = { table: 'hourly', level: 'group', platform: 'anthropic', groupId: '3' } as const;
  const daily = { table: 'daily', level: 'overall', platform: null, groupId: null } as const;

  it.each<[string, string, Partial<Difference>]>([
    [
      'a count',
      `UPDATE ops_metrics_hourly SET success_count = 6 WHERE ${OVERALL}`,
      { ...hourly, column: 'success_count', stored: '6', computed: '5' },
    ],
    [
      'a token sum past 2^53',
      `UPDATE ops_metrics_hourly SET token_consumed = 9007199254740993 WHERE ${OVERALL}`,
      { ...hourly, column: 'token_consumed', stored: '9007199254740993', computed: '99' },
    ],
    [
      'an error count',
      `UPDATE ops_metrics_hourly SET upstream_error_count_excl_429_529 = 0 WHERE ${OVERALL}`,
      { ...hourly, column: 'upstream_error_count_excl_429_529', stored: '0', computed: '1' },
    ],
    [
      'a percentile that is off by one',
      `UPDATE ops_metrics_hourly SET duration_p95_ms = duration_p95_ms + 1 WHERE ${GROUP}`,
      { ...ofGroup, column: 'duration_p95_ms' },
    ],
    [
      'a percentile that is missing',
      `UPDATE ops_metrics_hourly SET ttft_p50_ms = NULL WHERE ${GROUP}`,
      { ...ofGroup, column: 'ttft_p50_ms', stored: null, computed: '40' },
    ],
    [
      'a mean',
      `UPDATE ops_metrics_hourly SET duration_avg_ms = duration_avg_ms * 1.000001 WHERE ${OVERALL}`,
      { ...hourly, column: 'duration_avg_ms' },
    ],
    [
      'a mean that should not be there',
      `UPDATE ops_metrics_hourly SET duration_avg_ms = NULL WHERE ${GROUP}`,
      { ...ofGroup, column: 'duration_avg_ms', stored: null },
    ],
    [
      'a maximum',
      `UPDATE ops_metrics_hourly SET ttft_max_ms = 41 WHERE ${GROUP}`,
      { ...ofGroup, column: 'ttft_max_ms', stored: '41', computed: '40' },
    ],
    [
      'a number of samples',
      `UPDATE ops_metrics_hourly SET ttft_samples = 2 WHERE ${GROUP} AND ttft_samples = 1`,
      { ...ofGroup, column: 'ttft_samples', stored: '2', computed: '1' },
    ],
    [
      'a sum',
      `UPDATE ops_metrics_hourly SET duration_sum_ms = duration_sum_ms + 1 WHERE ${OVERALL}`,
      { ...hourly, column: 'duration_sum_ms' },
    ],
    [
      'a value of a distribution',
      `UPDATE ops_metrics_hourly SET duration_values[1] = 1 WHERE ${OVERALL}`,
      // 137, 137, 174, 174, 211 in 7 significant bits
      { ...hourly, column: 'duration_values', stored: '{1,136,174,212}', computed: '{136,174,212}' },
    ],
    [
      'the counts of a distribution',
      `UPDATE ops_metrics_hourly SET ttft_values = '{40}', ttft_counts = '{7}' WHERE ${GROUP}`,
      { ...ofGroup, column: 'ttft_counts', stored: '{7} (malformed)', computed: '{1}' },
    ],
    [
      'a distribution that is missing',
      `UPDATE ops_metrics_hourly SET ttft_values = NULL, ttft_counts = NULL WHERE ${GROUP}`,
      { ...ofGroup, column: 'ttft_values', stored: null, computed: '{40}' },
    ],
    [
      'values that do not ascend',
      `UPDATE ops_metrics_hourly SET duration_values = '{174,137}' WHERE ${GROUP}`,
      { ...ofGroup, column: 'duration_values', stored: '{174,137} (malformed)', computed: '{136,174}' },
    ],
    [
      'a distribution of a platform that is not the sum of its groups',
      `UPDATE ops_metrics_hourly SET duration_values = '{5,6}', duration_counts = '{1,1}'
        WHERE bucket_start = {hour} AND platform = 'anthropic' AND group_id IS NULL`,
      {
        table: 'hourly',
        level: 'platform',
        platform: 'anthropic',
        column: 'duration_values',
        stored: '{5,6}',
      },
    ],
    [
      'a missing row',
      `DELETE FROM ops_metrics_hourly WHERE ${GROUP}`,
      { ...ofGroup, column: '(row)', stored: 'missing', computed: 'present' },
    ],
    [
      'a row too many',
      `INSERT INTO ops_metrics_hourly (bucket_start, platform) VALUES ({hour}, 'gone')`,
      {
        table: 'hourly',
        level: 'platform',
        platform: 'gone',
        groupId: null,
        column: '(row)',
        stored: 'present',
        computed: 'missing',
      },
    ],
    [
      'a row in an hour without raw rows',
      `INSERT INTO ops_metrics_hourly (bucket_start) VALUES ({hour} + interval '1 hour')`,
      { ...hourly, column: '(row)', stored: 'present' },
    ],
  ])('finds %s in an hour, and in no other', async (_what, text, expected) => {
    await scene.change(text);
    const { differences, differenceCount } = await scene.verify();
    const found = differences.filter(({ table, column }) => table === 'hourly' && !isTwin(column, expected));
    expect(found).toMatchObject([{ ...expected, pending: false }]);
    expect(differenceCount).toBe(differences.length);
    // What an hour says also makes its day wrong, and no other day.
    for (const { table, bucket } of differences) {
      if (table === 'daily') expect(bucket).toBe(scene.hour.toISOString().slice(0, 10));
    }
    expect(await scene.verify(true)).toMatchObject({ differenceCount });
    await scene.tick();
    expect(await scene.verify()).toMatchObject({ differenceCount: 0 });
    await scene.expectRight(scene.from, scene.to);
  });

  it.each<[string, string, Partial<Difference>]>([
    [
      'a count',
      `UPDATE ops_metrics_daily SET success_count = 1 WHERE bucket_date = {day} AND platform IS NULL`,
      { ...daily, column: 'success_count', stored: '1', computed: '60' },
    ],
    [
      'a weighted percentile',
      `UPDATE ops_metrics_daily SET duration_p50_ms = duration_p50_ms + 1 WHERE bucket_date = {day} AND platform IS NULL`,
      { ...daily, column: 'duration_p50_ms' },
    ],
    [
      'a mean',
      `UPDATE ops_metrics_daily SET ttft_avg_ms = ttft_avg_ms + 0.001 WHERE bucket_date = {day} AND platform IS NULL`,
      { ...daily, column: 'ttft_avg_ms' },
    ],
    [
      'a number of samples',
      `UPDATE ops_metrics_daily SET duration_samples = 7 WHERE bucket_date = {day} AND group_id = 3`,
      { table: 'daily', level: 'group', column: 'duration_samples', stored: '7', computed: '24' },
    ],
    [
      'a sum',
      `UPDATE ops_metrics_daily SET ttft_sum_ms = 1 WHERE bucket_date = {day} AND platform IS NULL`,
      { ...daily, column: 'ttft_sum_ms', stored: '1' },
    ],
    [
      'a value of a distribution: a median of 1 ms',
      `UPDATE ops_metrics_daily SET duration_values = array_fill(1, ARRAY[cardinality(duration_values)])
        WHERE bucket_date = {day} AND platform IS NULL`,
      { ...daily, column: 'duration_values', stored: '{1}', computed: '{136,174,212}' },
    ],
    [
      'the counts of the distribution of a platform',
      `UPDATE ops_metrics_daily SET duration_values = '{136,174}', duration_counts = '{20,4}'
        WHERE bucket_date = {day} AND platform = 'anthropic' AND group_id IS NULL`,
      { table: 'daily', level: 'platform', column: 'duration_counts', stored: '{20,4}', computed: '{12,12}' },
    ],
    [
      'a distribution that is missing',
      `UPDATE ops_metrics_daily SET ttft_values = NULL, ttft_counts = NULL WHERE bucket_date = {day} AND group_id = 1`,
      { table: 'daily', level: 'group', column: 'ttft_values', stored: null, computed: '{40}' },
    ],
    [
      'a missing row',
      `DELETE FROM ops_metrics_daily WHERE bucket_date = {day} AND group_id = 3`,
      {
        table: 'daily',
        level: 'group',
        platform: 'anthropic',
        groupId: '3',
        column: '(row)',
        stored: 'missing',
        computed: 'present',
      },
    ],
    [
      'a row too many',
      `INSERT INTO ops_metrics_daily (bucket_date, platform) VALUES ({day}, 'gone')`,
      {
        table: 'daily',
        level: 'platform',
        platform: 'gone',
        column: '(row)',
        stored: 'present',
        computed: 'missing',
      },
    ],
  ])('finds %s in a day, and a refresh heals it', async (_what, text, expected) => {
    await scene.change(text);
    const report = await scene.verify(true);
    const found = report.differences.filter(({ column }) => !isTwin(column, expected));
    expect(found).toMatchObject([{ ...expected, bucket: scene.hour.toISOString().slice(0, 10) }]);
    expect([report.notedHours, report.notedDays]).toEqual([0, 1]);
    await scene.tick();
    expect(await scene.verify()).toMatchObject({ differenceCount: 0 });
    await scene.expectRight(scene.from, scene.to);
  });
});

/** Of one latency: where its values, counts or samples are changed, others of them may not fit any more. */
function isTwin(column: string, { column: expected = '' }: Partial<Difference>): boolean {
  const [one, other] = [column, expected].map((name) => /^(.+)_(?:values|counts|samples)$/.exec(name)?.[1]);
  return one !== undefined && one === other && column !== expected;
}
