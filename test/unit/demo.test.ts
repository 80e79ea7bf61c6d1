import { describe, expect, test } from '@jest/globals';
import { missingRange } from '../../src/demo/demo.js';

const now = Date.parse('2026-11-24T15:20:10.500Z');

describe('missingRange', () => {
  test('of an empty database is 30 days and the running one, from a UTC midnight on', () => {
    const from = new Date('2026-10-25T00:00:00.000Z');
    expect(missingRange({ now, last: null })).toEqual({ from, to: new Date(now) });
    expect(missingRange({ now, last: Date.parse('2026-01-01T00:00:00Z') })?.from).toEqual(from);
  });

  test('after a restart is the gap', () => {
    const last = now - 5 * 86_400_000;
    expect(missingRange({ now, last })).toEqual({ from: new Date(last), to: new Date(now) });
  });

  test('of a minute is not worth filling', () => {
    expect(missingRange({ now, last: now - 59_000 })).toBeNull();
  });
});
