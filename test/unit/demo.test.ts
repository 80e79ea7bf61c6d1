import { describe, expect, test } from '@jest/globals';
import { missingTraffic } from '../../src/demo/demo.js';

const DAY_MS = 86_400_000;
const now = Date.parse('2026-11-24T15:20:10.500Z');

describe('missingTraffic', () => {
  test('of an empty database is 30 days and the running one, from a UTC midnight on', () => {
    const plan = missingTraffic({ now, last: null });
    expect(plan?.from.toISOString()).toBe('2026-10-25T00:00:00.000Z');
    expect(plan?.to.getTime()).toBe(Math.floor(now));
  });

  test('after a restart is the gap, at the level of the rest', () => {
    const whole = missingTraffic({ now, last: null })?.rows ?? NaN;
    const cut = now - 5 * DAY_MS;
    const before = missingTraffic({ now: cut, last: now - 30 * DAY_MS })?.rows ?? NaN;
    const gap = missingTraffic({ now, last: cut });
    expect(gap?.from.getTime()).toBe(Math.floor(cut));
    // What lies before the first of the two is the first day's beginning.
    const firstDay =
      missingTraffic({ now: now - 30 * DAY_MS, last: Date.parse('2026-10-25T00:00:00Z') })?.rows ?? 0;
    expect(Math.abs(firstDay + before + (gap?.rows ?? NaN) - whole)).toBeLessThanOrEqual(2);
  });

  test('of a minute is not worth filling', () => {
    expect(missingTraffic({ now, last: now - 59_000 })).toBeNull();
  });
});
