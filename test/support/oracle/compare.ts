import {
  AVERAGE_COLUMNS,
  COUNT_COLUMNS,
  LATENCY_COLUMNS,
  SPLIT_COLUMNS,
  type DailyRow,
  type HourlyRow,
} from './types.js';

/** Two orders of adding up the same doubles agree to about 1e-16 per term; a wrong weight is off by far more. */
const AVERAGE_TOLERANCE = 1e-12;

type Row = HourlyRow | DailyRow;

function keyOf(row: Row): string {
  const bucket = 'bucket_start' in row ? row.bucket_start : row.bucket_date;
  return `${bucket} platform=${JSON.stringify(row.platform)} group_id=${JSON.stringify(row.group_id)}`;
}

function byKey(rows: readonly Row[], side: string, differences: string[]): Map<string, Row> {
  const map = new Map<string, Row>();
  for (const row of rows) {
    const key = keyOf(row);
    if (map.has(key)) differences.push(`${key}: twice among the ${side} rows`);
    map.set(key, row);
  }
  return map;
}

function isClose(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= AVERAGE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function diffColumns(key: string, expected: Row, actual: Row): string[] {
  const averages: readonly string[] = AVERAGE_COLUMNS;
  return [...COUNT_COLUMNS, ...SPLIT_COLUMNS, ...LATENCY_COLUMNS].flatMap((name) => {
    const [want, got] = [expected[name], actual[name]];
    const isSame =
      typeof want !== 'bigint' && typeof got !== 'bigint' && averages.includes(name)
        ? isClose(want, got)
        : want === got;
    return isSame ? [] : [`${key}: ${name} expected ${String(want)}, got ${String(got)}`];
  });
}

/**
 * Every difference between two sets of rows, one line each: missing, superfluous and repeated rows, then columns.
 * Averages (double precision) may differ by a relative 1e-12, everything else not at all. Empty means equal.
 */
export function diffRows(expected: readonly Row[], actual: readonly Row[]): string[] {
  const differences: string[] = [];
  const wanted = byKey(expected, 'expected', differences);
  const stored = byKey(actual, 'actual', differences);
  for (const [key, row] of wanted) {
    const got = stored.get(key);
    if (got === undefined) differences.push(`${key}: missing`);
    else differences.push(...diffColumns(key, row, got));
  }
  for (const key of stored.keys()) {
    if (!wanted.has(key)) differences.push(`${key}: should not exist`);
  }
  return differences;
}
