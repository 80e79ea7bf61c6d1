import { describe, expect, it } from '@jest/globals';
import { levelsOf, SpecScene, storedHour, usage } from '../support/spec-scene.js';

const MORNING = '2026-03-01T05:00:00Z';
const NOON = '2026-03-01T12:00:00Z';
const NIGHT = '2026-03-01T23:00:00Z';

describe('ops_metrics_daily, line by line', () => {
  const scene = new SpecScene('spec_daily');

  it('sums the counts, past int4 too', async () => {
    const [day] = await scene.daily([
      storedHour(MORNING, {
        success_count: 3n,
        token_consumed: 4_000_000_000n,
        error_count_total: 1n,
        business_limited_count: 2n,
        error_count_sla: 3n,
        upstream_error_count_excl_429_529: 4n,
        upstream_429_count: 5n,
        upstream_529_count: 6n,
      }),
      storedHour(NIGHT, {
        success_count: 4n,
        token_consumed: 4_000_000_001n,
        error_count_total: 10n,
        business_limited_count: 20n,
        error_count_sla: 30n,
        upstream_error_count_excl_429_529: 40n,
        upstream_429_count: 50n,
        upstream_529_count: 60n,
      }),
    ]);
    expect(day).toMatchObject({
      bucket_date: '2026-03-01',
      success_count: 7n,
      token_consumed: 8_000_000_001n,
      error_count_total: 11n,
      business_limited_count: 22n,
      error_count_sla: 33n,
      upstream_error_count_excl_429_529: 44n,
      upstream_429_count: 55n,
      upstream_529_count: 66n,
    });
  });

  it.each(['duration_p50_ms', 'duration_p90_ms', 'ttft_p50_ms', 'ttft_p90_ms'] as const)(
    'weighs %s by the successes of the hours that have it',
    async (column) => {
      const [day] = await scene.daily([
        storedHour(MORNING, { success_count: 1n, [column]: 100 }),
        storedHour(NOON, { success_count: 3n, [column]: 200 }),
        storedHour(NIGHT, { success_count: 1000n }), // no value: no weight
      ]);
      expect(day).toMatchObject({ [column]: 175, success_count: 1004n });
    },
  );

  it.each([
    [1, 2, 2],
    [2, 3, 2],
    [3, 4, 4],
  ])('rounds the mean of %d and %d half to even', async (a, b, mean) => {
    const [day] = await scene.daily([
      storedHour(MORNING, { success_count: 5n, duration_p50_ms: a }),
      storedHour(NIGHT, { success_count: 5n, duration_p50_ms: b }),
    ]);
    expect(day?.duration_p50_ms).toBe(mean);
  });

  it.each([
    'duration_p95_ms',
    'duration_p99_ms',
    'duration_max_ms',
    'ttft_p95_ms',
    'ttft_p99_ms',
    'ttft_max_ms',
  ] as const)('takes the largest %s, whatever its weight', async (column) => {
    const [day] = await scene.daily([
      storedHour(MORNING, { success_count: 1000n, [column]: 10 }),
      storedHour(NOON, { success_count: 0n, [column]: 900 }),
      storedHour(NIGHT, { success_count: 5n }),
    ]);
    expect(day).toMatchObject({ [column]: 900 });
  });

  it.each(['duration_avg_ms', 'ttft_avg_ms'] as const)('weighs %s, and does not round it', async (column) => {
    const [day] = await scene.daily([
      storedHour(MORNING, { success_count: 1n, [column]: 100.5 }),
      storedHour(NOON, { success_count: 3n, [column]: 200.25 }),
      storedHour(NIGHT, { success_count: 1000n }),
    ]);
    expect(day?.[column]).toBeCloseTo((100.5 + 3 * 200.25) / 4, 10);
  });

  it('has no mean where the weight is 0', async () => {
    const [day] = await scene.daily([
      storedHour(MORNING, { success_count: 0n, duration_p50_ms: 7, duration_p90_ms: 8, duration_avg_ms: 9 }),
    ]);
    expect(day).toMatchObject({ duration_p50_ms: null, duration_p90_ms: null, duration_avg_ms: null });
  });

  it('has no latency where no hour has one', async () => {
    const [day] = await scene.daily([storedHour(MORNING, { success_count: 4n })]);
    expect(day).toMatchObject({
      duration_p50_ms: null,
      duration_p95_ms: null,
      ttft_max_ms: null,
      ttft_avg_ms: null,
    });
  });

  it('keeps the levels apart, and needs no overall row', async () => {
    const days = await scene.daily([
      storedHour(MORNING, { platform: 'openai', group_id: 7, success_count: 1n }),
      storedHour(NIGHT, { platform: 'openai', group_id: 7, success_count: 2n }),
      storedHour(NIGHT, { platform: 'openai', success_count: 4n }),
    ]);
    expect(levelsOf(days)).toEqual(['openai/-', 'openai/7']);
    expect(days.map((day) => day.success_count)).toEqual([4n, 3n]);
  });

  it('takes the hours of the UTC day and no others', async () => {
    const days = await scene.daily([
      storedHour('2026-02-28T23:00:00Z', { success_count: 1n }),
      storedHour('2026-03-01T00:00:00Z', { success_count: 10n }),
      storedHour(NIGHT, { success_count: 100n }),
      storedHour('2026-03-02T00:00:00Z', { success_count: 1000n }),
    ]);
    expect(days.map((day) => [day.bucket_date, day.success_count])).toEqual([['2026-03-01', 110n]]);
  });

  it('reads hourly rows only, never raw ones', async () => {
    await scene.add({ usage: [usage()] });
    expect(await scene.daily()).toEqual([]);
  });
});
