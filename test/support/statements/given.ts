import type { RetentionHours } from '../../../src/ops/invalidation/sql/floors.sql.js';

/** What a statement might be given; the second set has other values, absent where they may be. */
export interface Given {
  readonly text: string;
  readonly iso: string;
  readonly isos: string[];
  readonly n: number;
  readonly hours: number | null;
  readonly flag: boolean;
}

export const GIVEN: readonly [Given, Given] = [
  {
    text: `x'; DROP TABLE y --`,
    iso: '2031-01-02T03:00:00.000Z',
    isos: [],
    n: 77_001,
    hours: 77_002,
    flag: true,
  },
  {
    text: 'z',
    iso: '2032-02-03T04:00:00.000Z',
    isos: ['2033-01-01T00:00:00.000Z'],
    n: 5,
    hours: null,
    flag: false,
  },
];

export const retained = (g: Given): RetentionHours => ({
  usage: g.hours,
  errors: g.n,
  hourly: g.hours,
  daily: g.hours,
  distributions: g.hours,
});
