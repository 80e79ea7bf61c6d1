import { describe, expect, it, test } from '@jest/globals';
import { axisLabels, axisSplits, axisSteps, timeLabels } from '../../src/ops/dashboard/client/chart-axis.js';

const text = (labels: readonly string[]): string[] => labels.map((label) => label.replaceAll('\u00a0', ' '));

describe('axes of the charts', () => {
  test.each([
    ['time', [0, 250, 500, 750], '0 ms|250 ms|500 ms|750 ms'],
    ['time', [0, 500, 1000, 1500], '0.0 s|0.5 s|1.0 s|1.5 s'],
    ['time', [0, 25_000, 50_000, 75_000], '0 s|25 s|50 s|75 s'],
    ['time', [0, 60_000, 120_000, 180_000], '0 min|1 min|2 min|3 min'],
    ['time', [0, 75_000, 150_000], '0.00 min|1.25 min|2.50 min'],
    ['time', [0, 3_600_000, 7_200_000], '0 h|1 h|2 h'],
    ['number', [0, 0.0002, 0.0004], '0.0000|0.0002|0.0004'],
    ['number', [0, 500, 1000], '0.0 k|0.5 k|1.0 k'],
    ['number', [0, 250_000, 500_000, 1_000_000], '0.00 M|0.25 M|0.50 M|1.00 M'],
    ['number', [0, 5e11, 1e12], '0.0 T|0.5 T|1.0 T'],
    ['share', [0.94, 0.96, 0.98, 1], '94 %|96 %|98 %|100 %'],
    ['share', [0, 0.0005, 0.001], '0.00 %|0.05 %|0.10 %'],
  ] as const)('%s %p are all in one unit', (scale, splits, labels) => {
    expect(text(axisLabels(scale, splits)).join('|')).toBe(labels);
  });

  it.each(['time', 'number', 'share'] as const)('labels of %s fit beside a chart at every size', (scale) => {
    for (
      let power = { share: -4, time: 0, number: -5 }[scale];
      power <= { share: 0, time: 9, number: 12 }[scale];
      power += 1
    ) {
      for (const high of [1, 1.3, 2.4, 6, 7.2, 9.9].map((n) => n * 10 ** power)) {
        // As uPlot chooses: the finest that leaves room for three or four.
        const step = axisSteps(scale, high, false).find((one) => high / one <= 4) ?? 0;
        const splits = axisSplits(0, high, step);
        const labels = axisLabels(scale, splits);
        expect(splits.length).toBeGreaterThanOrEqual(2);
        expect(new Set(labels).size).toBe(labels.length);
        expect(new Set(labels.map((label) => label.replace(/^[\d.,e+-]+/, ''))).size).toBe(1);
        expect([high, labels, Math.max(...labels.map(({ length }) => length)) <= 8]).toEqual([
          high,
          labels,
          true,
        ]);
      }
    }
  });

  it('has whole numbers for counts', () => {
    expect(axisSteps('number', 4, true).slice(0, 4)).toEqual([1, 2, 5, 10]);
    expect(axisSteps('number', 4000, true).every(Number.isInteger)).toBe(true);
  });

  it('names the day below its first label', () => {
    const hour = (n: number): number => Date.UTC(2026, 2, 5, n) / 1000;
    expect(timeLabels([hour(20), hour(22), hour(24), hour(26)], 7200, 'utc')).toEqual([
      '20:00\n5 Mar',
      '22:00',
      '00:00\n6 Mar',
      '02:00',
    ]);
    expect(timeLabels([hour(0), hour(24)], 86_400, 'utc')).toEqual(['5 Mar', '6 Mar']);
  });
});
