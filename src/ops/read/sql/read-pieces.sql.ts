import { COUNT_COLUMNS } from '../../definitions/columns.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';
import type { BreakdownBy, LevelFilter } from '../read-query.schemas.js';
import type { ReadPlan } from '../read-plan.js';
import { Bindings } from './bindings.js';
import { bucketRelations, freshnessRelation } from './buckets.sql.js';
import { breakdownBy, levelOf } from './level.sql.js';
import { rawPieces, rawRelations } from './raw-pieces.sql.js';
import { dayColumns, PIECE_COLUMNS, storedPeaks, storedPieces } from './stored-pieces.sql.js';
import { topKeys } from './top-keys.sql.js';

export interface ReadOptions {
  readonly plan: ReadPlan;
  readonly level: LevelFilter | { readonly by: BreakdownBy; readonly limit: number };
  readonly safeDelaySeconds: number;
  /** First segment that the freshness speaks of. */
  readonly freshFrom: number;
  /** Whether the busiest hour of each segment is wanted. */
  readonly peaks: boolean;
  /** Whether each hour is an answer of its own. */
  readonly hourByHour: boolean;
}

/**
 * Everything that a range's answer is added up from, as pieces: one row for each metrics row, and one for the usage
 * rows and one for the error rows of each raw range; in a breakdown, those of the busiest keys. One statement, one
 * snapshot; merging distributions is left to the caller, which is three times as fast at it. There is always at least
 * one row, which then only has the clock and the freshness.
 */
export function readPieces(tables: OpsTables, options: ReadOptions): SqlStatement {
  const bindings = new Bindings();
  const level = 'by' in options.level ? breakdownBy(options.level.by) : levelOf(options.level, bindings);
  const { plan, safeDelaySeconds } = options;
  const buckets = bucketRelations(
    tables,
    plan,
    { safeDelaySeconds, dayColumns: dayColumns(level) },
    bindings,
  );
  const freshness = freshnessRelation(bindings.add(options.freshFrom, 'int'));
  const top =
    'by' in options.level && level.key !== null
      ? topKeys(tables, level, level.key, bindings.add(options.level.limit, 'int'))
      : null;
  const own = PIECE_COLUMNS.slice(5);
  const peaks = `SELECT segment, 'peak', NULL, NULL, false, requests, NULL, NULL, NULL, NULL, NULL, NULL, tokens${', NULL'.repeat(
    own.length - COUNT_COLUMNS.length,
  )} FROM peak`;
  const relations = [
    buckets,
    freshness,
    rawRelations(tables, level),
    ...(top === null ? [] : [top]),
    ...(options.peaks ? [`peak AS (\n  ${storedPeaks(tables, level)}\n)`] : []),
    `piece (${PIECE_COLUMNS.join(', ')}) AS (
  ${storedPieces(tables, level, options.hourByHour && level.oneRowPerBucket)}
  UNION ALL
  ${rawPieces(level)}${options.peaks ? `\n  UNION ALL\n  ${peaks}` : ''}
)`,
  ];
  const text = `WITH ${relations.join(',\n')}
SELECT ${isoUtc('c.now')} AS now, f.pending_hours, ${isoUtc('f.stale_from')} AS stale_from,
  f.missing_hours, ${isoUtc('f.missing_from')} AS missing_from, f.missing_before,
  p.segment, p.source, p.key, ${isoUtc('p.starts')} AS starts, p.whole_hour,
  ${own.map((column) => `p.${column}`).join(', ')}${
    top === null ? '' : ',\n  t.rank, t.total, t.group_name, t.group_platform'
  }
FROM clock c CROSS JOIN freshness f LEFT JOIN piece p ON true${
    top === null ? '' : ' LEFT JOIN top t ON t.key::text = p.key'
  }`;
  return { text, values: bindings.values };
}
