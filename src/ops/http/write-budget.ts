const WINDOW_MS = 60_000;

/** Requesters remembered before those without a recent write are forgotten. */
const MAX_IDLE_REQUESTERS = 1_000;

/** Counts the writes of each requester over the last minute: a sliding window, in memory. */
export class WriteBudget {
  private readonly writes = new Map<string, number[]>();

  /**
   * @param perMinute writes that one requester has a minute
   * @param now monotonic clock in milliseconds
   */
  public constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Takes one write from the requester's budget.
   *
   * @returns 0 where it was granted, else the seconds until the next one will be; a refused one costs nothing
   */
  public take(requester: string): number {
    const now = this.now();
    this.forgetIdle(now);
    const recent = (this.writes.get(requester) ?? []).filter((at) => at > now - WINDOW_MS);
    this.writes.set(requester, recent);
    const [oldest] = recent;
    if (recent.length >= this.perMinute && oldest !== undefined) {
      return Math.max(1, Math.ceil((oldest + WINDOW_MS - now) / 1000));
    }
    recent.push(now);
    return 0;
  }

  private forgetIdle(now: number): void {
    if (this.writes.size <= MAX_IDLE_REQUESTERS) {
      return;
    }
    for (const [requester, recent] of this.writes) {
      if ((recent.at(-1) ?? 0) <= now - WINDOW_MS) {
        this.writes.delete(requester);
      }
    }
  }
}
