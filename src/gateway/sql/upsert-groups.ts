import type { NewGroup } from '../raw-log.types.js';
import type { BoundQuery } from './unnest-insert.js';

/** A row that {@link upsertGroups} returns; the bigint id arrives as a string. */
export interface UpsertedGroup {
  readonly id: string;
  readonly name: string;
}

/**
 * Creates the groups that are missing and sets the platform of those that exist; returns id and name of all.
 *
 * A name given twice is taken once, the last one counting: ON CONFLICT refuses to touch a row twice. Sorted by name
 * so that two callers lock the rows in the same order and cannot deadlock.
 */
export function upsertGroups(groups: readonly NewGroup[]): BoundQuery {
  const platformByName = new Map(groups.map((group) => [group.name, group.platform]));
  return {
    text: `INSERT INTO groups (name, platform)
SELECT r.name, r.platform
FROM unnest($1::varchar[], $2::varchar[]) AS r(name, platform)
ORDER BY r.name
ON CONFLICT (name) DO UPDATE SET platform = EXCLUDED.platform
RETURNING id, name`,
    values: [[...platformByName.keys()], [...platformByName.values()]],
  };
}
