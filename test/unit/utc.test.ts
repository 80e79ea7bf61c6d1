import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, widenToBuckets } from '../../src/ops/common/utc.js';

const at = (text: string): Date => new Date(text);

describe('widenToBuckets', () => {
  it.each([
    ['already whole', '2026-03-01T10:00:00.000Z', '2026-03-01T12:00:00.000Z', '10:00', '12:00'],
    ['starting late in an hour', '2026-03-01T10:59:59.999Z', '2026-03-01T12:00:00.000Z', '10:00', '12:00'],
    ['ending just after an hour', '2026-03-01T10:00:00.000Z', '2026-03-01T12:00:00.001Z', '10:00', '13:00'],
    ['a millisecond long', '2026-03-01T10:30:00.000Z', '2026-03-01T10:30:00.001Z', '10:00', '11:00'],
  ])('widens a window that is %s to whole hours', (_what, from, to, start, end) => {
    expect(widenToBuckets(at(from), at(to), HOUR_MS)).toEqual({
      start: at(`2026-03-01T${start}:00Z`),
      end: at(`2026-03-01T${end}:00Z`),
    });
  });

  it('widens to UTC days, whatever the zone of the process', () => {
    expect(widenToBuckets(at('2026-03-08T23:30:00Z'), at('2026-03-09T00:00:00.001Z'), DAY_MS)).toEqual({
      start: at('2026-03-08T00:00:00Z'),
      end: at('2026-03-10T00:00:00Z'),
    });
  });

  it('widens outward before 1970 too', () => {
    expect(widenToBuckets(at('1969-12-31T23:30:00Z'), at('1969-12-31T23:45:00Z'), HOUR_MS)).toEqual({
      start: at('1969-12-31T23:00:00Z'),
      end: at('1970-01-01T00:00:00Z'),
    });
  });

  it.each([
    ['an invalid start', new Date(NaN), at('2026-03-01T00:00:00Z')],
    ['an invalid end', at('2026-03-01T00:00:00Z'), new Date(NaN)],
    ['an end at the start', at('2026-03-01T00:10:00Z'), at('2026-03-01T00:10:00Z')],
    ['an end before the start', at('2026-03-01T00:10:00Z'), at('2026-03-01T00:09:59.999Z')],
  ])('gives nothing for %s', (_what, start, end) => {
    expect(widenToBuckets(start, end, HOUR_MS)).toBeNull();
  });
});
