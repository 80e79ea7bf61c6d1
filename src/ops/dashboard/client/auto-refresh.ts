import type { TemplateResult } from 'lit-html';
import { storedRefresh } from './storage.js';
import { select } from './templates.js';

/** Seconds between two refreshes. */
const CHOICES = [
  ['0', 'off'],
  ['10', '10 s'],
  ['30', '30 s'],
  ['60', '60 s'],
] as const;
const DEFAULT_SECONDS = '10';
/** A range that has ended changes by late rows only: it is asked for again after this many seconds at the earliest. */
const PAST_SECONDS = 60;

/** Asks for new numbers every so many seconds, while somebody is looking. */
export class AutoRefresh {
  private seconds: string = CHOICES.find(([value]) => value === storedRefresh.get())?.[0] ?? DEFAULT_SECONDS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param signal until when */
  public constructor(
    private readonly onDue: () => void,
    private readonly isRecent: () => boolean,
    private readonly signal: AbortSignal,
  ) {
    const look = (): void => {
      if (this.seconds !== '0') {
        this.ask();
      }
    };
    document.addEventListener('visibilitychange', look, { signal });
  }

  public template(): TemplateResult {
    const choose = (seconds: string): void => {
      this.seconds = seconds;
      storedRefresh.set(seconds);
      this.start();
    };
    const title = 'While the page is looked at; a range that has ended, at most once a minute';
    return select('auto-refresh', 'Refresh', CHOICES, this.seconds, choose, title);
  }

  /** Counts from now on. */
  public readonly start = (): void => {
    this.stop();
    if (this.seconds !== '0' && !this.signal.aborted) {
      const seconds = Math.max(Number(this.seconds), this.isRecent() ? 0 : PAST_SECONDS);
      this.timer = setTimeout(() => {
        this.ask();
      }, seconds * 1000);
    }
  };

  public stop(): void {
    clearTimeout(this.timer);
  }

  private ask(): void {
    if (!document.hidden) {
      this.onDue();
    }
  }
}
