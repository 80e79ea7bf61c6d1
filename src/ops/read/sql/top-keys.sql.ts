import type { OpsTables } from '../../definitions/ops-tables.js';
import type { KeySql, LevelSql } from './level.sql.js';
import { storedCounts } from './stored-pieces.sql.js';

/**
 * The relation `top`: the busiest keys of a breakdown with their ranks, how many keys there are, and what the group of
 * each is. They are decided by counts alone, so that whatever is heavy is fetched for them only.
 *
 * @param limit placeholder of how many are wanted
 */
export function topKeys(tables: OpsTables, level: LevelSql, key: KeySql, limit: string): string {
  return `top AS MATERIALIZED (
  SELECT t.*, g.name AS group_name, g.platform AS group_platform, ${key.label} AS label
  FROM (
    SELECT key, row_number() OVER (ORDER BY requests DESC, ${key.order})::int AS rank,
      count(*) OVER ()::int AS total, (sum(requests) OVER ())::text AS total_requests
    FROM (
      SELECT key, sum(successes) + sum(errors) AS requests FROM (
        ${storedCounts(level, key)}
        UNION ALL
        SELECT key, success_count, 0 FROM usage_range WHERE key IS NOT NULL
        UNION ALL
        SELECT key, 0, error_count_total FROM error_range WHERE key IS NOT NULL
      ) counts
      GROUP BY key
    ) ranked
    ORDER BY rank LIMIT ${limit}
  ) t
  LEFT JOIN ${tables.groups} g ON ${key.group}
)`;
}
