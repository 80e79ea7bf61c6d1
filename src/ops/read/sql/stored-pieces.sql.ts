import { COUNT_COLUMNS } from '../../metrics/columns.js';
import { LATENCIES, PERCENTILES } from '../../metrics/definitions.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import type { LevelSql } from './level.sql.js';

/** The columns of a latency that a piece has; the percentiles only where they can be taken as they stand. */
export const latencyColumns = (latency: string): readonly string[] => [
  `${latency}_samples`,
  `${latency}_sum_ms`,
  `${latency}_max_ms`,
  `${latency}_values`,
  `${latency}_counts`,
  `${latency}_known`,
  `${latency}_percentiles`,
];

export const PIECE_COLUMNS: readonly string[] = [
  'segment',
  'source',
  'key',
  'starts',
  'whole_hour',
  ...COUNT_COLUMNS,
  ...LATENCIES.flatMap(([latency]) => latencyColumns(latency)),
];

/**
 * With `exact`, the hourly row's own percentiles are taken instead of its distribution: right where the bucket is
 * one row and nothing is merged with it.
 */
function latency(name: string, exact: boolean): readonly string[] {
  const percentiles = `ARRAY[${PERCENTILES.map(([p]) => `m.${name}_${p}_ms`).join(', ')}]`;
  return [
    `m.${name}_samples`,
    `m.${name}_sum_ms`,
    `m.${name}_max_ms`,
    // As text: the driver's own array parser is several times slower than the one in distribution.ts.
    exact ? 'NULL::text' : `m.${name}_values::text`,
    exact ? 'NULL::text' : `m.${name}_counts::text`,
    // A row from before distributions has a maximum, and 0 samples only by default.
    `m.${name}_samples > 0 OR m.${name}_max_ms IS NULL`,
    exact ? `${percentiles}::text` : 'NULL::text',
  ];
}

const pieceOf = (source: 'day' | 'hour', level: LevelSql, exact: boolean): string =>
  [
    `b.segment, '${source}', ${level.storedKey}, NULL::timestamptz, false`,
    ...COUNT_COLUMNS.map((column) => `m.${column}`),
    ...LATENCIES.flatMap(([name]) => latency(name, exact)),
  ].join(',\n    ');

/** One piece for each metrics row of the level: of the days, and of the rolled-up hours outside them. */
export function storedPieces(tables: OpsTables, level: LevelSql, exactHours: boolean): string {
  return `SELECT ${pieceOf('day', level, false)}
  FROM day b JOIN ${tables.daily} m ON m.bucket_date = b.bucket_date AND ${level.stored}
  UNION ALL
  SELECT ${pieceOf('hour', level, exactHours)}
  FROM (
    SELECT h.segment, h.starts FROM hour h
    WHERE h.rolled_up_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM day d WHERE d.segment = h.segment AND d.day_number = h.day_number)
  ) b
  JOIN ${tables.hourly} m ON m.bucket_start = b.starts AND ${level.stored}`;
}

/** The busiest rolled-up whole hour of each segment: most requests, and most tokens. */
export function storedPeaks(tables: OpsTables, level: LevelSql, isOverall: boolean): string {
  const perHour = isOverall
    ? 'SELECT segment, requests, tokens FROM hour WHERE rolled_up_at IS NOT NULL'
    : `SELECT h.segment, sum(m.success_count + m.error_count_total) AS requests, sum(m.token_consumed) AS tokens
    FROM hour h JOIN ${tables.hourly} m ON m.bucket_start = h.starts AND ${level.stored}
    WHERE h.rolled_up_at IS NOT NULL
    GROUP BY h.segment, h.starts`;
  return `SELECT segment, max(requests)::bigint AS requests, max(tokens)::bigint AS tokens
  FROM (
    ${perHour}
  ) busiest GROUP BY segment`;
}
