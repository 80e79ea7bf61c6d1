import { describe, expect, it } from '@jest/globals';
import {
  mean,
  percentileCont,
  roundHalfEven,
  weightedMean,
  weightedMeanRounded,
} from '../support/oracle/arithmetic.js';
import { diffRows } from '../support/oracle/compare.js';
import { computeDaily } from '../support/oracle/daily.js';
import { computeHourly } from '../support/oracle/hourly.js';
import { error, FROM, GROUPS, TO, usage } from '../support/oracle/samples.js';
import type { HourlyRow } from '../support/oracle/types.js';

describe('arithmetic', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.500001, 3],
    [2.499999, 2],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [7, 7],
  ])('rounds %p to %p', (value, rounded) => {
    expect(roundHalfEven(value)).toBe(rounded);
  });

  it('interpolates percentiles linearly', () => {
    expect(percentileCont([40, 10, 30, 20], 0.5)).toBe(25);
    expect(percentileCont([0, 10], 0.9)).toBe(9);
    expect(percentileCont([9, 100], 0)).toBe(9);
    expect(percentileCont([5], 0.99)).toBe(5);
    expect(percentileCont([], 0.5)).toBeNull();
  });

  it('averages', () => {
    expect(mean([1, 2])).toBe(1.5);
    expect(mean([])).toBeNull();
    const heavy = { value: 4, weight: 3n };
    expect(weightedMean([{ value: 1, weight: 1n }, heavy])).toBe(3.25);
    expect(weightedMean([{ value: 1, weight: 0n }])).toBeNull();
  });

  it('rounds weighted means half to even, exactly', () => {
    const pair = (a: number, b: number): number | null =>
      weightedMeanRounded([
        { value: a, weight: 5n },
        { value: b, weight: 5n },
      ]);
    expect([pair(2, 3), pair(3, 4), pair(-2, -3), pair(-1, -2), pair(0, -1)]).toEqual([2, 4, -2, -2, 0]);
    expect(weightedMeanRounded([{ value: 9, weight: 0n }])).toBeNull();
    // 2.5 + 2^-61, which a double cannot tell from 2.5.
    const justAbove = [
      { value: 2, weight: 2n ** 60n - 1n },
      { value: 3, weight: 2n ** 60n + 1n },
    ];
    expect(weightedMeanRounded(justAbove)).toBe(3);
  });
});

describe('computeDaily', () => {
  const DAY_FROM = new Date('2025-03-09T23:59:00Z');
  const DAY_TO = new Date('2025-03-09T23:59:01Z');

  function hourly(row: Partial<HourlyRow>): HourlyRow {
    const [template] = computeHourly(GROUPS, [], [error({})], FROM, TO);
    if (template === undefined) throw new Error('an error row makes an overall row');
    return { ...template, ...row };
  }

  it('sums counts, weighs the body and takes the largest tail', () => {
    const rows = [
      hourly({
        success_count: 3n,
        token_consumed: 5n,
        duration_p50_ms: 10,
        duration_p99_ms: 80,
        duration_avg_ms: 11,
        duration_max_ms: 90,
        ttft_p90_ms: null,
      }),
      hourly({
        bucket_start: '2025-03-09T23:00:00Z',
        success_count: 1n,
        token_consumed: 2n ** 60n,
        duration_p50_ms: 12,
        duration_p99_ms: 70,
        duration_avg_ms: 12,
        duration_max_ms: 95,
        ttft_p90_ms: 7,
      }),
      hourly({ bucket_start: '2025-03-10T00:00:00Z', success_count: 100n, duration_p50_ms: 1 }),
    ];
    const days = computeDaily(rows, DAY_FROM, DAY_TO);
    expect(days).toHaveLength(1);
    expect(days[0]).toMatchObject({
      bucket_date: '2025-03-09',
      platform: null,
      group_id: null,
      success_count: 4n,
      token_consumed: 2n ** 60n + 5n,
      error_count_total: 2n,
      duration_p50_ms: 10,
      duration_p99_ms: 80,
      duration_avg_ms: 11.25,
      duration_max_ms: 95,
      ttft_p90_ms: 7,
      ttft_p95_ms: null,
    });
  });

  it('weighs only the hours that have a value, and has none at weight 0', () => {
    const rows = [
      hourly({ success_count: 1n, ttft_p50_ms: 8, ttft_avg_ms: 8 }),
      hourly({ bucket_start: '2025-03-09T08:00:00Z', success_count: 9n }),
      hourly({
        bucket_start: '2025-03-09T09:00:00Z',
        success_count: 0n,
        duration_p50_ms: 4,
        duration_max_ms: 4,
      }),
    ];
    expect(computeDaily(rows, DAY_FROM, DAY_TO)[0]).toMatchObject({
      ttft_p50_ms: 8,
      ttft_avg_ms: 8,
      duration_p50_ms: null,
      duration_max_ms: 4,
    });
  });

  it('keeps the levels apart', () => {
    const rows = [hourly({}), hourly({ platform: 'openai' }), hourly({ platform: 'openai', group_id: 1 })];
    expect(computeDaily(rows, DAY_FROM, DAY_TO).map((row) => row.error_count_total)).toEqual([1n, 1n, 1n]);
  });
});

describe('diffRows', () => {
  const rows = computeHourly(GROUPS, [usage({ durationMs: 3 })], [], FROM, TO);
  const [first, ...others] = rows;
  if (first === undefined) throw new Error('a usage row makes an overall row');

  it('finds nothing between equal rows in any order', () => {
    expect(diffRows(rows, rows.toReversed())).toEqual([]);
  });

  it.each<[string, HourlyRow[], RegExp]>([
    ['a missing row', others, /missing/],
    ['a superfluous row', [...rows, { ...first, group_id: 7, platform: 'x' }], /should not exist/],
    ['a repeated row', [...rows, first], /twice/],
    ['a count', [{ ...first, success_count: 2n }, ...others], /success_count expected 1, got 2/],
    ['a percentile', [{ ...first, duration_p50_ms: 4 }, ...others], /duration_p50_ms expected 3, got 4/],
    ['a null', [{ ...first, duration_avg_ms: null }, ...others], /duration_avg_ms expected 3, got null/],
    ['an average', [{ ...first, duration_avg_ms: 3.00000000001 }, ...others], /duration_avg_ms/],
  ])('finds %s', (_what, actual, message) => {
    const differences = diffRows(rows, actual);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatch(message);
  });
});
