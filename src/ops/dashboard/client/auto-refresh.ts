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
const DEFAULT_SECONDS = '30';

/** Asks for new numbers every so many seconds, while somebody is looking. */
export class AutoRefresh {
  private seconds: string = CHOICES.find(([value]) => value === storedRefresh.get())?.[0] ?? DEFAULT_SECONDS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param signal until when */
  public constructor(
    private readonly onDue: () => void,
    signal: AbortSignal,
  ) {
    const look = (): void => {
      if (this.seconds !== '0') {
        this.ask();
      }
    };
    document.addEventListener('visibilitychange', look, { signal });
  }

  public template(): TemplateResult {
    return select('auto-refresh', 'Refresh', CHOICES, this.seconds, (seconds) => {
      this.seconds = seconds;
      storedRefresh.set(seconds);
      this.start();
    });
  }

  /** Counts from now on. */
  public start(): void {
    this.stop();
    if (this.seconds !== '0') {
      this.timer = setTimeout(
        () => {
          this.ask();
        },
        Number(this.seconds) * 1000,
      );
    }
  }

  public stop(): void {
    clearTimeout(this.timer);
  }

  private ask(): void {
    if (!document.hidden) {
      this.onDue();
    }
  }
}
