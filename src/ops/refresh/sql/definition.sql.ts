import { DEFINITION_VERSION } from '../../metrics/definition-version.js';
import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { hasBucket, hourOf } from '../../metrics/sql-time.js';
import { recomputeFloor } from './recompute-floor.sql.js';

/**
 * Notes the hours whose rows an older version of the code, or another program, computed: as far back as raw rows
 * exist and the raw floor allows, since older hours could only be emptied.
 *
 * Bound: retention in hours or null, current version.
 */
export function noteOldDefinitions(tables: OpsTables, retentionHours: number | null): SqlStatement {
  const oldest = (table: string): string =>
    `(SELECT min(created_at) FROM ${table} WHERE ${hasBucket('created_at')})`;
  return {
    text: `WITH noted AS (
  INSERT INTO ${tables.invalidations} AS i (bucket_start, reason)
  SELECT DISTINCT m.bucket_start, 'definition'
  FROM ${tables.hourly} m
  WHERE m.definition_version < $2::int
    AND m.bucket_start >= ${recomputeFloor(tables, '$1')}
    AND m.bucket_start >= ${hourOf(`LEAST(${oldest(tables.usageLogs)}, ${oldest(tables.errorLogs)})`)}
  ORDER BY m.bucket_start
  ON CONFLICT (tier, bucket_start) DO NOTHING
  RETURNING 1
)
SELECT count(*)::int AS hours FROM noted`,
    values: [retentionHours, DEFINITION_VERSION],
  };
}
