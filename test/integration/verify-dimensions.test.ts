import { describe, expect, it } from '@jest/globals';
import type { Difference } from '../../src/ops/index.js';
import { VerifyScene } from '../support/verify-scene.js';

const HOURLY = 'UPDATE ops_metrics_dimension_hourly SET';
const DAILY = 'UPDATE ops_metrics_dimension_daily SET';
const OF_MODEL = "bucket_start = {hour} AND dimension = 'model' AND success_count > 0";
const OF_DAY = "bucket_date = {day} AND dimension = 'model' AND success_count > 0";

describe('verify of what was added later, and of the dimensions', () => {
  const scene = new VerifyScene('verify_dimensions', { auditPercent: 0 });

  it.each<[string, string, Partial<Difference>]>([
    ['a count', `${HOURLY} success_count = 6 WHERE ${OF_MODEL}`, { column: 'success_count', computed: '5' }],
    [
      'a maximum',
      `${HOURLY} duration_max_ms = 1 WHERE ${OF_MODEL}`,
      { column: 'duration_max_ms', stored: '1' },
    ],
    ['money', `${HOURLY} total_cost = total_cost + 0.0000000001 WHERE ${OF_MODEL}`, { column: 'total_cost' }],
    [
      'an unknown sum',
      `${HOURLY} input_tokens = NULL WHERE ${OF_MODEL}`,
      { column: 'input_tokens', stored: null },
    ],
    [
      'a distribution',
      `${HOURLY} duration_values[1] = 1 WHERE ${OF_MODEL}`,
      { column: 'duration_values', computed: '{136,174,212}' },
    ],
    [
      'a distribution that is not of its samples',
      `${HOURLY} duration_values = '{1,2}' WHERE ${OF_MODEL}`,
      { column: 'duration_values', stored: '{1,2} (malformed)' },
    ],
    ['a missing row', `DELETE FROM ops_metrics_dimension_hourly WHERE ${OF_MODEL}`, { stored: 'missing' }],
    ['a missing key', `${HOURLY} key = 'gone' WHERE ${OF_MODEL}`, { key: 'gone', stored: 'present' }],
  ])('finds %s in an hour of a set', async (_what, text, expected) => {
    await expectHealed(text, 'dimension_hourly', expected, 'notedHours');
  });

  it.each<[string, string, Partial<Difference>]>([
    ['a count', `${DAILY} success_count = 6 WHERE ${OF_DAY}`, { column: 'success_count', computed: '60' }],
    ['a distribution', `${DAILY} ttft_values[1] = 7 WHERE ${OF_DAY}`, { column: 'ttft_values' }],
    [
      'a distribution without a sample',
      `${DAILY} ttft_values = '{7}' WHERE bucket_date = {day} AND dimension = 'model' AND success_count = 0`,
      { column: 'ttft_values', stored: '{7} (malformed)', computed: null },
    ],
    ['a missing row', `DELETE FROM ops_metrics_dimension_daily WHERE ${OF_DAY}`, { stored: 'missing' }],
    ['a missing key', `${DAILY} key = 'gone' WHERE ${OF_DAY}`, { key: 'gone', stored: 'present' }],
  ])('finds %s in a day of a set', async (_what, text, expected) => {
    await expectHealed(text, 'dimension_daily', expected, 'notedDays');
  });

  it.each<[string, string, Partial<Difference>, string]>([
    [
      'a kind of tokens of an hour',
      'UPDATE ops_metrics_hourly SET cache_read_tokens = 1 WHERE bucket_start = {hour} AND platform IS NULL',
      { column: 'cache_read_tokens', stored: '1' },
      'hourly',
    ],
    [
      'a sum that nobody knows, of an hour whose raw rows are there',
      'UPDATE ops_metrics_hourly SET actual_cost = NULL WHERE bucket_start = {hour} AND platform IS NULL',
      { column: 'actual_cost', stored: null },
      'hourly',
    ],
    [
      'money of a day',
      'UPDATE ops_metrics_daily SET total_cost = total_cost + 0.1 WHERE bucket_date = {day} AND platform IS NULL',
      { column: 'total_cost' },
      'daily',
    ],
    [
      'a sum that nobody knows, of a day whose hours know theirs',
      'UPDATE ops_metrics_daily SET output_tokens = NULL WHERE bucket_date = {day} AND platform IS NULL',
      { column: 'output_tokens', stored: null },
      'daily',
    ],
  ])('finds %s', async (_what, text, expected, table) => {
    await expectHealed(text, table, expected, table === 'hourly' ? 'notedHours' : 'notedDays');
  });

  async function expectHealed(
    text: string,
    table: string,
    expected: Partial<Difference>,
    noted: 'notedHours' | 'notedDays',
  ): Promise<void> {
    await scene.change(text);
    const report = await scene.verify(true);
    expect(report.differences.filter((one) => one.table === table)).toContainEqual(
      expect.objectContaining({
        ...(table.startsWith('dimension') ? { dimension: 'model' } : { dimension: null, key: null }),
        ...expected,
        pending: false,
      }),
    );
    expect(report[noted]).toBe(1);
    await scene.tick();
    expect(await scene.verify()).toMatchObject({ differenceCount: 0, unjudgedCount: 0 });
  }

  it('takes what nobody can know any more for right: an older definition, and an hour below the floor', async () => {
    await scene.change(`UPDATE ops_metrics_hourly SET input_tokens = NULL, output_tokens = NULL, output_speed_sum = NULL,
      output_speed_samples = NULL, output_speed_values = NULL, output_speed_counts = NULL, definition_version = 3 WHERE bucket_start = {hour}`);
    await scene.change(`DELETE FROM ops_metrics_dimension_hourly WHERE bucket_start = {hour}`);
    const { differences } = await scene.verify();
    expect(differences.filter(({ table }) => !table.endsWith('daily'))).toEqual([]);

    await scene.change('UPDATE ops_metrics_hourly SET definition_version = 4 WHERE bucket_start = {hour}');
    const limited = { rawRetentionDays: { usageLogs: 1, errorLogs: 1 } };
    const below = await scene.verify(true, limited);
    expect(below.differences.filter(({ table }) => !table.endsWith('daily'))).toEqual([]);
    const above = await scene.verify();
    expect(above.differences.filter(({ table }) => table === 'dimension_hourly').length).toBeGreaterThan(2);
    expect(above.differences).toContainEqual(
      expect.objectContaining({ table: 'hourly', column: 'input_tokens', stored: null }),
    );
  });

  it('judges the side of a set that is whole, where the other has been purged', async () => {
    await scene.change("DELETE FROM usage_logs WHERE created_at < {hour} + interval '3 hours'");
    expect(await scene.verify()).toMatchObject({ differences: [], unjudgedCount: 2 });
    await scene.change(`${HOURLY} error_count_total = 9, success_count = 9
      WHERE bucket_start = {hour} AND dimension = 'model' AND error_count_total > 0`);
    const { differences } = await scene.verify();
    expect(differences.filter(({ table }) => table === 'dimension_hourly')).toMatchObject([
      { dimension: 'model', column: 'error_count_total', stored: '9' },
    ]);
  });
});
