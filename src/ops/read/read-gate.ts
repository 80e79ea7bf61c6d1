import { OpsBusyError } from './read-errors.js';

/** How many reads may wait for each one that may run: ten dashboards that refresh at the same moment send fifty. */
const WAITING_PER_SLOT = 25;

/** Longest that a read waits for its turn, in milliseconds. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Lets so many reads at a time have a connection of the pool, in the order in which they came, so that the pool always
 * has one left for everybody else.
 */
export class ReadGate {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  /** @param slots from 1 */
  public constructor(
    private readonly slots: number,
    private readonly longestWaitMs = LONGEST_WAIT_MS,
  ) {}

  /** @throws OpsBusyError where the queue is full, or the turn does not come in time */
  public async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.slots) {
      this.running += 1;
    } else {
      await this.turn();
    }
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /** The slot passes from the one that leaves to the first that waits: nobody overtakes it. */
  private leave(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.running -= 1;
    } else {
      next();
    }
  }

  private async turn(): Promise<void> {
    if (this.waiting.size >= this.slots * WAITING_PER_SLOT) {
      throw new OpsBusyError(this.slots);
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        clearTimeout(timer);
        this.waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(go);
        reject(new OpsBusyError(this.slots));
      }, this.longestWaitMs);
      this.waiting.add(go);
    });
  }
}
