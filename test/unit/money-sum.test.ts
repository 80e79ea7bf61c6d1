import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MoneySum } from '../../src/ops/read/money-sum.js';

const sumOf = (...texts: (string | null)[]): MoneySum => {
  const sum = new MoneySum();
  for (const text of texts) {
    sum.add(text);
  }
  return sum;
};

describe('MoneySum', () => {
  it.each([
    [[], '0'],
    [['0.1', '0.2'], '0.3'],
    [['1.50', '-2'], '-0.50'],
    [['12345678901234567890.0123456789', '0.00000000001'], '12345678901234567890.01234567891'],
    [['-0.01', '0.01'], '0.00'],
  ])('adds %j up to %s', (texts, expected) => {
    expect(sumOf(...texts).exact()).toBe(expected);
  });

  it.each([['NaN'], ['Infinity'], [''], [null]])('is none once %j is in it', (text) => {
    expect(sumOf('1', text, '2').exact()).toBeNull();
    expect(sumOf('1', text).per(2)).toBeNull();
  });

  it.each([
    [['1'], 3, '0.3333333333'],
    [['2'], 3, '0.6666666667'],
    [['-2'], 3, '-0.6666666667'],
    [['0.00000000005'], 1, '0.0000000001'],
    [['-0.00000000005'], 1, '-0.0000000001'],
    [['10'], 4, '2.5000000000'],
    [['10'], 0, null],
  ])('divides %j by %s', (texts, count, expected) => {
    expect(sumOf(...texts).per(count)).toBe(expected);
  });

  it('is exact whatever the scales and the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.integer({ min: 0, max: 12 }))),
        (amounts) => {
          const texts = amounts.map(([units, digits]) => {
            const text = String(units < 0n ? -units : units).padStart(digits + 1, '0');
            const sign = units < 0n ? '-' : '';
            return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
          });
          const scaled = amounts.reduce(
            (sum, [units, digits]) => sum + units * 10n ** BigInt(12 - digits),
            0n,
          );
          const [whole = '', fraction = ''] = (sumOf(...texts).exact() ?? '').replace('-', '').split('.');
          const absolute = BigInt(whole + fraction.padEnd(12, '0'));
          expect(absolute).toBe(scaled < 0n ? -scaled : scaled);
        },
      ),
    );
  });
});
