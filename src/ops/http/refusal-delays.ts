import { setTimeout as sleep } from 'node:timers/promises';

/** Refusals of one address that are answered at once; after a minute without any they are forgotten. */
const FREE_REFUSALS = 20;
const FORGOTTEN_AFTER_MS = 60_000;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;

/** Refusals of one address that may wait for their answer at the same time: each of them holds a connection. */
const MAX_WAITING = 10;

/** Addresses that are remembered: the one that was refused longest ago makes room. */
const MAX_ADDRESSES = 10_000;

/** Seconds after which it is worth while to try again where too many wait. */
export const RETRY_AFTER_SECONDS = LONGEST_DELAY_MS / 1000;

interface Refused {
  readonly count: number;
  readonly waiting: number;
  /** When the last one was. */
  readonly at: number;
}

/**
 * Slows down who tries tokens: beyond some refusals a minute, each further one of an address is answered later than
 * the one before, by two seconds at most. Whoever is let in is never delayed, so that nobody can lock an admin out
 * for longer by failing from the same address (that of a reverse proxy, say).
 *
 * In memory, and each instance by itself.
 */
export class RefusalDelays {
  private refused = 0;
  private readonly addresses = new Map<string, Refused>();

  /**
   * @param now monotonic clock in milliseconds
   * @param wait resolves after so many milliseconds
   */
  public constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly wait: (ms: number) => Promise<unknown> = (ms) => sleep(ms, undefined, { ref: false }),
  ) {}

  /** Requests refused since the process started. */
  public get total(): number {
    return this.refused;
  }

  /** How many addresses are remembered. */
  public get size(): number {
    return this.addresses.size;
  }

  /**
   * Whether a request of the address is to be refused unseen, and counts it if so: as many refusals wait for their
   * answer as may, and guessing in parallel would get round the delay.
   */
  public refusesUnseen(address: string): boolean {
    const full = (this.addresses.get(address)?.waiting ?? 0) >= MAX_WAITING;
    if (full) {
      this.refused += 1;
    }
    return full;
  }

  /** Counts a refusal, and resolves when it may be answered. */
  public async refuse(address: string): Promise<void> {
    const at = this.now();
    const known = this.addresses.get(address);
    const forgotten = known === undefined || at - known.at > FORGOTTEN_AFTER_MS;
    const count = (forgotten ? 0 : known.count) + 1;
    this.refused += 1;
    this.remember(address, { count, waiting: (known?.waiting ?? 0) + 1, at });
    if (count > FREE_REFUSALS) {
      await this.wait(Math.min(FIRST_DELAY_MS * 2 ** (count - FREE_REFUSALS - 1), LONGEST_DELAY_MS));
    }
    const then = this.addresses.get(address);
    if (then !== undefined) {
      this.addresses.set(address, { ...then, waiting: Math.max(0, then.waiting - 1) });
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
