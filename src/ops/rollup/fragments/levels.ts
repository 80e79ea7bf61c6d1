/** The hour `h.bucket_start` of the query around, in UTC: an added interval of hours does not depend on the time zone. */
export const inHour = (alias: string): string =>
  `${alias}.created_at >= h.bucket_start AND ${alias}.created_at < h.bucket_start + interval '1 hour'`;

/** The three levels of rows that have `platform` and `group_id`. */
export const LEVELS = 'GROUPING SETS ((), (r.platform), (r.platform, r.group_id))';

/** The level's key in NULL-free form, as the unique index has it: platform_key ('' = none), group_key (0 = none). */
export const LEVEL_KEY = `CASE WHEN GROUPING(r.platform) = 0 THEN r.platform ELSE '' END AS platform_key,
    CASE WHEN GROUPING(r.group_id) = 0 THEN r.group_id ELSE 0 END AS group_key`;

/**
 * An hour without rows has no overall row; a platform '' counts in the overall row only (it would take that row's
 * key), and so does a group 0 at the platform level.
 */
export const LEVEL_EXISTS = `count(*) > 0
    AND (GROUPING(r.platform) = 1 OR r.platform <> '')
    AND (GROUPING(r.group_id) = 1 OR r.group_id <> 0)`;

/** Whether the row `r` belongs to the level `l` that LEVEL_KEY named. */
export const IN_LEVEL = `(l.platform_key = '' OR (r.platform = l.platform_key AND (l.group_key = 0 OR r.group_id = l.group_key)))`;
