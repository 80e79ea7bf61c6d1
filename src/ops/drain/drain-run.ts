import type { DrainResult } from './drain.schema.js';

/** What a drain may go by. */
export interface DrainOrder {
  /** Instant (ISO) at which every new row was noted; null where that is not known. */
  readonly through?: string | null;
  /** It takes no more after so many milliseconds. Not set: until nothing is due. */
  readonly forMs?: number;
  /** Somebody waits for it: no day whose hours have changed rests. */
  readonly asked?: boolean;
}

/** What a drain came to. */
export interface Drained {
  readonly result: DrainResult;
  /** Something may be left that is due. */
  readonly isCut: boolean;
}

/** What the workers of one drain share. */
export interface DrainRun {
  readonly result: DrainResult;
  readonly through: string | null;
  readonly asked: boolean;
  /** By performance.now(). */
  readonly until: number;
  isCut: boolean;
  /** Days (ISO) that are left to others, or to the next tick. */
  readonly except: Set<string>;
  conflicts: number;
  /** So many buckets are taken one by one: one of them stands in the way of the others. */
  alone: number;
}
