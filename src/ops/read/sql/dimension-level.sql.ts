import { ERROR_PLATFORM, USAGE_PLATFORM } from '../../definitions/definitions.js';
import { NO_KEY, type Dimension, type DimensionLabels } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { LevelFilter } from '../read-query.schemas.js';
import type { Bindings } from './bindings.js';
import { levelOf, type Filter, type LevelSql } from './level.sql.js';

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

/** Within which groups: as a condition on a row of the set, of the levels, and on a usage row and an error row. */
interface WithinSql {
  readonly stored: string;
  readonly ofLevels: string;
  readonly usage: string;
  readonly error: string;
}

function withinGroups(tables: OpsTables, filter: Filter, bindings: Bindings): readonly WithinSql[] {
  const within: WithinSql[] = [];
  if (filter.groupId !== undefined) {
    const isGroup = bindings.isOneOf(filter.groupId, 'bigint');
    within.push({
      stored: isGroup('COALESCE(m.group_id, 0)'),
      ofLevels: isGroup('m.group_id'),
      usage: `${isGroup('u.group_id')} AND ${USAGE_PLATFORM} <> ''`,
      error: `${isGroup('e.group_id')} AND ${ERROR_PLATFORM} <> ''`,
    });
  }
  if (filter.platform !== undefined) {
    const isPlatform = bindings.isOneOf(filter.platform, 'text');
    const ids = `(SELECT g.id FROM ${tables.groups} g WHERE ${isPlatform('g.platform::varchar(32)')})`;
    within.push({
      stored: `m.group_id IN ${ids}`,
      ofLevels: `m.group_id IN ${ids}`,
      usage: isPlatform(USAGE_PLATFORM),
      error: `e.group_id IN ${ids} AND ${ERROR_PLATFORM} <> ''`,
    });
  }
  return within;
}

/** What the keys of a set come to, of the rows of the levels: everything, or those of the groups that are asked for. */
export function totalOfSet(tables: OpsTables, filter: Filter, bindings: Bindings): LevelSql {
  const within = withinGroups(tables, filter, bindings);
  if (within.length === 0) {
    return levelOf(tables, {}, bindings);
  }
  const all = (of: keyof WithinSql): string => within.map((one) => one[of]).join(' AND ');
  return {
    ...levelOf(tables, {}, bindings),
    stored: all('ofLevels'),
    ranged: null,
    usage: all('usage'),
    error: all('error'),
    oneRowPerBucket: false,
    isOverall: false,
  };
}

/**
 * The rows of a set: of some of its keys, or of all, together or broken down by them. A platform is that of the groups, as
 * it is now: the rows are kept within groups, not within platforms, so that errors of no group are in none.
 */
export function dimensionLevel(
  tables: OpsTables,
  set: Dimension,
  filter: Pick<LevelFilter, 'platform' | 'groupId' | 'key'> & { readonly isBrokenDown: boolean },
  bindings: Bindings,
): LevelSql {
  const within = withinGroups(tables, filter, bindings);
  const isWithinGroups = within.length > 0;
  const isKey = filter.key === undefined ? null : bindings.isOneOf(filter.key, 'text');
  const conditions = (of: keyof WithinSql, key: string): readonly string[] => [
    ...within.map((one) => one[of]),
    ...(isKey === null ? [] : [isKey(key)]),
  ];
  const ofSet = `m.dimension = '${set.name}' AND ${isWithinGroups ? within.map(({ stored }) => stored).join(' AND ') : 'COALESCE(m.group_id, 0) = 0'}`;
  const stored = isKey === null ? ofSet : `${ofSet} AND ${isKey('m.key')}`;
  const ofUsage = `COALESCE((${set.usage ?? 'NULL'})::text, '${NO_KEY}')`;
  const ofError = `COALESCE((${set.error})::text, '${NO_KEY}')`;
  return {
    store: { daily: tables.dimensionDaily, hourly: tables.dimensionHourly, minutely: null },
    dimension: { set, isWithinGroups },
    stored,
    ranged: null,
    rangesOfMinutes: false,
    distributed: null,
    usage: set.usage === null ? 'false' : conditions('usage', ofUsage).join(' AND ') || 'true',
    error: conditions('error', ofError).join(' AND ') || 'true',
    key: filter.isBrokenDown
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
