import { expect, test } from '@jest/globals';
import { csvOf } from '../../src/ops/dashboard/client/csv.js';
import {
  amounts,
  counts,
  durations,
  moneys,
  percents,
  tokenRates,
  type ColumnFormat,
} from '../../src/ops/dashboard/client/format.js';

test.each<[string, ColumnFormat, number[], string[]]>([
  ['ms', durations, [3, 850, 999.4], ['3 ms', '850 ms', '999 ms']],
  ['s', durations, [3, 850, 12_340], ['<0.01 s', '0.85 s', '12.34 s']],
  ['min', durations, [1_000, 90_000, 3_600_000], ['<0.1 min', '1.5 min', '60.0 min']],
  ['small amounts', amounts, [0, 7, 9_999], ['0', '7', '9,999']],
  ['thousands', amounts, [0, 7, 10_000], ['0.00 k', '0.01 k', '10.00 k']],
  ['amounts', amounts, [45_000, 1_234_567_890], ['0.05 M', '1,234.57 M']],
  ['cents', moneys, [0.004, 12.3, 1_234.5], ['<0.01', '12.30', '1,234.50']],
  ['small money', moneys, [0.004, 0.5], ['0.0040', '0.5000']],
  ['tiny money', moneys, [0.004, 0.000_02], ['0.004000', '0.000020']],
  ['counts', counts, [7, 1_234_567], ['7', '1,234,567']],
  ['shares', percents, [0.5, 0.000_01], ['50.00 %', '<0.01 %']],
  ['speeds', tokenRates, [9, 1_234.56], ['9.0 tok/s', '1,234.6 tok/s']],
])('a column of %s has one unit and one number of decimals', (_, format, values, expected) => {
  const shown = format(Math.max(...values));
  expect(values.map((value) => shown(value).replaceAll('\u00a0', ' '))).toEqual(expected);
});

test('a file has numbers as they are, quotes where they are needed, and no formulas', () => {
  expect(
    csvOf([
      ['a,"b"', 1.5, null],
      ['=1+1', -2, '-3'],
    ]),
  ).toBe('"a,""b""",1.5,\r\n\'=1+1,-2,-3\r\n');
});
