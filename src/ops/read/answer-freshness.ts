import { HOUR_MS } from '../common/utc.js';
import type { Freshness } from './read.schemas.js';

/** How often the newest data comes in, in milliseconds: the refresh job's own schedule. */
const RECENT_MS = 10_000;

/** For how long an answer about a range that ended more than an hour ago stands: only a late row changes it. */
const PAST_MS = 60_000;

/** Longest and shortest that an instance answers from its last answer, in milliseconds. */
const LONGEST_KEPT_MS = 2_000;
const SHORTEST_KEPT_MS = 500;

/** What all answers for a range have. */
export interface RangeAnswer {
  readonly to: string;
  readonly freshness: Pick<Freshness, 'freshThrough' | 'recent'>;
}

/**
 * Milliseconds until an answer could be another. One that reaches into the present is as old as its freshness says, and
 * the next data comes in ten seconds after that; one that waits for a recomputation may be another at any moment.
 *
 * @param now milliseconds since 1970
 */
export function freshMs({ to, freshness }: RangeAnswer, now: number): number {
  const [end, through] = [Date.parse(to), Date.parse(freshness.freshThrough)];
  if (through >= end) {
    return end <= now - HOUR_MS ? PAST_MS : RECENT_MS;
  }
  return Math.min(Math.max(0, through + RECENT_MS - now), RECENT_MS);
}

/**
 * For how long an answer is given again without asking the database, in milliseconds: many viewers ask the same. Data
 * get older by half a second at most than they would by themselves. One of the present that rests on minutes could not be
 * another before the next tick; any other may be recomputed, or get rows, at any moment.
 */
export function keptMs(answer: RangeAnswer): number {
  const { to, freshness } = answer;
  const waitsForTick = freshness.recent === 'minutes' && Date.parse(freshness.freshThrough) < Date.parse(to);
  const longest = waitsForTick ? RECENT_MS : LONGEST_KEPT_MS;
  return Math.max(Math.min(freshMs(answer, Date.now()), longest), SHORTEST_KEPT_MS);
}
