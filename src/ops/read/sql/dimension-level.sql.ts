import { ERROR_PLATFORM, USAGE_PLATFORM } from '../../definitions/definitions.js';
import { NO_KEY, type Dimension, type DimensionLabels } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { LevelFilter } from '../read-query.schemas.js';
import type { Bindings } from './bindings.js';
import type { LevelSql } from './level.sql.js';

/** Ids of these types are compared as what they are, so that the table's index finds them; a key may be any text. */
const ID_KEYS: Readonly<Record<string, string>> = {
  smallint: '^-?[0-9]{1,4}$',
  integer: '^-?[0-9]{1,9}$',
  bigint: '^-?[0-9]{1,18}$',
  uuid: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
};
const TEXTS: ReadonlySet<string> = new Set(['text', 'character varying']);

function labelOf(labels: DimensionLabels | null): string {
  if (labels === null) {
    return 'NULL::text';
  }
  const { table, id, label, idType } = labels;
  const pattern = ID_KEYS[idType];
  const isKey =
    pattern === undefined
      ? `${TEXTS.has(idType) ? `l.${id}` : `l.${id}::text`} = t.key`
      : `l.${id} = CASE WHEN t.key ~ '${pattern}' THEN t.key::${idType} END`;
  return `(SELECT l.${label}::text FROM ${table} l WHERE ${isKey} LIMIT 1)`;
}

/**
 * The rows of a set: of one key, or, without one, broken down by it. A platform is that of the groups, as it is now: the
 * rows are kept within groups, not within platforms, so that errors of no group are in none.
 */
export function dimensionLevel(
  tables: OpsTables,
  set: Dimension,
  filter: Pick<LevelFilter, 'platform' | 'groupId' | 'key'>,
  bindings: Bindings,
): LevelSql {
  const groups: { stored: string; usage: string; error: string }[] = [];
  if (filter.groupId !== undefined) {
    const groupId = bindings.add(filter.groupId, 'bigint');
    groups.push({
      stored: `COALESCE(m.group_id, 0) = ${groupId}`,
      usage: `u.group_id = ${groupId} AND ${USAGE_PLATFORM} <> ''`,
      error: `e.group_id = ${groupId} AND ${ERROR_PLATFORM} <> ''`,
    });
  }
  if (filter.platform !== undefined) {
    const platform = bindings.add(filter.platform, 'text');
    const ids = `(SELECT g.id FROM ${tables.groups} g WHERE g.platform::varchar(32) = ${platform})`;
    groups.push({
      stored: `m.group_id IN ${ids}`,
      usage: `${USAGE_PLATFORM} = ${platform}`,
      error: `e.group_id IN ${ids} AND ${ERROR_PLATFORM} <> ''`,
    });
  }
  const isWithinGroups = groups.length > 0;
  const ofSet = [
    `m.dimension = '${set.name}'`,
    ...(isWithinGroups ? groups.map(({ stored }) => stored) : ['COALESCE(m.group_id, 0) = 0']),
  ].join(' AND ');
  const ofUsage = `COALESCE((${set.usage ?? 'NULL'})::text, '${NO_KEY}')`;
  const ofError = `COALESCE((${set.error})::text, '${NO_KEY}')`;
  const key = filter.key === undefined ? null : bindings.add(filter.key, 'text');
  const raw = (conditions: readonly string[], ofRow: string): string =>
    [...conditions, ...(key === null ? [] : [`${ofRow} = ${key}`])].join(' AND ') || 'true';
  const stored = key === null ? ofSet : `${ofSet} AND m.key = ${key}`;
  return {
    store: { daily: tables.dimensionDaily, hourly: tables.dimensionHourly, minutely: null },
    dimension: { set, isWithinGroups },
    stored,
    ranged: stored,
    rangesOfMinutes: false,
    distributed: null,
    usage:
      set.usage === null
        ? 'false'
        : raw(
            groups.map(({ usage }) => usage),
            ofUsage,
          ),
    error: raw(
      groups.map(({ error }) => error),
      ofError,
    ),
    key:
      key === null
        ? {
            ofRow: 'm.key',
            ofUsage,
            ofError,
            order: 'key COLLATE "C"',
            stored: `${ofSet} AND m.key = t.key`,
            group: 'false',
            label: labelOf(set.labels),
          }
        : null,
    oneRowPerBucket: false,
    isOverall: false,
  };
}
