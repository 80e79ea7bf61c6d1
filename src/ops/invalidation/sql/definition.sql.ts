import { isOldDefinition, storedVersion } from '../../definitions/definition-version.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { hasBucket, hourOf } from '../../sql/sql-time.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER, type Tier } from '../../definitions/tiers.js';
import { floors, floorValues, type RetentionHours } from './floors.sql.js';
import { NOTED_HOURS, noteHours } from './note.sql.js';

/** What was found, and noted; bigint as text. */
export interface OldDefinitions {
  hours: number;
  days: number;
  /** Rows of these that another program has written since this module did, or before it ever did. */
  foreign_rows: string;
}

/**
 * Notes the buckets whose rows an older version of the code, or another program, computed: hours as far back as raw rows
 * exist and the floors allow, since older ones could only be emptied, and days that have hours. Those that are noted
 * already stay as they are.
 *
 * The index on the definition and the bucket holds few rows of others, none mostly. It is asked for the definitions there
 * are, one probe each, and each is one range of it.
 *
 * Bound: current definition, retentions in hours.
 */
export function noteOldDefinitions(tables: OpsTables, retention: RetentionHours): SqlStatement {
  const oldest = (table: string): string =>
    `(SELECT min(created_at) FROM ${table} WHERE ${hasBucket('created_at')})`;
  const isNoted = (tier: Tier, bucket: string): string =>
    `EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE i.tier = '${tier}' AND i.bucket_start = ${bucket})`;
  const old = (
    table: string,
    bucket: string,
    from: string,
  ): string => `SELECT m.bucket, sum(m.rows) FILTER (WHERE old.version = 0) AS foreign_rows
  FROM start CROSS JOIN (
    WITH RECURSIVE found AS (
      SELECT (SELECT ${storedVersion('m')} FROM ${table} m ORDER BY ${storedVersion('m')} LIMIT 1) AS version
      UNION ALL
      SELECT (SELECT ${storedVersion('m')} FROM ${table} m WHERE ${storedVersion('m')} > f.version ORDER BY ${storedVersion('m')} LIMIT 1)
      FROM found f WHERE f.version IS NOT NULL
    )
    SELECT version FROM found WHERE ${isOldDefinition('version', '$1::int')}
  ) old
  CROSS JOIN LATERAL (
    SELECT m.${bucket} AS bucket, count(*) AS rows FROM ${table} m
    WHERE ${storedVersion('m')} = old.version AND m.${bucket} >= ${from}
    GROUP BY 1 OFFSET 0
  ) m GROUP BY 1`;
  const dayStart = "bucket::timestamp AT TIME ZONE 'UTC'";
  return {
    text: `WITH start AS MATERIALIZED (
  SELECT GREATEST(f.floor, ${hourOf(`LEAST(${oldest(tables.usageLogs)}, ${oldest(tables.errorLogs)})`)}) AS at, f.hours_from
  FROM ${floors(tables, 2)} f
),
old_hours AS MATERIALIZED (
  ${old(tables.hourly, 'bucket_start', 'start.at')}
),
old_days AS MATERIALIZED (
  SELECT ${dayStart} AS day, foreign_rows FROM (
    ${old(tables.daily, 'bucket_date', "(start.hours_from AT TIME ZONE 'UTC')::date")}
  ) d
  WHERE EXISTS (
    SELECT 1 FROM ${tables.hourly} h
    WHERE h.bucket_start >= ${dayStart} AND h.bucket_start < ${dayStart} + interval '24 hours'
  )
),
new_hours AS MATERIALIZED (
  SELECT * FROM old_hours WHERE NOT ${isNoted(HOUR_TIER, 'bucket')}
),
new_days AS MATERIALIZED (
  SELECT * FROM old_days WHERE NOT ${isNoted(DAY_TIER, 'day')}
),
noted AS (
  ${noteHours(tables, 'definition', 'SELECT bucket FROM new_hours', {
    // Of hours that are not rolled up yet: those of the others are noted with them.
    alsoMinutes: `SELECT m.bucket_start FROM ${tables.minutely} m
      WHERE m.platform IS NULL AND m.group_id IS NULL AND ${isOldDefinition(storedVersion('m'), '$1::int')}
        AND NOT ${isNoted(MINUTE_TIER, 'm.bucket_start')}`,
  })}
),
noted_days AS (
  INSERT INTO ${tables.invalidations} AS i (tier, bucket_start, reason)
  SELECT '${DAY_TIER}', day, 'definition' FROM new_days ORDER BY day
  ON CONFLICT (tier, bucket_start) DO NOTHING
  RETURNING 1
)
SELECT (SELECT ${NOTED_HOURS} FROM noted) AS hours, (SELECT count(*)::int FROM noted_days) AS days,
  ((SELECT COALESCE(sum(foreign_rows), 0) FROM new_hours) + (SELECT COALESCE(sum(foreign_rows), 0) FROM new_days))::text
    AS foreign_rows`,
    values: [tables.definition, ...floorValues(retention)],
  };
}
