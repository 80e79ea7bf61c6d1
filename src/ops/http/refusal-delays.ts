/** Refusals of one address that are answered at once; one minute without any and they are forgotten. */
const FREE_REFUSALS = 20;
const FORGOTTEN_AFTER_MS = 60_000;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;

/** Refusals of one address that may wait for their answer at the same time: more of them would only hold connections. */
const MAX_WAITING = 10;

/** Addresses that are remembered: the one that was refused longest ago makes room. */
const MAX_ADDRESSES = 10_000;

interface Refused {
  readonly count: number;
  readonly waiting: number;
  /** When the last one was. */
  readonly at: number;
}

/**
 * Slows down who tries tokens: beyond some refusals a minute, each further one of an address is answered later than
 * the one before, by two seconds at most. Whoever is let in is never delayed, so that nobody can lock an admin out by
 * failing from the same address (that of a reverse proxy, say).
 *
 * In memory and per instance; a guess costs an attacker time on each replica alike.
 */
export class RefusalDelays {
  /** Refused since the process started. */
  public total = 0;
  private readonly addresses = new Map<string, Refused>();

  /** @param now monotonic clock in milliseconds */
  public constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Whether as many refusals of the address wait for their answer as may: then a request is refused unseen, or
   * guessing in parallel would get round the delay.
   */
  public isFull(address: string): boolean {
    return (this.addresses.get(address)?.waiting ?? 0) >= MAX_WAITING;
  }

  /** Seconds after which it is worth while to try again where {@link isFull}. */
  public get retryAfterSeconds(): number {
    return LONGEST_DELAY_MS / 1000;
  }

  /**
   * Counts a refusal.
   *
   * @returns the milliseconds to wait with the answer; call {@link end} then
   */
  public begin(address: string): number {
    const at = this.now();
    const known = this.addresses.get(address);
    const forgotten = known === undefined || at - known.at > FORGOTTEN_AFTER_MS;
    const count = (forgotten ? 0 : known.count) + 1;
    this.total += 1;
    this.remember(address, { count, waiting: (known?.waiting ?? 0) + 1, at });
    return count <= FREE_REFUSALS
      ? 0
      : Math.min(FIRST_DELAY_MS * 2 ** (count - FREE_REFUSALS - 1), LONGEST_DELAY_MS);
  }

  /** The refusal that {@link begin} counted is answered. */
  public end(address: string): void {
    const known = this.addresses.get(address);
    if (known !== undefined) {
      this.addresses.set(address, { ...known, waiting: Math.max(0, known.waiting - 1) });
    }
  }

  /** A map keeps the order of insertion: its first address is the one that was refused longest ago. */
  private remember(address: string, refused: Refused): void {
    this.addresses.delete(address);
    this.addresses.set(address, refused);
    const [oldest] = this.addresses.keys();
    if (this.addresses.size > MAX_ADDRESSES && oldest !== undefined) {
      this.addresses.delete(oldest);
    }
  }
}
