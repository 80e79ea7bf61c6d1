import { describe, expect, it } from '@jest/globals';
import { weightedMeanRounded } from '../support/oracle/arithmetic.js';
import { diffRows } from '../support/oracle/compare.js';
import { computeHourly } from '../support/oracle/hourly.js';
import type { HourlyRow } from '../support/oracle/types.js';
import { usage } from '../support/spec-scene.js';

// What it computes is held against the rollup's rows, which the spec tests hold against the specification.
describe('the oracle', () => {
  const computed = (createdAt: string): HourlyRow[] =>
    computeHourly(
      [{ id: 1, name: 'one', platform: 'openai' }],
      [usage({ durationMs: 3, createdAt })],
      [],
      new Date('2026-03-01T05:00:00Z'),
      new Date('2026-03-01T06:00:00Z'),
    );

  it('rounds weighted means half to even, exactly', () => {
    // 2.5 + 2^-61, which a double cannot tell from 2.5.
    const justAbove = [
      { value: 2, weight: 2n ** 60n - 1n },
      { value: 3, weight: 2n ** 60n + 1n },
    ];
    expect(weightedMeanRounded(justAbove)).toBe(3);
    expect(
      [-3, -2, -1].map((value) =>
        weightedMeanRounded([value, value + 1].map((of) => ({ value: of, weight: 5n }))),
      ),
    ).toEqual([-2, -2, 0]);
  });

  it('refuses an instant that is not in UTC', () => {
    expect(() => computed('2026-03-01T05:00:00+05:30')).toThrow(TypeError);
  });

  const rows = computed('2026-03-01T05:10:00Z');
  const [first, ...others] = rows;
  if (first === undefined) throw new Error('a usage row makes an overall row');

  it('finds no difference between equal rows in any order', () => {
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
  ])('finds a difference: %s', (_what, actual, message) => {
    const differences = diffRows(rows, actual);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatch(message);
  });
});
