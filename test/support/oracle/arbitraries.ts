import fc from 'fast-check';
import type { RawError, RawGroup, RawUsage } from './types.js';

/** Everything raw that a rollup reads. */
export interface Scenario {
  readonly groups: readonly RawGroup[];
  readonly usage: readonly RawUsage[];
  readonly errors: readonly RawError[];
}

/** A range as the service takes it: [from, to). */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

const HOUR_US = 3_600_000_000;
const INT_MAX = 2_147_483_647;
/** Three UTC days around the night on which America/New_York skips an hour. */
export const FIRST_DAY = new Date('2025-03-08T00:00:00Z');
export const END_DAY = new Date('2025-03-11T00:00:00Z');

/** `hour` hours and `micros` microseconds after {@link FIRST_DAY}, which a JavaScript Date could not hold. */
export function instantAt(hour: number, micros: number): string {
  const total = FIRST_DAY.getTime() * 1000 + hour * HOUR_US + micros;
  const milliseconds = new Date(Math.floor(total / 1000)).toISOString().slice(0, -1);
  return `${milliseconds}${String(total % 1000).padStart(3, '0')}Z`;
}

// Few different hours, so that rows meet in them; -1 and 72 lie just outside the three days.
const hour = fc.oneof(
  fc.constantFrom(-1, 0, 1, 23, 24, 31, 47, 48, 71, 72),
  fc.integer({ min: -1, max: 72 }),
);
const microsIntoHour = fc.oneof(fc.constantFrom(0, 1, HOUR_US - 1), fc.integer({ min: 0, max: HOUR_US - 1 }));
const createdAt = fc.tuple(hour, microsIntoHour).map(([hours, micros]) => instantAt(hours, micros));

const GROUP_IDS = [0, 1, 2, 3, -1, 2 ** 40];
const MISSING_GROUP_ID = 99;
// 'unknown' is where errors without a platform go; 32 characters is all that the rollup's column holds.
const PLATFORMS = ['anthropic', 'openai', '', 'unknown', 'OpenAI', ' ', `o'neil "x"`, 'p'.repeat(32)];

const groups = fc
  .tuple(fc.subarray(GROUP_IDS), fc.array(fc.constantFrom(...PLATFORMS), { minLength: 6, maxLength: 6 }))
  .map(([ids, platforms]) =>
    ids.map((id, index) => ({ id, name: `group ${id}`, platform: platforms[index] ?? 'anthropic' })),
  );
const groupId = fc.constantFrom(null, ...GROUP_IDS, MISSING_GROUP_ID);

// Small whole numbers interpolate to halves often, which is where the rounding shows.
const milliseconds = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.integer({ min: 0, max: 120_000 }),
  fc.constantFrom(null, 0, -1, INT_MAX, INT_MAX - 1),
);
const tokens = fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.constantFrom(null, 0, INT_MAX));

const cost = fc.oneof(
  fc.constantFrom(null, 0n, 1n, -1n, 10n ** 20n - 1n),
  fc.bigInt({ min: 0n, max: 10n ** 12n }),
);

/** The names of the folded keys, empty and quoted ones, two that differ in case, and one of 100 characters. */
export const HOSTILE_MODELS = ['(other)', '(none)', '', `o'neil "x" \\`, 'Model', 'model', 'ü€'.repeat(50)];
const keys = {
  model: fc.constantFrom(null, ...HOSTILE_MODELS),
  accountId: fc.constantFrom(null, 0, 1, 2, 9, 10, -1, 2 ** 40),
  apiKeyId: fc.constantFrom(null, 1, 2),
};

const usageRow: fc.Arbitrary<RawUsage> = fc.record({
  ...keys,
  groupId,
  inputTokens: tokens,
  outputTokens: tokens,
  cacheCreationTokens: tokens,
  cacheReadTokens: tokens,
  durationMs: milliseconds,
  firstTokenMs: milliseconds,
  totalCost: cost,
  actualCost: cost,
  createdAt,
});

const status = fc.constantFrom(null, 0, 200, 399, 400, 401, 429, 499, 500, 503, 529, 599);
const errorRow: fc.Arbitrary<RawError> = fc.record({
  ...keys,
  errorPhase: fc.constantFrom('upstream', 'auth', ''),
  errorType: fc.constantFrom('api_error', `o'neil "x"`),
  platform: fc.constantFrom(null, ...PLATFORMS),
  groupId,
  statusCode: status,
  upstreamStatusCode: status,
  errorOwner: fc.constantFrom('provider', 'provider', 'client', 'platform', 'Provider', '', null),
  isBusinessLimited: fc.boolean(),
  createdAt,
});

/** Raw rows with every trap of the specification in them, over {@link FIRST_DAY} to {@link END_DAY}. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  groups,
  usage: fc.array(usageRow, { maxLength: 120, size: 'max' }),
  errors: fc.array(errorRow, { maxLength: 60, size: 'max' }),
});

const minute = fc.integer({ min: 0, max: 72 * 60 - 1 });
const ragged = fc.tuple(minute, minute, fc.integer({ min: 0, max: 59_999 })).map(([a, b, extraMs]) => ({
  from: new Date(FIRST_DAY.getTime() + Math.min(a, b) * 60_000),
  to: new Date(FIRST_DAY.getTime() + Math.max(a, b) * 60_000 + extraMs + 1),
}));
const whole = fc.uniqueArray(fc.integer({ min: 0, max: 72 }), { minLength: 2, maxLength: 2 }).map((pair) => {
  const [start, end] = [Math.min(...pair), Math.max(...pair)];
  return {
    from: new Date(FIRST_DAY.getTime() + start * 3_600_000),
    to: new Date(FIRST_DAY.getTime() + end * 3_600_000),
  };
});

/** Ranges inside the three days, on hour boundaries or (mostly) off them; never empty. */
export const window: fc.Arbitrary<Window> = fc.oneof(ragged, whole);
