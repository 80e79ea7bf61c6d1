import { COUNT_COLUMNS } from '../../definitions/columns.js';
import {
  COST_COLUMNS,
  DISTRIBUTED,
  LATENCIES,
  PERCENTILES,
  TOKEN_COLUMNS,
  type Distributed,
} from '../../definitions/definitions.js';
import { HOUR_TIER, MINUTE_TIER, type RawTier } from '../../definitions/tiers.js';
import type { KeySql, LevelSql } from './level.sql.js';

/** Sums that a row may not know. */
export const SPLIT_SUMS: readonly string[] = [...TOKEN_COLUMNS, ...COST_COLUMNS];

const PERCENTILED: ReadonlySet<string> = new Set(LATENCIES.map(([name]) => name));

/** The columns of what is distributed that a piece has; the percentiles only where they can be taken as they stand. */
const distributedColumns = (name: string): readonly string[] => [
  `${name}_samples`,
  `${name}_sum`,
  `${name}_max`,
  `${name}_values`,
  `${name}_counts`,
  `${name}_known`,
  `${name}_percentiles`,
];

export const PIECE_COLUMNS: readonly string[] = [
  'segment',
  'source',
  'key',
  'starts',
  'whole_hour',
  ...COUNT_COLUMNS,
  ...SPLIT_SUMS,
  'unsplit_from',
  ...DISTRIBUTED.flatMap(([name]) => distributedColumns(name)),
  'version',
];

/** A row that is written anew has another: its table, its id, and the transaction that wrote it. */
const VERSION = "m.tableoid || ':' || m.id || ':' || m.xmin";

/** From here on, rounding a percentile to whole milliseconds changes it less than the distribution does. */
const ROUNDING_SHOWS_BELOW_MS = 128;

interface LatencyParts {
  /** Take the row's own percentiles: right where the bucket is one row and nothing is merged with it. */
  readonly exact: boolean;
  /** The row has no distribution of its own. */
  readonly distributedElsewhere: boolean;
  /** The versions that are known, whose distributions need not be sent. */
  readonly known: string;
  /** What the distributions are wanted of. */
  readonly wanted: readonly Distributed[];
}

/**
 * With `exact`, percentiles instead of a distribution: a fiftieth of the bytes. The distribution comes along where the
 * percentiles are small.
 */
function distributed(name: Distributed, sum: string, parts: LatencyParts): readonly string[] {
  if (!PERCENTILED.has(name)) {
    return [
      `COALESCE(m.${name}_samples, 0)`,
      `COALESCE(m.${sum}, 0)`,
      'NULL::int',
      ...(parts.exact ? ['NULL::text', 'NULL::text'] : arrays(name, parts)),
      `m.${name}_samples IS NOT NULL OR m.success_count = 0`,
      'NULL::text',
    ];
  }
  const percentiles = `ARRAY[${PERCENTILES.map(([p]) => `m.${name}_${p}_ms`).join(', ')}]`;
  return [
    `m.${name}_samples`,
    `m.${sum}`,
    `m.${name}_max_ms`,
    ...arrays(name, parts),
    // A row from before distributions has a maximum, and 0 samples only by default.
    `m.${name}_samples > 0 OR m.${name}_max_ms IS NULL`,
    parts.exact ? `${percentiles}::text` : 'NULL::text',
  ];
}

/** As text: the driver's own array parser is several times slower than the one in distribution.ts. */
function arrays(
  name: Distributed,
  { exact, distributedElsewhere, known, wanted }: LatencyParts,
): readonly string[] {
  if (distributedElsewhere || !wanted.includes(name)) {
    return ['NULL::text', 'NULL::text'];
  }
  const isWanted = exact ? `m.${name}_p50_ms < ${ROUNDING_SHOWS_BELOW_MS}` : `m.version <> ALL(${known})`;
  const isEachOnce = `m.${name}_counts IS NULL OR cardinality(m.${name}_values) = m.${name}_samples`;
  return [
    `CASE WHEN ${isWanted} THEN m.${name}_values::text END`,
    `CASE WHEN ${isWanted} THEN CASE WHEN ${isEachOnce} THEN '' ELSE m.${name}_counts::text END END`,
  ];
}

/** Of a row whose distributions are wanted, and all that are. */
const versionPiece = ({ exact, distributedElsewhere, wanted }: LatencyParts): string =>
  exact || distributedElsewhere || wanted.length === 0 ? 'NULL::text' : 'm.version';

const keyOf = ({ key }: LevelSql): string => (key === null ? 'NULL::text' : 't.key::text');

/** Where metrics rows of one tier are, and which of its buckets are wanted. */
interface StoredBuckets {
  readonly tier: 'day' | RawTier;
  /** The wanted buckets, alias b. */
  readonly buckets: string;
  /** The range that a bucket is part of, and whether that is a whole hour; of minutes only. */
  readonly part: string;
  /** The metrics rows of such a bucket, alias m. */
  readonly rows: (where: string) => string;
}

const rowsOf =
  (table: string, ofBucket: string): StoredBuckets['rows'] =>
  (where) => `CROSS JOIN LATERAL (
    SELECT m.*, ${VERSION} AS version FROM ${table} m WHERE ${ofBucket} AND ${where} OFFSET 0
  ) m`;

const days = ({ store }: LevelSql): StoredBuckets => ({
  tier: 'day',
  buckets: 'day b',
  part: 'NULL::timestamptz, false',
  rows: rowsOf(store.daily, 'm.bucket_date = b.bucket_date'),
});

