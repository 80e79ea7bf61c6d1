import { describe, expect, it } from '@jest/globals';
import { failure, levelsOf, rowAt, SpecScene, usage } from '../support/spec-scene.js';
import { loosenUsage } from '../support/raw-rows.js';

const INT_MAX = 2_147_483_647;
const GROUP = 'openai/1';
const ALL_LEVELS = ['-/-', 'openai/-', 'openai/1'];

describe('ops_metrics_hourly, line by line', () => {
  const scene = new SpecScene('spec_hourly', { prepare: loosenUsage });

  describe('from usage_logs', () => {
    it('counts a row at the overall, the platform and the group level', async () => {
      const rows = await scene.hourly({ usage: [usage(), usage(), usage({ groupId: 2 })] });
      expect(levelsOf(rows)).toEqual(['-/-', 'openai/-', 'openai/1', 'openai/2']);
      expect(rows.map((row) => row.success_count)).toEqual([3n, 3n, 2n, 1n]);
      expect(rows.map((row) => row.bucket_start)).toEqual(Array(4).fill('2026-03-01T05:00:00Z'));
    });

    it('takes rows from the start of the hour on and before its end', async () => {
      const rows = await scene.hourly({
        usage: [
          usage({ createdAt: '2026-03-01T04:59:59.999999Z' }),
          usage({ createdAt: '2026-03-01T05:00:00Z' }),
          usage({ createdAt: '2026-03-01T05:59:59.999999Z' }),
          usage({ createdAt: '2026-03-01T06:00:00Z' }),
        ],
      });
      const overall = rows.filter((row) => row.platform === null);
      expect(overall.map((row) => [row.bucket_start.slice(11, 13), row.success_count])).toEqual([
        ['04', 1n],
        ['05', 2n],
        ['06', 1n],
      ]);
    });

    it.each([null, 99, 0])('counts a row of group %p nowhere', async (groupId) => {
      expect(await scene.hourly({ usage: [usage({ groupId, durationMs: 5 })] })).toEqual([]);
    });

    it('takes the platform from the group', async () => {
      const rows = await scene.hourly({ usage: [usage({ groupId: 3 })] });
      expect(levelsOf(rows)).toEqual(['-/-', 'anthropic/-', 'anthropic/3']);
    });

    it('counts a platform "" in the overall row only', async () => {
      const rows = await scene.hourly({ usage: [usage({ groupId: 4 }), usage()] });
      expect(levelsOf(rows)).toEqual(ALL_LEVELS);
      expect(rows.map((row) => row.success_count)).toEqual([2n, 1n, 1n]);
    });

    it('adds the four token columns as bigint, a null as 0', async () => {
      const full = {
        inputTokens: INT_MAX,
        outputTokens: INT_MAX,
        cacheCreationTokens: INT_MAX,
        cacheReadTokens: INT_MAX,
      };
      const rows = await scene.hourly({
        usage: [
          usage(full),
          usage({ inputTokens: 1, outputTokens: null, cacheCreationTokens: 20, cacheReadTokens: 300 }),
        ],
      });
      expect(rows.map((row) => row.token_consumed)).toEqual(Array(3).fill(4n * BigInt(INT_MAX) + 321n));
    });

    it.each([
      ['duration', 'durationMs'],
      ['ttft', 'firstTokenMs'],
    ] as const)('interpolates the percentiles of %s', async (latency, field) => {
      const values = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1001];
      const rows = await scene.hourly({ usage: values.map((value) => usage({ [field]: value })) });
      const other = latency === 'duration' ? 'ttft' : 'duration';
      expect(rowAt(rows, GROUP)).toMatchObject({
        [`${latency}_p50_ms`]: 550,
        [`${latency}_p90_ms`]: 910, // 900 + 0.1 * 101 = 910.1
        [`${latency}_p95_ms`]: 956, // 900 + 0.55 * 101 = 955.55
        [`${latency}_p99_ms`]: 992, // 900 + 0.91 * 101 = 991.91
        [`${latency}_avg_ms`]: 550.1,
        [`${latency}_max_ms`]: 1001,
        [`${other}_p50_ms`]: null,
        [`${other}_avg_ms`]: null,
        [`${other}_max_ms`]: null,
      });
    });

    it.each([
      [[0, 1], 0],
      [[1, 2], 2],
      [[2, 3], 2],
      [[3, 4], 4],
      [[10, 15], 12],
    ])('rounds the median of %j half to even', async (values, median) => {
      const rows = await scene.hourly({ usage: values.map((durationMs) => usage({ durationMs })) });
      expect(rowAt(rows, GROUP).duration_p50_ms).toBe(median);
    });

    it('leaves null latencies out, and has none without a sample', async () => {
      const rows = await scene.hourly({
        usage: [usage({ durationMs: 10 }), usage(), usage({ groupId: 2 })],
      });
      expect(rowAt(rows, GROUP)).toMatchObject({
        success_count: 2n,
        duration_p50_ms: 10,
        duration_avg_ms: 10,
      });
      expect(rowAt(rows, 'openai/2')).toMatchObject({
        success_count: 1n,
        duration_p50_ms: null,
        duration_p99_ms: null,
        duration_avg_ms: null,
        duration_max_ms: null,
      });
    });

    it('computes each level from its own rows', async () => {
      const rows = await scene.hourly({
        usage: [
          usage({ durationMs: 1 }),
          usage({ durationMs: 2, groupId: 2 }),
          usage({ durationMs: 300, groupId: 3 }),
        ],
      });
      expect(rowAt(rows, '-/-')).toMatchObject({
        duration_p50_ms: 2,
        duration_max_ms: 300,
        duration_avg_ms: 101,
      });
      expect(rowAt(rows, 'openai/-')).toMatchObject({
        duration_p50_ms: 2,
        duration_max_ms: 2,
        duration_avg_ms: 1.5,
      });
    });

    it('survives latencies whose sum is past int4', async () => {
      const rows = await scene.hourly({
        usage: [usage({ durationMs: INT_MAX }), usage({ durationMs: INT_MAX })],
      });
      expect(rowAt(rows, GROUP)).toMatchObject({ duration_p99_ms: INT_MAX, duration_avg_ms: INT_MAX });
    });
  });

  describe('a row exists', () => {
    it('where only recovered errors are, with every count 0', async () => {
      const rows = await scene.hourly({ errors: [failure({ statusCode: 200 })] });
      expect(levelsOf(rows)).toEqual(ALL_LEVELS);
      expect(rowAt(rows, GROUP)).toMatchObject({
        success_count: 0n,
        token_consumed: 0n,
        error_count_total: 0n,
        upstream_error_count_excl_429_529: 0n,
        duration_p50_ms: null,
      });
    });

    it('with counts of 0 for the side that a level lacks', async () => {
      const rows = await scene.hourly({ usage: [usage()], errors: [failure({ groupId: 2 })] });
      expect(rowAt(rows, GROUP)).toMatchObject({ success_count: 1n, error_count_total: 0n });
      expect(rowAt(rows, 'openai/2')).toMatchObject({ success_count: 0n, error_count_total: 1n });
      expect(rowAt(rows, 'openai/-')).toMatchObject({ success_count: 1n, error_count_total: 1n });
    });

    it('for no hour without a raw row', async () => {
      expect(await scene.hourly()).toEqual([]);
    });

    it('for an hour whose usage all counts nowhere not at all', async () => {
      const rows = await scene.hourly({ usage: [usage({ groupId: null })], errors: [] });
      expect(rows).toEqual([]);
    });
  });
});
