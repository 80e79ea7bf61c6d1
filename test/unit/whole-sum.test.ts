import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OpsSumOutOfRangeError } from '../../src/ops/read/read-errors.js';
import { WholeSum } from '../../src/ops/read/whole-sum.js';

const INT64_MAX = 2n ** 63n - 1n;

function sumOf(parts: readonly bigint[]): WholeSum {
  const sum = new WholeSum('tokens');
  parts.forEach((part) => {
    sum.add(String(part));
  });
  return sum;
}

describe('WholeSum', () => {
  it('adds bigints of any size up exactly, as a number while that is exact and as text beyond', () => {
    const part = fc.oneof(
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.bigInt({ min: -INT64_MAX / 50n, max: INT64_MAX / 50n }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 50 }), (parts) => {
        const total = parts.reduce((a, b) => a + b, 0n);
        const isSafe = Number.isSafeInteger(Number(total));
        expect(sumOf(parts).exact()).toBe(isSafe ? Number(total) : String(total));
      }),
    );
  });

  it.each([
    [[2n ** 53n - 1n], 9_007_199_254_740_991],
    [[2n ** 53n - 1n, 1n], '9007199254740992'],
    [[2n ** 53n, 1n], '9007199254740993'],
    [[INT64_MAX - 1n, 1n], '9223372036854775807'],
    [[-(2n ** 63n)], '-9223372036854775808'],
  ])('is exact at its borders: %s', (parts, expected) => {
    expect(sumOf(parts).exact()).toBe(expected);
  });

  it.each([[[INT64_MAX, 1n]], [[-(2n ** 63n), -1n]]])('is refused past 64 bits: %s', (parts) => {
    expect(() => sumOf(parts).exact()).toThrow(OpsSumOutOfRangeError);
    expect(() => sumOf(parts).exact()).toThrow(/tokens/);
  });

  it('is refused as a count past 2^53 - 1, where a number would not be exact', () => {
    expect(sumOf([2n ** 53n - 2n, 1n]).count()).toBe(9_007_199_254_740_991);
    expect(() => sumOf([2n ** 53n - 1n, 2n]).count()).toThrow(OpsSumOutOfRangeError);
  });
});
