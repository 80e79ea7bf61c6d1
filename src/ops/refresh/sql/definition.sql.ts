import { DEFINITION_VERSION, storedVersion } from '../../metrics/definition-version.js';
import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';
import { hasBucket, hourOf } from '../../metrics/sql-time.js';
import { DAY_TIER, HOUR_TIER, type Tier } from '../../metrics/tiers.js';
import { floors, floorValues, type RetentionHours } from './floors.sql.js';
import { noteHours } from './note.sql.js';

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
 * The index on the version and the bucket holds few rows of other versions, none mostly, and each version is one range of
 * it.
 *
 * Bound: current version, retentions in hours.
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
  FROM start CROSS JOIN generate_series(0, $1::int - 1) AS old(version)
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
noted AS (
  ${noteHours(tables, 'definition', `SELECT bucket FROM old_hours WHERE NOT ${isNoted(HOUR_TIER, 'bucket')}`)}
),
noted_days AS (
  INSERT INTO ${tables.invalidations} AS i (tier, bucket_start, reason)
  SELECT '${DAY_TIER}', day, 'definition' FROM old_days WHERE NOT ${isNoted(DAY_TIER, 'day')} ORDER BY day
  ON CONFLICT (tier, bucket_start) DO NOTHING
  RETURNING 1
)
SELECT (SELECT count(*)::int FROM noted) AS hours, (SELECT count(*)::int FROM noted_days) AS days,
  ((SELECT COALESCE(sum(foreign_rows), 0) FROM old_hours) + (SELECT COALESCE(sum(foreign_rows), 0) FROM old_days))::text
    AS foreign_rows`,
    values: [DEFINITION_VERSION, ...floorValues(retention)],
  };
}
