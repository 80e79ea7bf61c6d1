import type { Bucket } from './bucket-recomputer.service.js';

/** So many times a bucket may have been alone in work when the connection was lost. */
const CRASHES = 3;

/** After so many transactions without a crash the last one was nobody's fault. */
const ACQUITTED_AFTER = 48;

interface Suspect {
  readonly bucket: Bucket;
  readonly reason: string;
  readonly times: number;
}

/**
 * Which buckets were in work when the server, or the connection to it, went down. While anybody is suspected, buckets
 * are taken one by one on one connection, so that the one that does it is told from its neighbours; after some more
 * times it is to be set aside like one that fails.
 */
export class CrashLog {
  private readonly suspects = new Map<string, Suspect>();
  private done = 0;

  /** Nobody is suspected. */
  public get isEmpty(): boolean {
    return this.suspects.size === 0;
  }

  /** The server went down while these were in work. */
  public suspect(buckets: readonly Bucket[], reason: string): void {
    this.done = 0;
    for (const bucket of buckets) {
      const before = this.suspects.get(key(bucket))?.times ?? 0;
      this.suspects.set(key(bucket), { bucket, reason, times: before + (buckets.length === 1 ? 1 : 0) });
    }
  }

  /** A transaction has ended well. */
  public acquit(): void {
    this.done += 1;
    if (this.done >= ACQUITTED_AFTER) {
      this.suspects.clear();
    }
  }

  /** Takes out those that have done it too often. */
  public convicted(): readonly Suspect[] {
    const guilty = [...this.suspects.values()].filter(({ times }) => times >= CRASHES);
    for (const { bucket } of guilty) this.suspects.delete(key(bucket));
    return guilty;
  }
}

const key = ({ tier, start }: Bucket): string => `${tier} ${start}`;
