import { describe, expect, it } from '@jest/globals';
import { computeHourly } from '../support/oracle/hourly.js';
import { error, FROM, GROUPS, TO, usage } from '../support/oracle/samples.js';
import type { HourlyRow, RawError, RawUsage } from '../support/oracle/types.js';

const HOUR = '2025-03-09T07:00:00Z';

/** Keys of the rows, as "platform/group" with "-" for NULL. */
function levels(rows: readonly HourlyRow[]): string[] {
  return rows.map((row) => `${row.platform ?? '-'}/${String(row.group_id ?? '-')}`).toSorted();
}

function overall(usageRows: readonly RawUsage[], errorRows: readonly RawError[]): HourlyRow | undefined {
  return computeHourly(GROUPS, usageRows, errorRows, FROM, TO).find((row) => row.platform === null);
}

describe('computeHourly', () => {
  it('counts a usage row at three levels, under the platform of its group', () => {
    const rows = computeHourly(GROUPS, [usage({ groupId: 2 })], [], FROM, TO);
    expect(levels(rows)).toEqual(['-/-', 'anthropic/-', 'anthropic/2']);
    expect(rows.every((row) => row.success_count === 1n && row.bucket_start === HOUR)).toBe(true);
  });

  it.each([null, 0, 99])('counts a usage row of group %p nowhere', (groupId) => {
    expect(computeHourly(GROUPS, [usage({ groupId })], [], FROM, TO)).toEqual([]);
  });

  it('counts a usage row of the empty platform in the overall row only', () => {
    expect(levels(computeHourly(GROUPS, [usage({ groupId: 3 })], [], FROM, TO))).toEqual(['-/-']);
  });

  it.each([
    [
      'its own platform, whatever its group says',
      { platform: 'openai', groupId: 2 },
      ['-/-', 'openai/-', 'openai/2'],
    ],
    ['a group that does not exist', { groupId: 99 }, ['-/-', 'openai/-', 'openai/99']],
    ['no group', { groupId: null }, ['-/-', 'openai/-']],
    ['group 0', { groupId: 0 }, ['-/-', 'openai/-']],
    ['no platform', { platform: null }, ['-/-', 'unknown/-', 'unknown/1']],
    ['neither', { platform: null, groupId: null }, ['-/-', 'unknown/-']],
    ['the empty platform', { platform: '' }, ['-/-']],
  ])('counts an error row with %s', (_what, row, expected) => {
    expect(levels(computeHourly(GROUPS, [], [error(row)], FROM, TO))).toEqual(expected);
  });

  it('adds four token columns past int4, NULL as 0', () => {
    const full = usage({ inputTokens: 2147483647, outputTokens: 2147483647, cacheReadTokens: null });
    expect(overall([full, usage({ cacheCreationTokens: 3, cacheReadTokens: 2 })], [])?.token_consumed).toBe(
      4294967299n,
    );
  });

  it('takes latencies from the rows that have them', () => {
    const rows = [1, 2, 3, 6, null].map((durationMs) => usage({ durationMs, firstTokenMs: null }));
    // Ranks over four values: 1.5 -> 2.5 -> 2; 2.7 -> 5.1; 2.85 -> 5.55 -> 6; 2.97 -> 5.91 -> 6.
    expect(overall(rows, [])).toMatchObject({
      success_count: 5n,
      duration_p50_ms: 2,
      duration_p90_ms: 5,
      duration_p95_ms: 6,
      duration_p99_ms: 6,
      duration_avg_ms: 3,
      duration_max_ms: 6,
      ttft_p50_ms: null,
      ttft_avg_ms: null,
      ttft_max_ms: null,
    });
  });

  it('tells duration and first token apart', () => {
    expect(overall([usage({ durationMs: 900, firstTokenMs: 70 })], [])).toMatchObject({
      duration_p99_ms: 900,
      duration_max_ms: 900,
      ttft_p99_ms: 70,
      ttft_max_ms: 70,
    });
  });

  // total, business-limited, SLA, upstream other, upstream 429, upstream 529
  it.each<[Partial<RawError>, bigint[]]>([
    [{ statusCode: 400 }, [1n, 0n, 1n, 0n, 0n, 0n]],
    [{ statusCode: 399 }, [0n, 0n, 0n, 0n, 0n, 0n]],
    [{ statusCode: null }, [0n, 0n, 0n, 0n, 0n, 0n]],
    [{ statusCode: 429, isBusinessLimited: true }, [1n, 1n, 0n, 0n, 0n, 0n]],
    [{ statusCode: 200, isBusinessLimited: true }, [0n, 0n, 0n, 0n, 0n, 0n]],
    [{ statusCode: 500, errorOwner: 'provider' }, [1n, 0n, 1n, 1n, 0n, 0n]],
    [{ statusCode: 429, errorOwner: 'provider' }, [1n, 0n, 1n, 0n, 1n, 0n]],
    [{ statusCode: 502, upstreamStatusCode: 529, errorOwner: 'provider' }, [1n, 0n, 1n, 0n, 0n, 1n]],
    [{ statusCode: 429, upstreamStatusCode: 500, errorOwner: 'provider' }, [1n, 0n, 1n, 1n, 0n, 0n]],
    [{ statusCode: 200, upstreamStatusCode: 429, errorOwner: 'provider' }, [0n, 0n, 0n, 0n, 1n, 0n]],
    [{ statusCode: 429, upstreamStatusCode: 0, errorOwner: 'provider' }, [1n, 0n, 1n, 1n, 0n, 0n]],
    [{ statusCode: null, errorOwner: 'provider' }, [0n, 0n, 0n, 1n, 0n, 0n]],
    [{ statusCode: 500, errorOwner: 'provider', isBusinessLimited: true }, [1n, 1n, 0n, 0n, 0n, 0n]],
    [{ statusCode: 500, errorOwner: null }, [1n, 0n, 1n, 0n, 0n, 0n]],
  ])('counts %j', (row, expected) => {
    const stored = overall([], [error(row)]);
    expect([
      stored?.error_count_total,
      stored?.business_limited_count,
      stored?.error_count_sla,
      stored?.upstream_error_count_excl_429_529,
      stored?.upstream_429_count,
      stored?.upstream_529_count,
    ]).toEqual(expected);
  });

  it('takes a bucket with its first microsecond and without the next one', () => {
    const at = (createdAt: string): RawUsage => usage({ createdAt });
    const rows = ['06:59:59.999999', '07:00:00', '07:59:59.999999', '08:00:00'].map((t) =>
      at(`2025-03-09T${t}Z`),
    );
    expect(overall(rows, [])?.success_count).toBe(2n);
  });

  it('widens a ragged window outward, and takes nothing for an empty or invalid one', () => {
    const rows = [usage({ createdAt: '2025-03-09T07:00:00Z' }), usage({ createdAt: '2025-03-09T08:59:59Z' })];
    const hours = (from: string, to: string): number =>
      new Set(computeHourly(GROUPS, rows, [], new Date(from), new Date(to)).map((row) => row.bucket_start))
        .size;
    expect(hours('2025-03-09T07:59:59.999Z', '2025-03-09T08:00:00.001Z')).toBe(2);
    expect(hours('2025-03-09T07:59:59.999Z', '2025-03-09T08:00:00Z')).toBe(1);
    expect(hours('2025-03-09T07:30:00Z', '2025-03-09T07:30:00Z')).toBe(0);
    expect(hours('2025-03-09T09:00:00Z', '2025-03-09T07:00:00Z')).toBe(0);
    expect(hours('never', '2025-03-09T07:00:00Z')).toBe(0);
  });

  it('refuses an instant that is not in UTC', () => {
    const local = usage({ createdAt: '2025-03-09T07:00:00+05:30' });
    expect(() => computeHourly(GROUPS, [local], [], FROM, TO)).toThrow(TypeError);
  });
});
