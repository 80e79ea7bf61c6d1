import type { LevelFilter } from '../../../src/ops/read/read-query.schemas.js';
import { computeHourly } from '../oracle/hourly.js';
import type { Scenario } from '../oracle/arbitraries.js';
import { ERROR_COUNT_COLUMNS, type LevelKey, type RawUsage } from '../oracle/types.js';

/** What the raw rows of a range say, counted one by one. */
export interface RawAnswer {
  readonly successCount: number;
  readonly tokenConsumed: number;
  /** In the order of ERROR_COUNT_COLUMNS. */
  readonly errorCounts: readonly number[];
  readonly durations: readonly number[];
  readonly ttfts: readonly number[];
}

const HOUR = '2001-02-03T04:00:00Z';
const HOUR_END = '2001-02-03T05:00:00Z';

/**
 * Lets the rollup's oracle count a range of any length: all of its rows are moved into one hour, whose rows then are
 * the range's levels.
 */
export function rawAnswer(raw: Scenario, from: Date, to: Date, filter: LevelFilter): RawAnswer {
  const inRange = (row: { createdAt: string }): boolean =>
    Date.parse(row.createdAt) >= from.getTime() && Date.parse(row.createdAt) < to.getTime();
  const usage = raw.usage.filter(inRange);
  const moved = <Row>(row: Row): Row => ({ ...row, createdAt: HOUR });
  const errors = raw.errors.filter(inRange).map(moved);
  const rows = computeHourly(raw.groups, usage.map(moved), errors, new Date(HOUR), new Date(HOUR_END));
  const mine = rows.filter((row) => isOfLevel(row, filter));
  const counted = usage.filter((row) => countsAt(raw, row, filter));
  return {
    successCount: Number(mine.reduce((sum, row) => sum + row.success_count, 0n)),
    tokenConsumed: Number(mine.reduce((sum, row) => sum + row.token_consumed, 0n)),
    errorCounts: ERROR_COUNT_COLUMNS.map((column) =>
      Number(mine.reduce((sum, row) => sum + row[column], 0n)),
    ),
    durations: counted.flatMap((row) => (row.durationMs === null ? [] : [row.durationMs])),
    ttfts: counted.flatMap((row) => (row.firstTokenMs === null ? [] : [row.firstTokenMs])),
  };
}

function isOfLevel(key: LevelKey, { platform, groupId }: LevelFilter): boolean {
  if (groupId !== undefined) {
    return String(key.group_id) === groupId && (platform === undefined || key.platform === platform);
  }
  return key.group_id === null && key.platform === (platform ?? null);
}

function countsAt(raw: Scenario, row: RawUsage, { platform, groupId }: LevelFilter): boolean {
  const group = row.groupId === 0 ? undefined : raw.groups.find(({ id }) => id === row.groupId);
  if (group === undefined) {
    return false;
  }
  if (platform === undefined && groupId === undefined) {
    return true;
  }
  return (
    group.platform !== '' &&
    (platform === undefined || group.platform === platform) &&
    (groupId === undefined || String(group.id) === groupId)
  );
}
