import { ApiError } from './api.js';

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;
/** Refusals that may pass: everything else below 500 is refused again. */
const PASSING = new Set([408, 429]);

/** Whether the same question may get an answer later. */
export const mayPass = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status >= 500 || PASSING.has(error.status);

/** Asks again after a failure: in 5 s, then after pauses that double up to a minute, or when the server said. */
export class RetryTimer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pause = FIRST_PAUSE_MS;

  public constructor(private readonly onDue: () => void) {}

  public get running(): boolean {
    return this.timer !== undefined;
  }

  public start(errors: readonly unknown[]): void {
    const asked = errors.map((error) => (error instanceof ApiError ? error.retryAfterMs : 0));
    this.stop();
    this.timer = setTimeout(
      () => {
        this.stop();
        this.onDue();
      },
      Math.max(this.pause, ...asked),
    );
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  /** All is well: the next failure is a first one. */
  public reset(): void {
    this.stop();
    this.pause = FIRST_PAUSE_MS;
  }

  public stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
