import type { Rebuild, Refresh, Status } from './admin-types.js';
import { describe, type Api } from './api.js';
import { byId, setText } from './dom.js';
import { milliseconds, plural } from './format.js';
import { renderFacts } from './operations-facts.js';
import { polled } from './polled.js';
import { RebuildPanel } from './rebuild-panel.js';
import { VerifyPanel } from './verify-panel.js';
import type { TimeRange } from './view.js';
import type { Zone } from './zone.js';

/** The lower end of the page: how the rollup does, and what can be done about it. */
export class Operations {
  private readonly rebuilds: RebuildPanel;
  private readonly verification: VerifyPanel;
  private readonly refreshNow = byId('refresh-now', HTMLButtonElement);
  private readonly message = byId('refresh-message', HTMLElement);

  public constructor(
    private readonly api: () => Api | null,
    private readonly onChanged: () => void,
  ) {
    this.rebuilds = new RebuildPanel(api, onChanged);
    this.verification = new VerifyPanel(api);
    byId('tools', HTMLElement).append(this.rebuilds.element, this.verification.element);
    this.refreshNow.addEventListener('click', () => void this.refresh());
  }

  public showStatus(status: Status, range: TimeRange, zone: Zone): void {
    renderFacts(byId('facts', HTMLElement), status, zone);
    // What can be rebuilt or verified are closed hours.
    const to = Math.min(range.to, Date.parse(status.closedThrough));
    const closed = { from: Math.min(range.from, to - 3_600_000), to };
    this.rebuilds.showRange(closed, zone);
    this.verification.show(closed, zone);
  }

  public showRebuilds(rebuilds: readonly Rebuild[], zone: Zone): void {
    this.rebuilds.showList(rebuilds, zone);
  }

  public stop(): void {
    this.rebuilds.stop();
    this.verification.stop();
    setText(this.message, '');
  }

  private async refresh(): Promise<void> {
    const api = this.api();
    if (api === null) {
      return;
    }
    this.refreshNow.disabled = true;
    this.say('Refreshing…', false);
    try {
      const started = await api.send<Refresh>('POST', 'refresh');
      const { refresh, maintenance, state, error } = await polled(api, 'refresh', started);
      if (refresh !== null && maintenance !== null) {
        this.say(
          `Recomputed ${plural(refresh.drainedHours, 'hour')} and ${plural(refresh.drainedDays, 'day')} in ` +
            `${milliseconds(refresh.ms + maintenance.ms)}; ${plural(refresh.pendingHours, 'hour')} pending.`,
          false,
        );
      } else {
        this.say(`Not refreshed: ${error ?? state}.`, true);
      }
      this.onChanged();
    } catch (error) {
      this.say(`Not refreshed: ${describe(error)}.`, true);
    } finally {
      this.refreshNow.disabled = false;
    }
  }

  private say(text: string, bad: boolean): void {
    this.message.classList.toggle('bad', bad);
    setText(this.message, text);
  }
}
