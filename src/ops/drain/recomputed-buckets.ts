import type { Tier } from '../definitions/tiers.js';
import type { RecomputedRaw } from './raw-buckets.service.js';
import type { DueBuckets } from './sql/claim.sql.js';

/** A bucket that a transaction works on. */
export interface Bucket {
  readonly tier: Tier;
  /** ISO, UTC. */
  readonly start: string;
}

/** What one transaction did. */
export interface RecomputedBuckets extends RecomputedRaw {
  readonly days: number;
  /** Days (YYYY-MM-DD) held back. */
  readonly heldDays: readonly string[];
}

/** What a transaction is to take. */
export interface Claim {
  /** UTC midnights (ISO) of days that are left alone. */
  readonly except: readonly string[];
  /** The only bucket to take, or null for the next that is due. */
  readonly only: Bucket | null;
  /** What is due: it decides how many are taken at once, and what of. */
  readonly due: DueBuckets;
  /** Instant (ISO) at which every new row was noted: minutes that are written are complete up to it. Null: not known. */
  readonly through: string | null;
  /** Somebody waits for what is due: no day rests. */
  readonly asked: boolean;
}

/** The transaction could not be ended; it says which buckets it had in work. */
export class RecomputeFailure extends Error {
  public override readonly name = 'RecomputeFailure';

  public constructor(
    public readonly buckets: readonly Bucket[],
    public override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Somebody who deletes rows of the day has it. */
export interface BusyDay {
  readonly busyDay: string;
}
