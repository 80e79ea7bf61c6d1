import { describe, expect, test } from '@jest/globals';
import { ERROR_KINDS } from '../../src/gateway/sample-traffic/error-catalog.js';
import { ROWS, countBy, errors, groupBy, hourOf, median, usage } from '../support/sample-week.js';

describe('the errors', () => {
  test('are three to four in a hundred requests', () => {
    const share = errors.length / (errors.length + ROWS);
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.045);
  });

  test('have every owner and status, with and without upstream, limited or not, recovered or not', () => {
    const kindOf = (row: (typeof errors)[number]): string =>
      JSON.stringify([row.errorOwner, row.statusCode, row.upstreamStatusCode, row.isBusinessLimited]);
    const seen = countBy(errors, kindOf);
    for (const kind of ERROR_KINDS) {
      expect(seen.has(JSON.stringify([kind.owner, kind.status, kind.upstream, kind.limited]))).toBe(true);
    }
    const statuses = new Set(errors.map((row) => row.statusCode));
    for (const status of [400, 401, 403, 404, 408, 413, 422, 429, 499, 500, 502, 503, 504, 529, 200, null]) {
      expect(statuses).toContain(status);
    }
    expect(new Set(errors.map((row) => row.errorOwner))).toEqual(
      new Set(['provider', 'client', 'platform', null]),
    );
    const recovered = errors.filter((row) => row.statusCode === 200).map((row) => row.upstreamStatusCode);
    expect(new Set(recovered)).toEqual(new Set([429, 529, 500, 503]));
    const limited = errors.filter((row) => row.isBusinessLimited === true).map((row) => row.statusCode);
    expect(new Set(limited)).toEqual(new Set([402, 403, 429]));
  });

  test('lack the group, or platform and group, where the request was not routed yet', () => {
    expect(errors.some((row) => row.platform === null && row.groupId === null)).toBe(true);
    expect(errors.some((row) => row.platform !== null && row.groupId === null)).toBe(true);
    expect(errors.every((row) => row.platform !== null || row.groupId === null)).toBe(true);
  });

  test('pile up in bad hours, and latency with them', () => {
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
    const ratios = { bad: [] as number[], good: [] as number[] };
    for (const [groupHour, rows] of durations) {
      if (groupHour.startsWith(' ') || rows.length < 30) continue;
      const share = (failed.get(groupHour) ?? 0) / rows.length;
      const ratio =
        median(rows.flatMap((row) => row.durationMs ?? [])) / (usualOf.get(rows[0]?.groupId ?? '') ?? NaN);
      if (share > 0.18) ratios.bad.push(ratio);
      else ratios.good.push(ratio);
    }
    expect(ratios.bad.length).toBeGreaterThan(0);
    expect(ratios.good.length).toBeGreaterThan(10 * ratios.bad.length);
    expect(median(ratios.bad)).toBeGreaterThan(2);
    expect(median(ratios.good)).toBeLessThan(1.3);
  });
});
