import { describe, expect, test } from '@jest/globals';
import { SAMPLE_REQUEST_PREFIX } from '../../src/gateway/sample-traffic/catalog.js';
import { ERROR_KINDS } from '../../src/gateway/sample-traffic/error-kinds.js';
import { ROWS, countBy, errors, groupBy, hourOf, median, usage } from '../support/sample-week.js';

describe('the errors', () => {
  test('are about one in a hundred requests', () => {
    const share = errors.length / (errors.length + ROWS);
    expect(share).toBeGreaterThan(0.006);
    expect(share).toBeLessThan(0.02);
  });

  test('are of the kinds listed, and there is one for every owner and status', () => {
    const known = new Set(
      ERROR_KINDS.map((kind) => JSON.stringify([kind.owner, kind.status, kind.upstream, kind.limited])),
    );
    const seen = countBy(errors, (row) =>
      JSON.stringify([row.errorOwner, row.statusCode, row.upstreamStatusCode, row.isBusinessLimited]),
    );
    expect([...seen.keys()].filter((kind) => !known.has(kind))).toEqual([]);
    expect(seen.size).toBeGreaterThan(known.size / 2);
    expect(new Set(ERROR_KINDS.map((kind) => kind.status))).toEqual(
      new Set([400, 401, 402, 403, 404, 408, 422, 429, 499, 500, 502, 503, 504, 529, 200, null]),
    );
    expect(new Set(errors.map((row) => row.errorOwner))).toEqual(
      new Set(['provider', 'client', 'platform', null]),
    );
    const recovered = errors.filter((row) => row.statusCode === 200).map((row) => row.upstreamStatusCode);
    expect(new Set(recovered)).toEqual(new Set([429, 529, 500, 503]));
    const limited = errors.filter((row) => row.isBusinessLimited === true).map((row) => row.statusCode);
    expect(new Set(limited)).toEqual(new Set([402, 429]));
  });

  test('like all rows, are marked as sample traffic', () => {
    const rows = [...usage, ...errors];
    expect(rows.every(({ requestId }) => requestId?.startsWith(SAMPLE_REQUEST_PREFIX) === true)).toBe(true);
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(rows.length);
  });

  test('lack the group, or platform and group, where the request was not routed yet', () => {
    expect(errors.some((row) => row.platform === null && row.groupId === null)).toBe(true);
    expect(errors.some((row) => row.platform !== null && row.groupId === null)).toBe(true);
    expect(errors.every((row) => row.platform !== null || row.groupId === null)).toBe(true);
  });

  test('pile up in incidents, and latency with them', () => {
    const key = (row: { readonly groupId?: string | null; readonly createdAt?: string | null }): string =>
      `${row.groupId ?? ''} ${hourOf(row)}`;
    const failed = countBy(errors, key);
    const durations = groupBy(usage, key);
    const usualOf = new Map(
      [...groupBy(usage, (row) => row.groupId ?? '')].map(([id, rows]) => [
        id,
        median(rows.flatMap((row) => row.durationMs ?? [])),
      ]),
    );
    const ratios = { incident: [] as number[], good: [] as number[] };
    for (const [groupHour, rows] of durations) {
      if (groupHour.startsWith(' ') || rows.length < 30) continue;
      const share = (failed.get(groupHour) ?? 0) / rows.length;
      const ratio =
        median(rows.flatMap((row) => row.durationMs ?? [])) / (usualOf.get(rows[0]?.groupId ?? '') ?? NaN);
      if (share > 0.09) ratios.incident.push(ratio);
      else ratios.good.push(ratio);
    }
    expect(ratios.incident.length).toBeGreaterThan(0);
    expect(ratios.good.length).toBeGreaterThan(10 * ratios.incident.length);
    expect(median(ratios.incident)).toBeGreaterThan(2);
    expect(median(ratios.good)).toBeLessThan(1.3);
  });
});
