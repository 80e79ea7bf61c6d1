import { ERROR_GROUP, ERROR_PLATFORM, USAGE_PLATFORM } from '../../definitions/definitions.js';
import type { OneOrMore } from '../../common/schemas.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { Dimension } from '../../definitions/dimensions.js';
import type { LevelFilter } from '../read-query.schemas.js';
import type { Bindings } from './bindings.js';

/** What an answer is broken down by. */
export interface KeySql {
  /** The key of a metrics row (alias m, one of `distributed` included), a usage row (u, g) and an error row (e), of one type. */
  readonly ofRow: string;
  readonly ofUsage: string;
  readonly ofError: string;
  /** An order of keys that no collation of the database changes. */
  readonly order: string;
  /** The rows of the key `t.key` in one bucket. */
  readonly stored: string;
  /** The group that the key `t.key` names, as a condition on `g`. */
  readonly group: string;
  /** The words for the key `t.key`, or NULL. */
  readonly label: string;
}

/**
 * A level as predicates over a metrics row (alias m), a usage row (u, with its group g) and an error row (e), and
 * what the answer is broken down by. A platform '' counts at the overall level only, so the other two exclude it.
 */
export interface LevelSql {
  /** The tables of the rows; minutes where they have any. */
  readonly store: { readonly daily: string; readonly hourly: string; readonly minutely: string | null };
  /** The set that they are of, if any, and whether they are its rows within groups. */
  readonly dimension: { readonly set: Dimension; readonly isWithinGroups: boolean } | null;
  /** The rows of one bucket, in the words of the unique index where they allow it. */
  readonly stored: string;
  /**
   * The same rows over a range of buckets, in the words of the level's partial index. Null where they are found bucket by
   * bucket: those of a set, and of several platforms or groups, of which the planner would rather read all of the range.
   */
  readonly ranged: string | null;
  /** Whether minutes have such an index: a platform's rows are found minute by minute. */
  readonly rangesOfMinutes: boolean;
  /**
   * Hourly rows that hold the distributions of the level, where its own do not: a platform's are its groups'. Null
   * where the rows of `stored` have their own.
   */
  readonly distributed: string | null;
  readonly usage: string;
  readonly error: string;
  /** Null where the answer is not broken down. */
  readonly key: KeySql | null;
  /** Whether one bucket of this level is one metrics row. */
  readonly oneRowPerBucket: boolean;
  /** Whether that is the overall row, by which it is decided what a bucket is answered from. */
  readonly isOverall: boolean;
}

type Is = (expression: string) => string;

/** In the words of the unique index, so that one bucket is one index probe. */
const PLATFORM_AT = "COALESCE(m.platform, '')";
const GROUP_AT = 'COALESCE(m.group_id, 0)';

/** The exact key of the unique index. */
const storedAt = (platform: string, groupId: string): string =>
  `${PLATFORM_AT} = ${platform} AND ${GROUP_AT} = ${groupId}`;

/** What a level is asked to be of. */
export type Filter = Pick<LevelFilter, 'platform' | 'groupId'>;

/** The conditions of the filters; null where there is none. */
const asked = (
  { platform, groupId }: Filter,
  bindings: Bindings,
): { platform: Is | null; group: Is | null } => ({
  platform: platform === undefined ? null : bindings.isOneOf(platform, 'text'),
  group: groupId === undefined ? null : bindings.isOneOf(groupId, 'bigint'),
});

/** A platform that was asked for, or any. */
const onPlatform = (is: Is | null, column: string): string => is?.(column) ?? `${column} <> ''`;

const isOne = (given: OneOrMore | undefined): boolean => typeof given === 'string';

/** Of all requests, of platforms, or of groups. */
export function levelOf(tables: OpsTables, filter: Filter, bindings: Bindings): LevelSql {
  const { platform, group } = asked(filter, bindings);
  if (group !== null) {
    return ofGroups(tables, filter, platform, group);
  }
  if (platform !== null) {
    return {
      ...ofLevels(tables),
      stored: `${platform(PLATFORM_AT)} AND ${GROUP_AT} = 0`,
      ranged: isOne(filter.platform) ? `${platform('m.platform')} AND m.group_id IS NULL` : null,
      rangesOfMinutes: false,
      distributed: `${platform(PLATFORM_AT)} AND ${GROUP_AT} <> 0`,
      usage: platform(USAGE_PLATFORM),
      error: platform(ERROR_PLATFORM),
      key: null,
      oneRowPerBucket: isOne(filter.platform),
      isOverall: false,
    };
  }
  return {
    ...ofLevels(tables),
    stored: OVERALL,
    ranged: OVERALL_RANGED,
    rangesOfMinutes: true,
    distributed: null,
    usage: 'true',
    error: 'true',
    key: null,
    oneRowPerBucket: true,
    isOverall: true,
  };
}

