import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';

/** A group that is not as it was known. */
export interface UnknownGroup {
  readonly id: string;
  readonly platform: string | null;
  readonly gone: boolean;
}

/** Compares the groups with those that were known. Reads only: groups that Citus has copied to every node allow no more. */
export function findUnknownGroups(tables: OpsTables): SqlStatement {
  return {
    text: `SELECT COALESCE(g.id, k.group_id)::text AS id, g.platform, g.id IS NULL AS gone
FROM (SELECT id, platform::varchar(50) AS platform FROM ${tables.groups}) g
FULL JOIN ${tables.knownGroups} k ON k.group_id = g.id
WHERE CASE WHEN g.id IS NULL THEN k.deleted_at IS NULL
  ELSE k.group_id IS NULL OR k.deleted_at IS NOT NULL OR k.platform IS DISTINCT FROM g.platform END`,
    values: [],
  };
}

/**
 * Remembers them. Selects those that have changed, unless another instance has said so meanwhile.
 *
 * Bound: ids, platforms, whether they are gone.
 */
export function noteUnknownGroups(tables: OpsTables, groups: readonly UnknownGroup[]): SqlStatement {
  return {
    text: `WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::varchar(50)[], $3::boolean[]) AS g(id, platform, gone)
),
changed AS (
  UPDATE ${tables.knownGroups} k SET
    previous_platform = k.platform, platform = CASE WHEN g.gone THEN k.platform ELSE g.platform END,
    changed_at = clock_timestamp(), deleted_at = CASE WHEN g.gone THEN clock_timestamp() END
  FROM given g
  WHERE g.id = k.group_id AND CASE WHEN g.gone THEN k.deleted_at IS NULL
    ELSE k.deleted_at IS NOT NULL OR k.platform IS DISTINCT FROM g.platform END
  RETURNING k.group_id, g.platform, k.previous_platform, k.changed_at
),
added AS (
  INSERT INTO ${tables.knownGroups} (group_id, platform)
  SELECT g.id, g.platform FROM given g WHERE NOT g.gone
  ON CONFLICT (group_id) DO NOTHING
)
SELECT group_id::text AS "groupId", platform, previous_platform AS "previousPlatform", ${isoUtc('changed_at')} AS "changedAt"
FROM changed ORDER BY group_id`,
    values: [
      groups.map(({ id }) => id),
      groups.map(({ platform }) => platform),
      groups.map(({ gone }) => gone),
    ],
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
