import type { Bucket } from './recomputed-buckets.js';

/** So many times a bucket may have been alone in work when the connection was lost. */
const CRASHES = 3;

/**
 * After so many times the transactions that the suspects take without a crash, and no fewer than so many, the last one was
 * nobody's fault: by then each has been in work, though others have come in between, or another instance has taken it.
 */
const ACQUITTED_AFTER = 2;
const ACQUITTED_AFTER_AT_LEAST = 24;

/** More suspects than this are taken in groups at first: most crashes are a restart, and nobody's fault. */
const ONE_BY_ONE = 32;

interface Suspect {
  readonly bucket: Bucket;
  readonly reason: string;
  readonly times: number;
}

/**
 * Which buckets were in work when the server, or the connection to it, went down. While anybody is suspected, few buckets
 * are taken at a time, on one connection, so that the one that does it is told from its neighbours: of many the square
 * root, and one by one after that went down as well. After some more times alone it is to be set aside like one that fails.
 */
export class CrashLog {
  private readonly suspects = new Map<string, Suspect>();
  private done = 0;
  private most = 1;

  /** Nobody is suspected. */
  public get isEmpty(): boolean {
    return this.suspects.size === 0;
  }

  /** How many may be taken at a time. */
  public get atMost(): number {
    return this.isEmpty ? Infinity : this.most;
  }

  /** The server went down while these were in work. */
  public suspect(buckets: readonly Bucket[], reason: string): void {
    if (buckets.length === 0) {
      return; // it went down while nothing was
    }
    this.done = 0;
    const group = buckets.length > ONE_BY_ONE ? Math.ceil(Math.sqrt(buckets.length)) : 1;
    const before = new Map(this.suspects);
    if (buckets.every((bucket) => before.has(key(bucket)))) {
      this.suspects.clear(); // it was none of the others
      this.most = group;
    } else {
      // Of one crash every connection tells what it had in work.
      this.most = this.isEmpty ? group : Math.max(this.most, group);
    }
    for (const bucket of buckets) {
      const times = (before.get(key(bucket))?.times ?? 0) + (buckets.length === 1 ? 1 : 0);
      this.suspects.set(key(bucket), { bucket, reason, times });
    }
  }

  /** A transaction has ended well. */
  public acquit(): void {
    this.done += 1;
    const turns = Math.ceil(this.suspects.size / this.most);
    if (this.done >= Math.max(ACQUITTED_AFTER_AT_LEAST, ACQUITTED_AFTER * turns)) {
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
