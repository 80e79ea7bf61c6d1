import fc from 'fast-check';
import type { Scenario } from '../oracle/arbitraries.js';
import type { RawError, RawUsage } from '../oracle/types.js';
import { PLAIN_ERROR, PLAIN_USAGE } from '../spec-rows.js';

/** Sixty UTC days that lie in the past on any clock. */
export const HISTORY_START = new Date('2025-02-01T00:00:00Z');
const HISTORY_MINUTES = 60 * 24 * 60;

export const GROUPS = [
  { id: 1, name: 'one', platform: 'openai' },
  { id: 2, name: 'two', platform: 'openai' },
  { id: 3, name: 'three', platform: 'anthropic' },
  { id: 2 ** 40, name: 'far', platform: "o'neil" },
  { id: 5, name: 'nameless', platform: '' },
];
const GROUP_IDS = [...GROUPS.map(({ id }) => id), 1, 1, 1];

export const minuteAt = (minute: number): Date => new Date(HISTORY_START.getTime() + minute * 60_000);

// Half of the rows meet in a few days, so that there are crowded hours, lonely ones and empty days.
const minute = fc.oneof(
  fc.integer({ min: 20 * 1440, max: 23 * 1440 }),
  fc.integer({ min: 0, max: HISTORY_MINUTES - 1 }),
);
const createdAt = fc.tuple(minute, fc.integer({ min: 0, max: 59_999_999 })).map(([at, micros]) => {
  const seconds = minuteAt(at).toISOString().slice(0, 17);
  return `${seconds}${String(Math.floor(micros / 1_000_000)).padStart(2, '0')}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
});

/** Milliseconds: evenly small, with a long tail over six orders of magnitude, or of two kinds far apart. */
const skewed = fc.double({ min: 0, max: 20, noNaN: true }).map((exponent) => Math.floor(2 ** exponent));
const bimodal = fc.oneof(fc.integer({ min: 180, max: 260 }), fc.integer({ min: 30_000, max: 90_000 }));
const tiny = fc.integer({ min: 0, max: 3 });
const milliseconds = fc.oneof(skewed, bimodal, tiny, fc.constant(2_147_483_647), fc.constant(null));

const tokens = fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.constantFrom(0, 2_147_483_647));
const usageRow: fc.Arbitrary<RawUsage> = fc
  .record({
    groupId: fc.constantFrom(...GROUP_IDS, null, 0, 99),
    inputTokens: tokens,
    outputTokens: tokens,
    cacheCreationTokens: fc.constantFrom(null, 0),
    cacheReadTokens: tokens,
    durationMs: milliseconds,
    firstTokenMs: milliseconds,
    createdAt,
  })
  .map((row) => ({ ...PLAIN_USAGE, ...row }));

const status = fc.constantFrom(null, 200, 400, 429, 500, 529);
const errorRow: fc.Arbitrary<RawError> = fc
  .record({
    platform: fc.constantFrom(null, 'openai', 'anthropic', '', 'unknown'),
    groupId: fc.constantFrom(...GROUP_IDS, null, 0, 99),
    statusCode: status,
    upstreamStatusCode: status,
    errorOwner: fc.constantFrom('provider', 'provider', 'client', null),
    isBusinessLimited: fc.boolean(),
    createdAt,
  })
  .map((row) => ({ ...PLAIN_ERROR, ...row }));

const histories = (usageRows: number): fc.Arbitrary<Scenario> =>
  fc.record({
    groups: fc.constant(GROUPS),
    usage: fc.array(usageRow, { maxLength: usageRows, size: 'max' }),
    errors: fc.array(errorRow, { maxLength: Math.ceil(usageRows / 4), size: 'max' }),
  });

/** Mostly hundreds of rows, and sometimes a handful: percentiles of one, two and three samples. */
export const history: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 3, arbitrary: histories(600) },
  { weight: 1, arbitrary: histories(3) },
);

/** How far the rollup has come when the range is read. */
export const progress = fc.record({
  /** Hours before it are rolled up, the others not yet. */
  rolledUpMinutes: fc.oneof(
    fc.constantFrom(0, HISTORY_MINUTES),
    fc.integer({ min: 0, max: HISTORY_MINUTES / 60 }).map((hour) => hour * 60),
  ),
  /** Whether the daily rows of the whole days before it are there. */
  hasDaily: fc.boolean(),
  /** Between which minutes those are kept; mostly those of the crowded days. */
  keptMinutes: fc.oneof(
    fc.constant(null),
    fc
      .tuple(fc.integer({ min: 19 * 1440, max: 24 * 1440 }), fc.integer({ min: 0, max: 4 * 1440 }))
      .map(([from, length]) => ({ from, to: from + length })),
  ),
});

/** Ten minutes to sixty days, on any minute, mostly across the crowded days; and a minute to split it at. */
export const splitRange = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 10, max: 240 }),
      fc.integer({ min: 240, max: 10 * 1440 }),
      fc.integer({ min: 10 * 1440, max: HISTORY_MINUTES }),
    ),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([length, start, split]) => {
    // A short range is of interest where the rows are.
    const [low, high] = length < 3 * 1440 ? [20 * 1440, 23 * 1440] : [0, HISTORY_MINUTES - length];
    const from = Math.floor(low + start * (high - low));
    return {
      from: minuteAt(from),
      split: minuteAt(from + 1 + Math.floor(split * (length - 2))),
      to: minuteAt(from + length),
    };
  });

/** Whole hours and days, which is where rolled-up rows begin and end. */
export const alignedRange = fc
  .tuple(
    fc.constantFrom(60, 1440),
    fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 3, maxLength: 3 }),
  )
  .map(([unit, steps]) => {
    const [from = 0, split = 0, to = 0] = steps
      .toSorted((a, b) => a - b)
      .map((step) => (unit === 1440 ? step * unit : 20 * 1440 + step * unit));
    return { from: minuteAt(from), split: minuteAt(split), to: minuteAt(to) };
  });

export const level = fc.oneof(
  fc.constant({}),
  fc.constantFrom('openai', 'anthropic', "o'neil", 'unknown').map((platform) => ({ platform })),
  fc.constantFrom(...GROUPS.map(({ id }) => id), 99).map((id) => ({ groupId: String(id) })),
  fc.constantFrom(
    { platform: 'openai', groupId: '1' },
    { platform: 'unknown', groupId: '1' },
    { platform: 'anthropic', groupId: '1' },
  ),
);
