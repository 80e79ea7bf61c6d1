import type { KeyAnswer } from './answer.js';
import type { BreakdownBy } from './read-query.schemas.js';
import type { BreakdownItem } from './read.schemas.js';

/** One item for each key; a group has the name and platform that it has now. */
export function breakdownItems(
  by: BreakdownBy,
  keys: readonly KeyAnswer[],
  seconds: number,
): BreakdownItem[] {
  return keys.map(({ key, groupName, groupPlatform, adder }) => ({
    ...(by === 'platform'
      ? { platform: key, groupId: null, groupName: null }
      : { platform: groupPlatform, groupId: key, groupName }),
    ...adder.measures(seconds),
  }));
}
