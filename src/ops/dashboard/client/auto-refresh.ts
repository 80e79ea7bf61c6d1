import { byId } from './dom.js';
import { storedRefresh } from './storage.js';

const DEFAULT_SECONDS = '30';

/** Asks for new numbers every so many seconds, while somebody is looking. */
export class AutoRefresh {
  private readonly choice = byId('auto-refresh', HTMLSelectElement);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;

  public constructor(private readonly onDue: () => void) {
    this.choice.value = storedRefresh.get() ?? DEFAULT_SECONDS;
    if (this.choice.value === '') {
      this.choice.value = DEFAULT_SECONDS; // what was stored is none of the choices
    }
    this.choice.addEventListener('change', () => {
      storedRefresh.set(this.choice.value);
      if (this.running) {
        this.restart();
      }
    });
    document.addEventListener('visibilitychange', () => {
      if (this.running && !document.hidden && this.choice.value !== '0') {
        this.onDue();
      }
    });
  }

  /** Counts from now on. */
  public restart(): void {
    this.stop();
    this.running = true;
    const seconds = Number(this.choice.value);
    if (seconds > 0) {
      this.timer = setTimeout(() => {
        if (!document.hidden) {
          this.onDue();
        }
      }, seconds * 1000);
    }
  }

  public stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }
}
