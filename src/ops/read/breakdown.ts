import { z } from 'zod';
import { OTHER_KEYS } from '../definitions/dimensions.js';
import type { KeyAnswer } from './answer.js';
import { upstreamErrors } from './measures.js';
import type { BreakdownBy } from './read-query.schemas.js';
import type { BreakdownItem, ErrorItem } from './read.schemas.js';

/** One item for each key; a group has the name and platform that it has now. */
export function breakdownItems(
  by: BreakdownBy,
  { requests, keys }: { readonly requests: number; readonly keys: readonly KeyAnswer[] },
  seconds: number,
): BreakdownItem[] {
  return keys.map(({ key, label, groupName, groupPlatform, adder }) => {
    const measures = adder.measures(seconds);
    return {
      key,
      label: by === 'group' ? groupName : label,
      platform: by === 'platform' ? key : groupPlatform,
      groupId: by === 'group' ? key : null,
      groupName,
      share: requests > 0 ? measures.requestCountTotal / requests : null,
      ...measures,
    };
  });
}

const part = z.string().nullable();

/** What an error is: see ERROR_DIMENSION. */
const kindSchema = z.tuple([part, part, part, part, part]);

const UNKNOWN_KIND = [null, null, null, null, null] as const;

/**
 * One item for each kind of error, most frequent first, with how often it was in the period before.
 *
 * @param limit how many
 */
export function errorItems(
  now: readonly KeyAnswer[],
  before: readonly KeyAnswer[],
  limit: number,
): { readonly total: number; readonly errors: ErrorItem[] } {
  const previous = new Map(before.map((answer) => [answer.key, countOf(answer)]));
  const counted = now
    .map((answer) => ({ answer, count: countOf(answer) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  const all = counted.reduce((sum, { count }) => sum + count, 0);
  const errors = counted.slice(0, limit).map(({ answer: { key, adder }, count }) => {
    const [clientStatus, upstreamStatus, owner, phase, type] =
      key === OTHER_KEYS ? UNKNOWN_KIND : kindSchema.parse(JSON.parse(key));
    const previousCount = previous.get(key) ?? 0;
    const measures = adder.measures(0);
    return {
      clientStatus,
      upstreamStatus,
      owner,
      phase,
      type,
      isOther: key === OTHER_KEYS,
      count,
      share: count / all,
      previousCount,
      change: previousCount === 0 ? null : count / previousCount - 1,
      errorCountTotal: measures.errorCountTotal,
      businessLimitedCount: measures.businessLimitedCount,
      errorCountSla: measures.errorCountSla,
      upstreamErrorCountExcl429529: measures.upstreamErrorCountExcl429529,
      upstream429Count: measures.upstream429Count,
      upstream529Count: measures.upstream529Count,
    };
  });
  return { total: counted.length, errors };
}

/** Every error of a kind failed for the client, or none did. */
function countOf({ adder }: KeyAnswer): number {
  const { errorCountTotal, ...of } = adder.measures(0);
  return errorCountTotal || upstreamErrors(of);
}