/** Of one group of one platform a bucket is one probe of the unique index; of several the groups' own index has them. */
function ofGroups(tables: OpsTables, filter: Filter, platform: Is | null, group: Is): LevelSql {
  const ofRow = group('m.group_id') + (platform === null ? '' : ` AND ${platform('m.platform')}`);
  const isOneRow = isOne(filter.platform) && isOne(filter.groupId);
  return {
    ...ofLevels(tables),
    stored: isOneRow && platform !== null ? `${platform(PLATFORM_AT)} AND ${group(GROUP_AT)}` : ofRow,
    ranged: isOne(filter.groupId) ? ofRow : null,
    rangesOfMinutes: true,
    distributed: null,
    usage: `${group('u.group_id')} AND ${onPlatform(platform, USAGE_PLATFORM)}`,
    error: `${group('e.group_id')} AND ${onPlatform(platform, ERROR_PLATFORM)}`,
    key: null,
    oneRowPerBucket: isOneRow,
    isOverall: false,
  };
}

const ofLevels = ({ daily, hourly, minutely }: OpsTables): Pick<LevelSql, 'store' | 'dimension'> => ({
  store: { daily, hourly, minutely },
  dimension: null,
});

/** The overall row of one bucket, and those of a range of buckets. */
export const OVERALL = storedAt("''", '0');
export const OVERALL_RANGED = 'm.platform IS NULL AND m.group_id IS NULL';

const PLATFORM_KEY: KeySql = {
  ofRow: 'm.platform::text',
  ofUsage: `${USAGE_PLATFORM}::text`,
  ofError: `${ERROR_PLATFORM}::text`,
  order: 'key COLLATE "C"',
  stored: storedAt('t.key', '0'),
  group: 'false',
  label: 'NULL::text',
};

/** Platforms: all of them, or some; of groups, what these have on each. */
export function platformLevel(tables: OpsTables, filter: Filter, bindings: Bindings): LevelSql {
  const { platform, group } = asked(filter, bindings);
  if (group !== null) {
    const key = { ...PLATFORM_KEY, stored: `${group('m.group_id')} AND m.platform = t.key` };
    return { ...ofGroups(tables, filter, platform, group), key, oneRowPerBucket: false };
  }
  return {
    ...ofLevels(tables),
    // The group as the index has it: the rows of a bucket's groups are passed over in the index.
    stored: `${GROUP_AT} = 0 AND ${onPlatform(platform, PLATFORM_AT)}`,
    ranged: null,
    rangesOfMinutes: false,
    distributed: `m.group_id IS NOT NULL${platform === null ? '' : ` AND ${platform(PLATFORM_AT)}`}`,
    usage: onPlatform(platform, USAGE_PLATFORM),
    error: onPlatform(platform, ERROR_PLATFORM),
    key: PLATFORM_KEY,
    oneRowPerBucket: false,
    isOverall: false,
  };
}

/** Groups: all of them, or some, on any platform or on some. */
export function groupLevel(tables: OpsTables, filter: Filter, bindings: Bindings): LevelSql {
  const { platform, group } = asked(filter, bindings);
  const ofPlatform = platform === null ? '' : ` AND ${platform('m.platform')}`;
  const stored = `${group?.('m.group_id') ?? 'm.group_id IS NOT NULL'}${ofPlatform}`;
  const isOfGroup = (column: string): string => (group === null ? '' : ` AND ${group(column)}`);
  return {
    ...ofLevels(tables),
    stored,
    ranged: null,
    rangesOfMinutes: false,
    distributed: null,
    usage: `${onPlatform(platform, USAGE_PLATFORM)}${isOfGroup('g.id')}`,
    error: `${onPlatform(platform, ERROR_PLATFORM)} AND ${ERROR_GROUP} <> 0${isOfGroup('e.group_id')}`,
    key: {
      ofRow: 'm.group_id',
      ofUsage: 'g.id',
      ofError: 'e.group_id',
      order: 'key',
      stored: `m.group_id = t.key${ofPlatform}`,
      group: 'g.id = t.key',
      label: 'NULL::text',
    },
    oneRowPerBucket: false,
    isOverall: false,
  };
}
