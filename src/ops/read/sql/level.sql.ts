import { ERROR_GROUP, ERROR_PLATFORM, USAGE_PLATFORM } from '../../definitions/definitions.js';
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
  /** The same rows over a range of buckets, in the words of the level's partial index. */
  readonly ranged: string;
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

/** The exact key of the unique index, in its own words, so that one bucket is one index probe. */
const storedAt = (platform: string, groupId: string): string =>
  `COALESCE(m.platform, '') = ${platform} AND COALESCE(m.group_id, 0) = ${groupId}`;

/** Of all requests, of a platform, or of a group. */
export function levelOf(
  tables: OpsTables,
  filter: Pick<LevelFilter, 'platform' | 'groupId'>,
  bindings: Bindings,
): LevelSql {
  const platform = filter.platform === undefined ? null : bindings.add(filter.platform, 'text');
  const groupId = filter.groupId === undefined ? null : bindings.add(filter.groupId, 'bigint');
  const onPlatform = (column: string): string =>
    platform === null ? `${column} <> ''` : `${column} = ${platform}`;
  if (groupId !== null) {
    const ofGroup = `m.group_id = ${groupId}`;
    return {
      ...ofLevels(tables),
      stored: platform === null ? ofGroup : storedAt(platform, groupId),
      ranged: platform === null ? ofGroup : `${ofGroup} AND m.platform = ${platform}`,
      rangesOfMinutes: true,
      distributed: null,
      usage: `u.group_id = ${groupId} AND ${onPlatform(USAGE_PLATFORM)}`,
      error: `e.group_id = ${groupId} AND ${onPlatform(ERROR_PLATFORM)}`,
      key: null,
      oneRowPerBucket: platform !== null,
      isOverall: false,
    };
  }
  if (platform !== null) {
    return {
      ...ofLevels(tables),
      stored: storedAt(platform, '0'),
      ranged: `m.platform = ${platform} AND m.group_id IS NULL`,
      rangesOfMinutes: false,
      distributed: `COALESCE(m.platform, '') = ${platform} AND COALESCE(m.group_id, 0) <> 0`,
      usage: onPlatform(USAGE_PLATFORM),
      error: onPlatform(ERROR_PLATFORM),
      key: null,
      oneRowPerBucket: true,
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

const ofLevels = ({ daily, hourly, minutely }: OpsTables): Pick<LevelSql, 'store' | 'dimension'> => ({
  store: { daily, hourly, minutely },
  dimension: null,
});

/** The overall row of one bucket, and those of a range of buckets. */
export const OVERALL = storedAt("''", '0');
export const OVERALL_RANGED = 'm.platform IS NULL AND m.group_id IS NULL';

/** Platforms. */
export function platformLevel(tables: OpsTables): LevelSql {
  return {
    ...ofLevels(tables),
    // The group as the index has it: the rows of a bucket's groups are passed over in the index.
    stored: "COALESCE(m.group_id, 0) = 0 AND COALESCE(m.platform, '') <> ''",
    ranged: 'm.platform IS NOT NULL AND m.group_id IS NULL',
    rangesOfMinutes: false,
    distributed: 'm.group_id IS NOT NULL',
    usage: `${USAGE_PLATFORM} <> ''`,
    error: `${ERROR_PLATFORM} <> ''`,
    key: {
      ofRow: 'm.platform::text',
      ofUsage: `${USAGE_PLATFORM}::text`,
      ofError: `${ERROR_PLATFORM}::text`,
      order: 'key COLLATE "C"',
      stored: storedAt('t.key', '0'),
      group: 'false',
      label: 'NULL::text',
    },
    oneRowPerBucket: false,
    isOverall: false,
  };
}

/** Groups, all of them or those of a platform. */
export function groupLevel(
  tables: OpsTables,
  { platform: given }: Pick<LevelFilter, 'platform'>,
  bindings: Bindings,
): LevelSql {
  const platform = given === undefined ? null : bindings.add(given, 'text');
  const ofPlatform = platform === null ? '' : ` AND m.platform = ${platform}`;
  const isOn = platform === null ? "<> ''" : `= ${platform}`;
  return {
    ...ofLevels(tables),
    stored: `m.group_id IS NOT NULL${ofPlatform}`,
    ranged: `m.group_id IS NOT NULL${ofPlatform}`,
    rangesOfMinutes: true,
    distributed: null,
    usage: `${USAGE_PLATFORM} ${isOn}`,
    error: `${ERROR_PLATFORM} ${isOn} AND ${ERROR_GROUP} <> 0`,
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
