import { ERROR_GROUP, ERROR_PLATFORM, USAGE_PLATFORM } from '../../metrics/definitions.js';
import type { BreakdownBy, LevelFilter } from '../level.js';
import type { Bindings } from './bindings.js';

/**
 * A level as predicates over a metrics row (alias m), a usage row (u, with its group g) and an error row (e), and
 * what the answer is broken down by. A platform '' counts at the overall level only, so the other two exclude it.
 */
export interface LevelSql {
  readonly stored: string;
  /**
   * Hourly rows that hold the distributions of the level, where its own do not: a platform's are its groups'. Null
   * where the rows of `stored` have their own.
   */
  readonly distributed: string | null;
  readonly usage: string;
  readonly error: string;
  /** SQL text expressions; NULL where the answer is not broken down. */
  readonly storedKey: string;
  readonly usageKey: string;
  readonly errorKey: string;
  /** Whether one bucket of this level is one metrics row. */
  readonly oneRowPerBucket: boolean;
}

const NO_KEY = { distributed: null, storedKey: 'NULL::text', usageKey: 'NULL::text', errorKey: 'NULL::text' };

/** The exact key of the unique index, in its own words, so that one bucket is one index probe. */
const storedAt = (platform: string, groupId: string): string =>
  `COALESCE(m.platform, '') = ${platform} AND COALESCE(m.group_id, 0) = ${groupId}`;

export function levelOf(filter: LevelFilter, bindings: Bindings): LevelSql {
  const platform = filter.platform === undefined ? null : bindings.add(filter.platform, 'text');
  const groupId = filter.groupId === undefined ? null : bindings.add(filter.groupId, 'bigint');
  const onPlatform = (column: string): string =>
    platform === null ? `${column} <> ''` : `${column} = ${platform}`;
  if (groupId !== null) {
    return {
      ...NO_KEY,
      stored: platform === null ? `m.group_id = ${groupId}` : storedAt(platform, groupId),
      usage: `u.group_id = ${groupId} AND ${onPlatform(USAGE_PLATFORM)}`,
      error: `e.group_id = ${groupId} AND ${onPlatform(ERROR_PLATFORM)}`,
      oneRowPerBucket: platform !== null,
    };
  }
  if (platform !== null) {
    return {
      ...NO_KEY,
      stored: storedAt(platform, '0'),
      distributed: `COALESCE(m.platform, '') = ${platform} AND COALESCE(m.group_id, 0) <> 0`,
      usage: onPlatform(USAGE_PLATFORM),
      error: onPlatform(ERROR_PLATFORM),
      oneRowPerBucket: true,
    };
  }
  return { ...NO_KEY, stored: OVERALL, usage: 'true', error: 'true', oneRowPerBucket: true };
}

/** The overall rows of a metrics table. */
export const OVERALL = storedAt("''", '0');

export function breakdownBy(by: BreakdownBy): LevelSql {
  if (by === 'platform') {
    return {
      stored: 'm.platform IS NOT NULL AND m.group_id IS NULL',
      distributed: 'm.group_id IS NOT NULL',
      storedKey: 'm.platform::text',
      usage: `${USAGE_PLATFORM} <> ''`,
      usageKey: `${USAGE_PLATFORM}::text`,
      error: `${ERROR_PLATFORM} <> ''`,
      errorKey: `${ERROR_PLATFORM}::text`,
      oneRowPerBucket: false,
    };
  }
  return {
    stored: 'm.group_id IS NOT NULL',
    distributed: null,
    storedKey: 'm.group_id::text',
    usage: `${USAGE_PLATFORM} <> ''`,
    usageKey: 'g.id::text',
    error: `${ERROR_PLATFORM} <> '' AND ${ERROR_GROUP} <> 0`,
    errorKey: 'e.group_id::text',
    oneRowPerBucket: false,
  };
}
