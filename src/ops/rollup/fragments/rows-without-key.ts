/**
 * The ids of those stored rows (id, bucket, platform, group_id) whose level the CTE `computed` does not have.
 *
 * A FULL JOIN is never a nested loop. To whatever else this could be, the planner, who knows nothing of how many groups
 * there are, has given one: ten thousand times ten thousand.
 */
export const rowsWithoutKey = (stored: string, bucket: string): string => `
    SELECT s.id
    FROM (
      ${stored}
    ) s
    FULL JOIN (SELECT ${bucket}, platform_key, group_key FROM computed) c
      ON c.${bucket} = s.${bucket} AND c.platform_key = COALESCE(s.platform, '') AND c.group_key = COALESCE(s.group_id, 0)
    WHERE c.${bucket} IS NULL`;
