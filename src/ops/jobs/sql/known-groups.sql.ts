import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';

/** Compares the groups with those that were known, and remembers them. Selects those that have changed. */
export function noteChangedGroups(tables: OpsTables): SqlStatement {
  return {
    text: `WITH changed AS (
  UPDATE ${tables.knownGroups} k SET
    previous_platform = k.platform, platform = g.platform::varchar(50), changed_at = clock_timestamp(), deleted_at = NULL
  FROM ${tables.groups} g
  WHERE g.id = k.group_id AND (k.deleted_at IS NOT NULL OR k.platform IS DISTINCT FROM g.platform::varchar(50))
  RETURNING k.group_id, k.platform, k.previous_platform, k.changed_at
),
deleted AS (
  UPDATE ${tables.knownGroups} k SET
    previous_platform = k.platform, changed_at = clock_timestamp(), deleted_at = clock_timestamp()
  WHERE k.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM ${tables.groups} g WHERE g.id = k.group_id)
  RETURNING k.group_id, NULL::varchar AS platform, k.previous_platform, k.changed_at
),
added AS (
  INSERT INTO ${tables.knownGroups} (group_id, platform)
  SELECT g.id, g.platform::varchar(50) FROM ${tables.groups} g
  WHERE NOT EXISTS (SELECT 1 FROM ${tables.knownGroups} k WHERE k.group_id = g.id)
  ON CONFLICT (group_id) DO NOTHING
)
SELECT group_id::text AS "groupId", platform, previous_platform AS "previousPlatform", ${isoUtc('changed_at')} AS "changedAt"
FROM (SELECT * FROM changed UNION ALL SELECT * FROM deleted) c ORDER BY group_id`,
    values: [],
  };
}

/** Bound: how many. The latest changes of the last month first. */
export function readChangedGroups(tables: OpsTables, limit: number): SqlStatement {
  return {
    text: `SELECT group_id::text AS "groupId", CASE WHEN deleted_at IS NULL THEN platform END AS platform,
  previous_platform AS "previousPlatform", ${isoUtc('changed_at')} AS "changedAt"
FROM ${tables.knownGroups}
WHERE changed_at > clock_timestamp() - interval '720 hours'
ORDER BY changed_at DESC, group_id LIMIT $1::int`,
    values: [limit],
  };
}
