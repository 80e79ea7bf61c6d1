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

/** From here on, rounding a percentile to whole milliseconds changes it less than the distribution does. */
const ROUNDING_SHOWS_BELOW_MS = 128;

interface LatencyParts {
  /** Take the row's own percentiles: right where the bucket is one row and nothing is merged with it. */
  readonly exact: boolean;
  /** The row has no distribution of its own. */
  readonly distributedElsewhere: boolean;
}

/**
 * With `exact`, percentiles instead of a distribution: a fiftieth of the bytes. The distribution comes along where the
 * percentiles are small.
 */
function latency(name: string, { exact, distributedElsewhere }: LatencyParts): readonly string[] {
  // As text: the driver's own array parser is several times slower than the one in distribution.ts.
  const array = (column: string): string =>
    distributedElsewhere
      ? 'NULL::text'
      : exact
        ? `CASE WHEN m.${name}_p50_ms < ${ROUNDING_SHOWS_BELOW_MS} THEN m.${column}::text END`
        : `m.${column}::text`;
  const percentiles = `ARRAY[${PERCENTILES.map(([p]) => `m.${name}_${p}_ms`).join(', ')}]`;
  return [
    `m.${name}_samples`,
    `m.${name}_sum_ms`,
    `m.${name}_max_ms`,
    array(`${name}_values`),
    array(`${name}_counts`),
    // A row from before distributions has a maximum, and 0 samples only by default.
    `m.${name}_samples > 0 OR m.${name}_max_ms IS NULL`,
    exact ? `${percentiles}::text` : 'NULL::text',
  ];
}

const pieceOf = (source: 'day' | 'hour', level: LevelSql, parts: LatencyParts): string =>
  [
    `b.segment, '${source}', ${level.storedKey}, NULL::timestamptz, false`,
    ...COUNT_COLUMNS.map((column) => `m.${column}`),
    ...LATENCIES.flatMap(([name]) => latency(name, parts)),
  ].join(',\n    ');

/** A piece that adds nothing but a distribution, to a row that counts its samples. */
const distributionPieceOf = (level: LevelSql): string =>
  [
    `b.segment, 'hour', ${level.storedKey}, NULL::timestamptz, false`,
    ...COUNT_COLUMNS.map(() => '0::bigint'),
    ...LATENCIES.flatMap(([name]) => [
      '0::bigint',
      '0::bigint',
      'NULL::int',
      `m.${name}_values::text`,
      `m.${name}_counts::text`,
      'true',
      'NULL::text',
    ]),
  ].join(',\n    ');

/** The rolled-up hours outside the days. */
const HOURS = `(
    SELECT h.segment, h.starts FROM hour h
    WHERE h.rolled_up_at IS NOT NULL
      AND h.day_number NOT IN (SELECT day_number FROM day)
    OFFSET 0
  ) b`;

const hourlyRows = (tables: OpsTables, where: string): string => `CROSS JOIN LATERAL (
    SELECT * FROM ${tables.hourly} m WHERE m.bucket_start = b.starts AND ${where} OFFSET 0
  ) m`;

/** One piece for each metrics row of the level: of the days, and of the rolled-up hours outside them. */
export function storedPieces(tables: OpsTables, level: LevelSql, exactHours: boolean): string {
  const { distributed } = level;
  const hour = pieceOf('hour', level, { exact: exactHours, distributedElsewhere: distributed !== null });
  return `SELECT ${pieceOf('day', level, { exact: false, distributedElsewhere: false })}
  FROM day b CROSS JOIN LATERAL (
    SELECT * FROM ${tables.daily} m WHERE m.bucket_date = b.bucket_date AND ${level.stored} OFFSET 0
  ) m
  UNION ALL
  SELECT ${hour}
  FROM ${HOURS} ${hourlyRows(tables, level.stored)}${
    distributed === null
      ? ''
      : `\n  UNION ALL\n  ${distributionPieces(tables, level, distributed, exactHours)}`
  }`;
}

function distributionPieces(
  tables: OpsTables,
  level: LevelSql,
  distributed: string,
  exactHours: boolean,
): string {
  const isSmall = LATENCIES.map(([name]) => `m.${name}_p50_ms < ${ROUNDING_SHOWS_BELOW_MS}`).join(' OR ');
  const wanted = exactHours
    ? `WHERE EXISTS (
    SELECT 1 FROM ${tables.hourly} m WHERE m.bucket_start = b.starts AND ${level.stored} AND (${isSmall})
  )`
    : '';
  return `SELECT ${distributionPieceOf(level)}
  FROM ${HOURS} ${hourlyRows(tables, distributed)}
  ${wanted}`;
}

/** The busiest rolled-up whole hour of each segment: most requests, and most tokens. */
export function storedPeaks(tables: OpsTables, level: LevelSql, isOverall: boolean): string {
  const perHour = isOverall
    ? 'SELECT segment, requests, tokens FROM hour WHERE rolled_up_at IS NOT NULL'
    : `SELECT h.segment, sum(m.success_count + m.error_count_total) AS requests, sum(m.token_consumed) AS tokens
    FROM hour h CROSS JOIN LATERAL (
      SELECT * FROM ${tables.hourly} m WHERE m.bucket_start = h.starts AND ${level.stored} OFFSET 0
    ) m
    WHERE h.rolled_up_at IS NOT NULL
    GROUP BY h.segment, h.starts`;
  return `SELECT segment, max(requests)::bigint AS requests, max(tokens)::bigint AS tokens
  FROM (
    ${perHour}
  ) busiest GROUP BY segment`;
}
