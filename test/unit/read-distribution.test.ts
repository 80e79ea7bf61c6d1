import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Distribution, Latencies, latenciesOf } from '../../src/ops/read/distribution.js';
import { histogram } from '../../src/ops/read/histogram.js';
import { percentileCont, roundHalfEven } from '../support/oracle/arithmetic.js';

const FRACTIONS = [0.5, 0.9, 0.95, 0.99];

/** The text of a stored distribution of whole samples. */
function textOf(samples: readonly number[]): [values: string, counts: string] {
  const counts = new Map<number, number>();
  for (const sample of samples) {
    counts.set(sample, (counts.get(sample) ?? 0) + 1);
  }
  const entries = [...counts].sort(([a], [b]) => a - b);
  return [
    `{${entries.map(([value]) => value).join(',')}}`,
    `{${entries.map(([, count]) => count).join(',')}}`,
  ];
}

const sample = fc.oneof(fc.integer({ min: -3, max: 9 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));

describe('Distribution', () => {
  it('merges stored ones, and has the percentiles of all of their samples', () => {
    fc.assert(
      fc.property(fc.array(fc.array(sample, { minLength: 1 }), { minLength: 1 }), (parts) => {
        const distribution = new Distribution();
        for (const part of parts) {
          distribution.add(latenciesOf(...textOf(part)));
        }
        const all = parts.flat();
        expect(distribution.samples).toBe(all.length);
        expect(distribution.percentiles(FRACTIONS)).toEqual(
          FRACTIONS.map((fraction) => percentileCont(all, fraction)),
        );
        const [threshold = 0] = all;
        expect(distribution.above(threshold)).toBe(all.filter((one) => one > threshold).length);
      }),
    );
  });

  it('rounds more than 1,000 samples to 7 significant bits, as the stored ones are', () => {
    const distribution = new Distribution();
    distribution.add(latenciesOf('{0,127,129,131,-131,100000,2147483647}', null));
    expect(distribution.entries().map(([value]) => value)).toEqual([
      -131, 0, 127, 129, 131, 100_000, 2_147_483_647,
    ]);
    distribution.add(latenciesOf('{0}', '{1000}'));
    distribution.add(latenciesOf('{100001}', ''));
    expect(distribution.entries()).toEqual([
      [-132, 1],
      [0, 1001],
      [127, 1],
      [128, 1],
      [132, 1],
      [100_352, 2],
      [2_147_483_647, 1],
    ]);
  });

  it('has no percentile without a sample', () => {
    const distribution = new Distribution();
    distribution.add(latenciesOf('{}', '{}'));
    expect(distribution.percentiles(FRACTIONS)).toBeNull();
    expect(histogram(distribution)).toEqual([]);
  });
});

/** Raw latencies, small ones, ones around the borders of bins, and any. */
const latency = fc.oneof(
  fc.integer({ min: -300, max: 700 }),
  fc
    .tuple(fc.integer({ min: 5, max: 31 }), fc.integer({ min: 4, max: 7 }), fc.integer({ min: -70, max: 70 }))
    .map(([exponent, quarter, off]) => Math.min(2 ** 31 - 1, 2 ** (exponent - 3) * quarter + off)),
  fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }),
);

/** To even where it lies in the middle. */
function roundedTo7Bits(latency: number): number {
  const width = 2 ** Math.max(0, Math.floor(Math.log2(Math.abs(latency) || 1)) - 6);
  return Math.sign(latency) * Math.min(roundHalfEven(Math.abs(latency) / width) * width, 2 ** 31 - 1);
}

describe('histogram', () => {
  it('counts in each bin the raw latencies that its borders say, stored rounded or as they were', () => {
    const parts = fc.array(
      fc.record({ latencies: fc.array(latency, { minLength: 1 }), isRounded: fc.boolean() }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(parts, (stored) => {
        const distribution = new Distribution();
        for (const { latencies, isRounded } of stored) {
          if (isRounded) {
            distribution.add(new Latencies(Int32Array.from(latencies, roundedTo7Bits), null));
          } else {
            distribution.add(latenciesOf(...textOf(latencies)));
          }
        }
        const all = stored.flatMap(({ latencies }) => latencies);
        const bins = histogram(distribution);
        for (const { from, to, count } of bins) {
          expect(from).toBeLessThan(to);
          expect(count).toBe(all.filter((value) => value >= from && value < to).length);
        }
        bins.slice(1).forEach((bin, index) => {
          expect(bin.from).toBe(bins[index]?.to);
        });
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
        expect(bins[0]?.count).toBeGreaterThan(0);
        expect(bins.at(-1)?.count).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it('has four bins to a doubling from 8 ms on, whole milliseconds below, and borders where values are told apart', () => {
    const distribution = new Distribution();
    distribution.add(latenciesOf('{0,33,320}', '{1,1,1}'));
    expect(histogram(distribution).map(({ from }) => from)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 159, 191,
      223, 255, 318,
    ]);
  });
});
