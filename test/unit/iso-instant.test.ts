import { describe, expect, it } from '@jest/globals';
import { parseIsoInstant } from '../../src/ops/index.js';

describe('parseIsoInstant', () => {
  it.each([
    ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T00:00Z', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T23:59:59.123456789Z', '2026-01-31T23:59:59.123Z'],
    ['2026-01-31T01:00:00+05:30', '2026-01-30T19:30:00.000Z'],
    ['2026-12-31T20:00:00-08:00', '2027-01-01T04:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('reads %s', (text, instant) => {
    expect(parseIsoInstant(text)?.toISOString()).toBe(instant);
  });

  it.each([
    ['no zone', '2026-01-31T00:00:00'],
    ['no time', '2026-01-31'],
    ['a blank for the T', '2026-01-31 00:00:00Z'],
    ['an offset without a colon', '2026-01-31T00:00:00+0530'],
    ['an offset of a day', '2026-01-31T00:00:00+24:00'],
    ['a day that the month does not have', '2026-02-30T00:00:00Z'],
    ['a leap day in another year', '2026-02-29T00:00:00Z'],
    ['a day 0', '2026-01-00T00:00:00Z'],
    ['a month 13', '2026-13-01T00:00:00Z'],
    ['a month 0', '2026-00-01T00:00:00Z'],
    ['an hour 24', '2026-01-31T24:00:00Z'],
    ['a second 60', '2026-01-31T00:00:60Z'],
    ['a sentence around it', 'on 2026-01-31T00:00:00Z'],
    ['a line after it', '2026-01-31T00:00:00Z\n'],
    ['nothing', ''],
    ['a number', 1_769_817_600_000],
    ['null', null],
    ['undefined', undefined],
    ['a Date', new Date('2026-01-31T00:00:00Z')],
    ['a list of one', ['2026-01-31T00:00:00Z']],
  ])('refuses %s', (_what, value) => {
    expect(parseIsoInstant(value)).toBeNull();
  });
});
