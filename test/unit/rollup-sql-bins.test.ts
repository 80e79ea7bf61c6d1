import { describe, expect, it } from '@jest/globals';
import { distributionBins } from '../../src/ops/definitions/distribution-bins.js';

const INT_MAX = 2_147_483_647;
const SPLITTER = 2 ** 46 + 1;

/** JavaScript's numbers are the double precision that the formula is about. */
function rounded(latency: number): number {
  const scaled = latency * SPLITTER;
  return Math.min(scaled - (scaled - latency), INT_MAX);
}

const { values, upperBounds } = distributionBins();
const bins = values.map((value, index) => ({ value, last: upperBounds[index] ?? NaN }));

describe('distributionBins', () => {
  it('covers every non-negative int with 1,665 bins, ascending and without a gap', () => {
    expect(bins).toHaveLength(1665);
    expect(bins[0]).toEqual({ value: 0, last: 0 });
    expect(bins.at(-1)?.last).toBe(INT_MAX);
    const previous = bins.slice(0, -1);
    expect(previous.every(({ last }, index) => last < (bins[index + 1]?.last ?? NaN))).toBe(true);
  });

  it('puts the first and the last latency of every bin where the formula rounds them', () => {
    const wrong = bins.slice(1).filter(({ value, last }, index) => {
      const first = (bins[index]?.last ?? NaN) + 1;
      return rounded(first) !== value || rounded(last) !== value;
    });
    expect(wrong).toEqual([]);
  });

  it('is exact below 128 ms and within 2^-7 above', () => {
    for (const { value, last } of bins.slice(0, 128)) expect(value).toBe(last);
    const errors = bins.slice(128, -1).map(({ value, last }) => Math.abs(last - value) / last);
    expect(Math.max(...errors)).toBeLessThanOrEqual(2 ** -7);
  });
});
