import { DISTRIBUTED, type Distributed } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { RawTier } from '../../definitions/tiers.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';
import type { BreakdownBy, LevelFilter } from '../read-query.schemas.js';
import type { ReadPlan } from '../read-plan.js';
import { Bindings } from './bindings.js';
import { bucketRelations } from './buckets.sql.js';
import { dimensionLevel, totalOfSet } from './dimension-level.sql.js';
import { groupLevel, levelOf, platformLevel, type LevelSql } from './level.sql.js';
import { ratePieces, rateRelation } from './rates.sql.js';
import { rawPieces, rawRelations } from './raw-pieces.sql.js';
import { freshnessRelation, recentRelations } from './recent.sql.js';
import { dayColumns, PIECE_COLUMNS, storedPieces } from './stored-pieces.sql.js';
import { topKeys } from './top-keys.sql.js';

export interface ReadOptions {
  readonly plan: ReadPlan;
  /** Of a breakdown, by what, how many, and whether the pieces of what all keys come to are wanted too. */
  readonly level: LevelFilter & {
    readonly by?: BreakdownBy;
    readonly limit?: number;
    readonly withTotal?: boolean;
  };
  readonly safeDelaySeconds: number;
  /** First segment that the freshness speaks of. */
  readonly freshFrom: number;
  /** Whether the busiest hour and minute of each segment are wanted, and the last minute. */
  readonly rates: boolean;
  /** The tier whose every bucket is an answer of its own. */
  readonly bucketByBucket: RawTier | null;
  /** Versions of rows whose distributions are known, and need not be sent. */
  readonly known?: Iterable<string>;
  /** What the distributions are wanted of; of everything that has any where left out. */
  readonly distributions?: readonly Distributed[];
}

/**
 * Everything that a range's answer is added up from, as pieces: one row for each metrics row, and one for the usage
 * rows and one for the error rows of each raw range; in a breakdown, those of the busiest keys, and those without a key,
 * of the total. One statement, one snapshot; merging distributions is left to the caller, which is three times as fast at it. There is always at least
 * one row, which then only has the clock and the freshness.
 */
export function readPieces(tables: OpsTables, options: ReadOptions): SqlStatement {
  const bindings = new Bindings();
  const level = levelSql(tables, options.level, bindings);
  const total = options.level.withTotal === true ? totalSql(tables, options.level, bindings) : null;
  const { plan, safeDelaySeconds } = options;
  const buckets = bucketRelations(
    tables,
    plan,
    { safeDelaySeconds, dayColumns: dayColumns(total ?? level), dimension: level.dimension },
    bindings,
  );
  const recent = recentRelations(tables, plan.ragged, bindings);
  const freshness = freshnessRelation(tables, level.dimension, bindings.add(options.freshFrom, 'int'));
  const top =
    level.key === null
      ? null
      : topKeys(tables, level, level.key, bindings.add(options.level.limit ?? null, 'int'));
  const exact = level.oneRowPerBucket ? options.bucketByBucket : null;
  const wanted = options.distributions ?? DISTRIBUTED.map(([name]) => name);
  const known = wanted.length === 0 ? 'NULL' : bindings.addWords(options.known ?? []);
  const parts = { wanted, known };
  const pieces = [
    storedPieces(level, { exact, ...parts }),
    ...(total === null ? [] : [storedPieces(total, { exact: null, ...parts })]),
    rawPieces(level),
    ...(options.rates ? [ratePieces] : []),
  ];
  const relations = [
    buckets,
    recent,
    freshness,
    rawRelations(tables, level, total),
    ...(top === null ? [] : [top]),
    ...(options.rates ? [rateRelation(level, plan.segments, bindings)] : []),
    `piece (${PIECE_COLUMNS.join(', ')}) AS (
  ${pieces.join('\n  UNION ALL\n  ')}
)`,
  ];
  const text = `WITH ${relations.join(',\n')}
SELECT f.as_of, f.recent, f.pending_hours, f.stale_from, f.missing_hours, f.missing_from, f.missing_before,
  f.unsliced_requests, f.unsliced_from, f.unsliced_to, f.unsliced_before,
  p.segment, p.source, p.key, ${isoUtc('p.starts')} AS starts, p.whole_hour,
  ${PIECE_COLUMNS.slice(5)
    .map((column) =>
      column === 'unsplit_from' ? `${isoUtc('p.unsplit_from')} AS unsplit_from` : `p.${column}`,
    )
    .join(
      ', ',
    )}${top === null ? '' : ',\n  t.rank, t.total, t.total_requests, t.group_name, t.group_platform, t.label'}
FROM freshness f LEFT JOIN piece p ON true${top === null ? '' : ' LEFT JOIN top t ON t.key::text = p.key'}`;
  return { text, values: bindings.values };
}

/** A set that is named must be one that is kept: see ReadService. */
function levelSql(tables: OpsTables, level: ReadOptions['level'], bindings: Bindings): LevelSql {
  const named = level.by ?? level.dimension;
  if (level.by === 'platform') {
    return platformLevel(tables, level, bindings);
  }
  if (level.by === 'group') {
    return groupLevel(tables, level, bindings);
  }
  const set = tables.dimensions.find(({ name }) => name === named);
  return set === undefined
    ? levelOf(tables, level, bindings)
    : dimensionLevel(tables, set, { ...level, isBrokenDown: level.by !== undefined }, bindings);
}

/** What the keys of a breakdown come to; of some keys of a set, these. */
function totalSql(tables: OpsTables, { by, ...level }: ReadOptions['level'], bindings: Bindings): LevelSql {
  return level.key === undefined && tables.dimensions.some(({ name }) => name === by)
    ? totalOfSet(tables, level, bindings)
    : levelSql(tables, level, bindings);
}
