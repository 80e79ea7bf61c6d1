import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS } from '../../src/ops/common/utc.js';
import { planSegments } from '../../src/ops/read/read-plan.js';
import { autoBucket, trendCuts } from '../../src/ops/read/trend-buckets.js';

const START = Date.parse('2025-03-08T00:00:00Z');
const minute = (offset: number): Date => new Date(START + offset * 60_000);

describe('planSegments', () => {
  it('covers every segment once, by whole hours and ends shorter than an hour on either side', () => {
    const cuts = fc
      .uniqueArray(fc.integer({ min: 0, max: 5 * 1440 }), { minLength: 2, maxLength: 6 })
      .map((offsets) => offsets.toSorted((a, b) => a - b).map(minute));
    fc.assert(
      fc.property(cuts, (borders) => {
        const { spans, ragged } = planSegments(borders);
        borders.slice(1).forEach((to, segment) => {
          const hours = spans
            .filter((span) => span.segment === segment)
            .map(({ firstHour, endHour }) => [firstHour * HOUR_MS, endHour * HOUR_MS] as const);
          const ends = ragged
            .filter((range) => range.segment === segment)
            .map(({ from, to: end }) => [from.getTime(), end.getTime()] as const);
          const covered = [...hours, ...ends].sort(([a], [b]) => a - b);
          expect(covered[0]?.[0]).toBe(borders[segment]?.getTime());
          expect(covered.at(-1)?.[1]).toBe(to.getTime());
          covered.slice(1).forEach(([from], index) => {
            expect(from).toBe(covered[index]?.[1]);
          });
          for (const [from, end] of ends) {
            const isWholeHour = from % HOUR_MS === 0 && end - from === HOUR_MS;
            expect(isWholeHour).toBe(false);
            expect(end - from).toBeLessThan(2 * HOUR_MS);
          }
        });
      }),
    );
  });
});

describe('trendCuts', () => {
  it.each([
    ['1m', 60_000],
    ['5m', 300_000],
    ['hour', HOUR_MS],
    ['day', DAY_MS],
  ] as const)('cuts at every UTC border of %s inside the range, and nowhere else', (bucket, step) => {
    const range = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 3000 }));
    fc.assert(
      fc.property(range, ([offset, length]) => {
        const [from, to] = [minute(offset), minute(offset + length)];
        const cuts = trendCuts(from, to, bucket);
        expect([cuts[0], cuts.at(-1)]).toEqual([from, to]);
        const inner = cuts.slice(1, -1).map((cut) => cut.getTime());
        const expected = Array.from(
          { length: Math.ceil((6001 * 60_000) / step) },
          (_, index) => START + index * step,
        ).filter((at) => at > from.getTime() && at < to.getTime());
        expect(inner).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('autoBucket', () => {
  it.each([
    [6 * 60, '1m', 'hour'],
    [6 * 60 + 1, '5m', 'hour'],
    [24 * 60, '5m', 'hour'],
    [24 * 60 + 1, 'hour', 'hour'],
    [16 * 1440, 'hour', 'hour'],
    [16 * 1440 + 1, 'day', 'day'],
    [3 * 60, '1m', '1m'],
    [3 * 60 + 1, '1m', 'hour'],
  ])(
    'chooses by the length of the range: of %i minutes %s, or %s where no minutes are kept',
    (length, kept, raw) => {
      const range = [minute(0), minute(length)] as const;
      expect(autoBucket(...range)).toBe(kept);
      expect(autoBucket(...range, minute(0))).toBe(kept);
      expect(autoBucket(...range, minute(1))).toBe(raw);
    },
  );

  it('never comes to more than 400 points, nor to more than 180 from raw rows', () => {
    const length = fc.oneof(...[420, 1500, 17 * 1440, 366 * 1440].map((max) => fc.integer({ min: 1, max })));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1440 }), length, fc.boolean(), (offset, minutes, kept) => {
        const [from, to] = [minute(offset), minute(offset + minutes)];
        const bucket = autoBucket(from, to, kept ? from : to);
        const points = trendCuts(from, to, bucket).length - 1;
        expect(points).toBeLessThanOrEqual(400);
        expect(kept || !['1m', '5m'].includes(bucket) || points <= 180).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