/** The rolled-up hours outside the days, and the minutes of the recent time. */
const hoursAndMinutes = ({ store }: LevelSql): readonly StoredBuckets[] => [
  {
    tier: HOUR_TIER,
    buckets:
      '(SELECT h.segment, h.starts FROM hour h WHERE h.rolled_up_at IS NOT NULL AND NOT h.by_minutes OFFSET 0) b',
    part: 'NULL::timestamptz, false',
    rows: rowsOf(store.hourly, 'm.bucket_start = b.starts'),
  },
  ...(store.minutely === null ? [] : [minutes(store.minutely)]),
];

const minutes = (table: string): StoredBuckets => ({
  tier: MINUTE_TIER,
  buckets: `(
    SELECT r.segment, r.part_of, r.whole_hour, t.starts
    FROM minute_range r
    CROSS JOIN LATERAL generate_series(r.starts, r.ends - interval '1 minute', interval '1 minute') AS t(starts) OFFSET 0
  ) b`,
  part: 'b.part_of, b.whole_hour',
  rows: rowsOf(table, 'm.bucket_start = b.starts'),
});

const pieceOf = ({ tier, part }: StoredBuckets, level: LevelSql, parts: LatencyParts): string =>
  [
    `b.segment, '${tier}', ${keyOf(level)}, ${part}`,
    ...[...COUNT_COLUMNS, ...SPLIT_SUMS].map((column) => `m.${column}`),
    'CASE WHEN m.success_count > 0 AND m.input_tokens IS NULL THEN b.starts END',
    ...DISTRIBUTED.flatMap(([name, sum]) => distributed(name, sum, parts)),
    versionPiece(parts),
  ].join(',\n    ');

/** A piece that adds nothing but a distribution, to a row that counts its samples. */
const distributionPieceOf = ({ tier }: StoredBuckets, level: LevelSql, parts: LatencyParts): string =>
  [
    `b.segment, '${tier}', ${keyOf(level)}, NULL::timestamptz, false`,
    ...COUNT_COLUMNS.map(() => '0::bigint'),
    ...SPLIT_SUMS.map(() => '0'),
    'NULL::timestamptz',
    ...DISTRIBUTED.flatMap(([name]) => [
      '0::bigint',
      '0::bigint',
      'NULL::int',
      ...arrays(name, { ...parts, exact: false, distributedElsewhere: false }),
      'true',
      'NULL::text',
    ]),
    'm.version',
  ].join(',\n    ');

/** What a piece of an overall daily row is made of. */
const DAY_COLUMNS: readonly string[] = [
  ...[
    ...COUNT_COLUMNS,
    ...SPLIT_SUMS,
    ...LATENCIES.map(([name]) => `${name}_max_ms`),
    ...DISTRIBUTED.flatMap(([name, sum]) => [sum, `${name}_samples`, `${name}_values`, `${name}_counts`]),
  ].map((column) => `m.${column}`),
  `${VERSION} AS version`,
];

/** What `day` has of the overall daily rows, so that an answer at that level reads them once. */
export const dayColumns = ({ isOverall }: LevelSql): readonly string[] => (isOverall ? DAY_COLUMNS : []);

/**
 * One piece for each metrics row of the level: of the days, of the rolled-up hours outside them, and of the minutes. In
 * a breakdown, of the keys in `top` only.
 *
 * @param exact the tier whose every bucket is an answer of its own
 * @param known placeholder of the versions that are known
 */
export function storedPieces(
  level: LevelSql,
  { exact, ...wanted }: Pick<LatencyParts, 'known' | 'wanted'> & { readonly exact: RawTier | null },
): string {
  const { key, distributed } = level;
  const { stored } = key ?? level;
  const keys = key === null ? '' : ' CROSS JOIN top t';
  const day = days(level);
  const pieces = [
    `SELECT ${pieceOf(day, level, { exact: false, distributedElsewhere: false, ...wanted })}
  FROM ${day.buckets}${level.isOverall ? ' CROSS JOIN LATERAL (SELECT b.*) m' : `${keys} ${day.rows(stored)}`}`,
  ];
  for (const tier of hoursAndMinutes(level)) {
    const isExact = exact === tier.tier;
    // Hourly rows of a platform have none of their own; minutely ones do.
    const elsewhere = tier.tier === HOUR_TIER ? distributed : null;
    const parts = { exact: isExact, distributedElsewhere: elsewhere !== null, ...wanted };
    pieces.push(`SELECT ${pieceOf(tier, level, parts)}
  FROM ${tier.buckets}${keys} ${tier.rows(stored)}`);
    if (elsewhere !== null && wanted.wanted.length > 0) {
      // One scan of a bucket for all keys: there are few platforms, and nearly all of a bucket's rows are theirs.
      const join = key === null ? '' : ` JOIN top t ON t.key = ${key.ofRow}`;
      pieces.push(`SELECT ${distributionPieceOf(tier, level, parts)}
  FROM ${tier.buckets} ${tier.rows(elsewhere)}${join}${isExact ? hasSmallValues(tier, stored) : ''}`);
    }
  }
  return pieces.join('\n  UNION ALL\n  ');
}

const hasSmallValues = ({ rows }: StoredBuckets, stored: string): string => `
  WHERE EXISTS (
    SELECT 1 FROM (SELECT 1) one ${rows(stored)}
    WHERE ${LATENCIES.map(([name]) => `m.${name}_p50_ms < ${ROUNDING_SHOWS_BELOW_MS}`).join(' OR ')}
  )`;

/** Requests of each key in each metrics row, without anything heavy. */
export function storedCounts(level: LevelSql, key: KeySql): string {
  return [days(level), ...hoursAndMinutes(level)]
    .map(
      ({
        buckets,
        rows,
      }) => `SELECT ${key.ofRow} AS key, m.success_count AS successes, m.error_count_total AS errors
  FROM ${buckets} ${rows(level.stored)}`,
    )
    .join('\n  UNION ALL\n  ');
}
