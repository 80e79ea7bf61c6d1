import type { SqlStatement } from '../../metrics/ops-tables.js';
import { closedThrough, isoUtc } from '../../metrics/sql-time.js';
import { rawFloor } from './raw-floor.sql.js';

/** What a range is held against, by the database's clock; ISO, UTC. */
export interface RangeLimits {
  now: string;
  /** End of the last closed hour. */
  closed_through: string;
  /** Start of what can be recomputed without force; null without a retention limit. */
  floor: string | null;
}

/** Bound: safe delay in seconds, retention in hours or null. */
export function rangeLimits(safeDelaySeconds: number, retentionHours: number | null): SqlStatement {
  return {
    text: `SELECT ${isoUtc('clock_timestamp()')} AS now, ${isoUtc(closedThrough('$1'))} AS closed_through,
  CASE WHEN $2::int IS NOT NULL THEN ${isoUtc(rawFloor('$2'))} END AS floor`,
    values: [safeDelaySeconds, retentionHours],
  };
}
