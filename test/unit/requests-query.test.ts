import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { validated } from '../../src/ops/common/validated.js';
import { readCursor, writeCursor } from '../../src/ops/requests/cursor.js';
import { KINDS } from '../../src/ops/requests/filters.js';
import { kindsOf, requestsQuerySchema } from '../../src/ops/requests/requests-query.schemas.js';

const DAY = { from: '2025-03-09T00:00:00Z', to: '2025-03-10T00:00:00Z' };
const CURSOR = {
  createdAt: '2025-03-09T23:59:59.123456Z',
  kind: 'success',
  id: '9223372036854775807',
} as const;

const parsed = (query: object) => validated(requestsQuerySchema, { ...DAY, ...query }, 'query');

describe('the query of requests', () => {
  it('has defaults, and becomes numbers and a cursor', () => {
    const range = { from: new Date(DAY.from), to: new Date(DAY.to) };
    expect(parsed({})).toEqual({ ...range, limit: 50 });
    expect(parsed({ limit: '200', minDurationMs: '0', after: writeCursor(CURSOR) })).toEqual({
      ...range,
      limit: 200,
      minDurationMs: 0,
      after: CURSOR,
    });
  });

  it.each([
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '1.5'],
    ['minDurationMs', '-1'],
    ['minDurationMs', '2147483648'],
    ['kind', 'both'],
    ['accountId', '9223372036854775808'],
    ['accountId', '1e3'],
    ['apiKeyId', '01'],
    ['userId', ''],
    ['userId', "1'; DROP TABLE groups --"],
    ['groupId', '(none)'],
    ['groupId', ['1', '(none)']],
    ['accountId', ['1', 'x']],
    ['userId', Array.from({ length: 101 }, (_, index) => String(index))],
    ['model', ['gpt', '\0']],
    ['status', ['429', '529']],
    ['status', '42'],
    ['status', 'xxx'],
    ['status', '4xx '],
    ['upstreamStatus', 'none'],
    ['model', 'x'.repeat(257)],
    ['model', '\0'],
    ['errorType', '\ud800'],
    ['requestId', ''],
    ['after', ''],
    ['after', 'x'],
    ['offset', '1'],
  ])('is refused by the name of what is wrong: %s=%j', (field, value) => {
    expect(() => parsed({ [field]: value })).toThrow(expect.objectContaining({ field }));
  });

  it.each([
    [{ kind: 'success', status: '500' }, 'status'],
    [{ kind: 'success', errorOwner: 'provider' }, 'errorOwner'],
    [{ kind: 'error', minDurationMs: '5' }, 'minDurationMs'],
    [{ status: '4xx', minDurationMs: '5' }, 'minDurationMs'],
  ])('is refused where it contradicts itself: %j', (query, field) => {
    expect(() => parsed(query)).toThrow(expect.objectContaining({ field }));
  });

  it.each([
    [{}, KINDS],
    [{ requestId: 'r', model: '(none)', accountId: '-1' }, KINDS],
    [{ status: '(none)' }, ['error']],
    [{ upstreamStatus: '5xx' }, ['error']],
    [{ errorPhase: '' }, ['error']],
    [{ minDurationMs: 0 }, ['success']],
    [{ kind: 'success', minDurationMs: 0 }, ['success']],
  ])('asks for the kinds that its filters leave: %j', (query, kinds) => {
    expect(kindsOf(parsed(query))).toEqual(kinds);
  });
});

describe('a cursor', () => {
  it('comes back as it was written', () => {
    const cursor = fc.record({
      createdAt: fc
        .tuple(
          fc.date({ min: new Date('2000-01-01Z'), max: new Date('2099-01-01Z'), noInvalidDate: true }),
          fc.nat(999),
        )
        .map(([date, micros]) => date.toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`)),
      kind: fc.constantFrom(...KINDS),
      id: fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }).map(String),
    });
    fc.assert(
      fc.property(cursor, (one) => {
        expect(readCursor(writeCursor(one))).toEqual(one);
      }),
    );
  });

  it('is nothing that nobody wrote', () => {
    const good = writeCursor(CURSOR);
    const forged = [
      { ...CURSOR, id: '9223372036854775808' },
      { ...CURSOR, id: '01' },
      { ...CURSOR, createdAt: '2025-02-30T00:00:00.000000Z' },
      { ...CURSOR, createdAt: '2025-03-09T00:00:00.000Z' },
      { ...CURSOR, kind: 'other' as 'error' },
    ].map(writeCursor);
    for (const text of [
      ...forged,
      '',
      `${good}=`,
      `${good} `,
      `${good}AA`,
      good.slice(1),
      `${good}\u{1f98a}`,
    ]) {
      expect([text, readCursor(text)]).toEqual([text, null]);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readCursor(text)).toBeNull();
      }),
    );
  });
});
