import { COUNT_COLUMNS } from '../../definitions/columns.js';
import { LATENCIES, PERCENTILES } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { KeySql, LevelSql } from './level.sql.js';

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

const keyOf = ({ key }: LevelSql): string => (key === null ? 'NULL::text' : 't.key::text');

const pieceOf = (source: 'day' | 'hour', level: LevelSql, parts: LatencyParts): string =>
  [
    `b.segment, '${source}', ${keyOf(level)}, NULL::timestamptz, false`,
    ...COUNT_COLUMNS.map((column) => `m.${column}`),
    ...LATENCIES.flatMap(([name]) => latency(name, parts)),
  ].join(',\n    ');

/** A piece that adds nothing but a distribution, to a row that counts its samples. */
const distributionPieceOf = (level: LevelSql): string =>
  [
    `b.segment, 'hour', ${keyOf(level)}, NULL::timestamptz, false`,
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
const HOURS = `(SELECT h.segment, h.starts FROM hour h WHERE h.rolled_up_at IS NOT NULL OFFSET 0) b`;

/** What `day` has of the overall daily rows, so that an answer at that level reads them once. */
export const dayColumns = ({ isOverall }: LevelSql): readonly string[] =>
  isOverall ? [...COUNT_COLUMNS, ...LATENCIES.flatMap(([name]) => latencyColumns(name).slice(0, 5))] : [];

const dailyRows = (tables: OpsTables, where: string): string => `CROSS JOIN LATERAL (
    SELECT * FROM ${tables.daily} m WHERE m.bucket_date = b.bucket_date AND ${where} OFFSET 0
  ) m`;

const hourlyRows = (tables: OpsTables, where: string): string => `CROSS JOIN LATERAL (
    SELECT * FROM ${tables.hourly} m WHERE m.bucket_start = b.starts AND ${where} OFFSET 0
  ) m`;

/**
 * One piece for each metrics row of the level: of the days, and of the rolled-up hours outside them. In a breakdown,
 * of the keys in `top` only.
 */
export function storedPieces(tables: OpsTables, level: LevelSql, exactHours: boolean): string {
  const { key, distributed } = level;
  const { stored } = key ?? level;
  const keys = key === null ? '' : ' CROSS JOIN top t';
  const hour = pieceOf('hour', level, { exact: exactHours, distributedElsewhere: distributed !== null });
  const rows = `SELECT ${pieceOf('day', level, { exact: false, distributedElsewhere: false })}
  FROM day b${level.isOverall ? ' CROSS JOIN LATERAL (SELECT b.*) m' : `${keys} ${dailyRows(tables, stored)}`}
  UNION ALL
  SELECT ${hour}
  FROM ${HOURS}${keys} ${hourlyRows(tables, stored)}`;
  if (distributed === null) {
    return rows;
  }
  // One scan of an hour for all keys: there are few platforms, and nearly all of an hour's rows are theirs.
  return `${rows}
  UNION ALL
  SELECT ${distributionPieceOf(level)}
  FROM ${HOURS} ${hourlyRows(tables, distributed)}${key === null ? '' : ` JOIN top t ON t.key = ${key.ofRow}`}${
    exactHours ? hasSmallValues(tables, stored) : ''
  }`;
}

const hasSmallValues = (tables: OpsTables, stored: string): string => `
  WHERE EXISTS (
    SELECT 1 FROM ${tables.hourly} m WHERE m.bucket_start = b.starts AND ${stored}
      AND (${LATENCIES.map(([name]) => `m.${name}_p50_ms < ${ROUNDING_SHOWS_BELOW_MS}`).join(' OR ')})
  )`;

/** Requests of each key in each metrics row, without anything heavy. */
export function storedCounts(tables: OpsTables, { stored }: LevelSql, key: KeySql): string {
  const counts = `SELECT ${key.ofRow} AS key, m.success_count AS successes, m.error_count_total AS errors`;
  return `${counts} FROM day b ${dailyRows(tables, stored)}
  UNION ALL
  ${counts} FROM ${HOURS} ${hourlyRows(tables, stored)}`;
}

/**
 * The busiest rolled-up whole hour of each segment: most requests, and most tokens. One range scan of the level's own
 * index for each segment; a year of overall hours is in their index alone.
 */
export function storedPeaks(tables: OpsTables, level: LevelSql): string {
  const rows = `FROM span s CROSS JOIN clock c CROSS JOIN LATERAL (
      SELECT m.bucket_start, m.success_count + m.error_count_total AS requests, m.token_consumed AS tokens
      FROM ${tables.hourly} m
      WHERE m.bucket_start >= s.starts AND m.bucket_start < LEAST(s.ends, c.closed) AND ${level.ranged}
        AND m.computed_at >= m.bucket_start + interval '1 hour'
      OFFSET 0
    ) m`;
  const perHour = level.oneRowPerBucket
    ? `SELECT s.segment, m.requests, m.tokens ${rows}`
    : `SELECT s.segment, sum(m.requests) AS requests, sum(m.tokens) AS tokens ${rows} GROUP BY s.segment, m.bucket_start`;
  return `SELECT segment, max(requests)::bigint AS requests, max(tokens)::bigint AS tokens
  FROM (
    ${perHour}
  ) busiest GROUP BY segment`;
}
