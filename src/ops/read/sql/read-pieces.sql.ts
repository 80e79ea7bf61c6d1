import { COUNT_COLUMNS } from '../../metrics/columns.js';
import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { isoUtc } from '../../metrics/sql-time.js';
import type { BreakdownBy, LevelFilter } from '../level.js';
import type { ReadPlan } from '../read-plan.js';
import { Bindings } from './bindings.js';
import { bucketRelations } from './buckets.sql.js';
import { breakdownBy, levelOf } from './level.sql.js';
import { rawPieces, rawRelations } from './raw-pieces.sql.js';
import { PIECE_COLUMNS, storedPeaks, storedPieces } from './stored-pieces.sql.js';

export interface ReadOptions {
  readonly plan: ReadPlan;
  readonly level: LevelFilter | { readonly by: BreakdownBy };
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
 * rows and one for the error rows of each raw range. One statement, one snapshot; merging distributions is left to
 * the caller, which is three times as fast at it. There is always at least one row, which then only has the clock and
 * the freshness.
 */
export function readPieces(tables: OpsTables, options: ReadOptions): SqlStatement {
  const bindings = new Bindings();
  const buckets = bucketRelations(tables, options.plan, options.safeDelaySeconds, bindings);
  const freshFrom = bindings.add(options.freshFrom, 'int');
  const level = 'by' in options.level ? breakdownBy(options.level.by) : levelOf(options.level, bindings);
  const isOverall = !('by' in options.level) && Object.keys(options.level).length === 0;
  const none = PIECE_COLUMNS.slice(5).map(() => 'NULL');
  const peaks = `SELECT segment, 'peak', NULL, NULL, false, requests, NULL, NULL, NULL, NULL, NULL, NULL, tokens${', NULL'.repeat(
    none.length - COUNT_COLUMNS.length,
  )} FROM peak`;
  const text = `WITH ${buckets},
${rawRelations(tables, level)},
freshness AS (
  SELECT count(*)::int AS pending_hours, min(h.starts) FILTER (WHERE h.rolled_up_at IS NOT NULL) AS stale_from
  FROM ${tables.invalidations} i JOIN hour h ON h.starts = i.bucket_start AND h.segment >= ${freshFrom}
),${options.peaks ? `\npeak AS (\n  ${storedPeaks(tables, level, isOverall)}\n),` : ''}
piece (${PIECE_COLUMNS.join(', ')}) AS (
  ${storedPieces(tables, level, options.hourByHour && level.oneRowPerBucket)}
  UNION ALL
  ${rawPieces(tables, level)}${options.peaks ? `\n  UNION ALL\n  ${peaks}` : ''}
)
SELECT ${isoUtc('c.now')} AS now, f.pending_hours, ${isoUtc('f.stale_from')} AS stale_from,
  p.segment, p.source, p.key, ${isoUtc('p.starts')} AS starts, p.whole_hour,
  ${PIECE_COLUMNS.slice(5)
    .map((column) => `p.${column}`)
    .join(', ')}
FROM clock c CROSS JOIN freshness f LEFT JOIN piece p ON true`;
  return { text, values: bindings.values };
}
