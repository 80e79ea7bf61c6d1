import { SAMPLE_GROUPS } from '../../src/gateway/sample-traffic/catalog.js';
import { generateTraffic } from '../../src/gateway/sample-traffic/generate-traffic.js';
import type { TrafficPlan } from '../../src/gateway/sample-traffic/generate-traffic.js';

export const groups = SAMPLE_GROUPS.map((group, index) => ({ ...group, id: String(index + 1) }));
export const ROWS = 60_000;
/** A Monday to the next: UTC days of every kind. */
export const week: TrafficPlan = {
  from: new Date('2026-03-02T00:00:00Z'),
  to: new Date('2026-03-09T00:00:00Z'),
  rows: ROWS,
  seed: 7,
  groups,
};

export const batches = [...generateTraffic(week)];
export const usage = batches.flatMap((batch) => batch.usage);
export const errors = batches.flatMap((batch) => batch.errors);

export function countBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return counts;
}

export function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const grouped = new Map<string, Row[]>();
  for (const row of rows) {
    const list = grouped.get(keyOf(row));
    if (list === undefined) grouped.set(keyOf(row), [row]);
    else list.push(row);
  }
  return grouped;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export const hourOf = (row: { readonly createdAt?: string | null }): string =>
  (row.createdAt ?? '').slice(0, 13);
