import { html, type TemplateResult } from 'lit-html';
import type { Refresh, Status } from './admin-types.js';
import { milliseconds, plural } from './format.js';
import { OperationsFacts } from './operations-facts.js';
import type { PanelState } from './panel-states.js';
import { polled } from './polled.js';
import { RebuildPanel } from './rebuild-panel.js';
import { button } from './templates.js';
import { Tool } from './tool.js';
import { VerifyPanel } from './verify-panel.js';

const HOUR = 3_600_000;

/** How the rollup does, and what can be done about it: a page of its own. */
export class OperationsPage extends Tool {
  public readonly rebuilds = new RebuildPanel(this.host);
  public readonly verifications = new VerifyPanel(this.host);
  private readonly facts = new OperationsFacts(this.host);

  /** @param status null until it is known */
  public template(
    status: Status | null,
    states: Readonly<Record<'status' | 'rebuilds' | 'verifications', PanelState>>,
  ): TemplateResult {
    const { range } = this.host;
    const { className, banner } = states.status;
    // What can be rebuilt or verified are closed hours.
    const to = Math.min(range.to, Date.parse(status?.closedThrough ?? '') || range.to);
    const closed = { from: Math.min(range.from, to - HOUR), to };
    return html`<section id="operations" aria-labelledby="operations-title">
      <div class="section-head">
        <h2 id="operations-title">Rollup</h2>
        ${button('Refresh now', this.refresh, { disabled: this.busy })} ${this.message}
      </div>
      <div id="facts" class=${className}>${banner} ${this.facts.template(status)}</div>
      <div class="section-head">
        <h2>Recompute and compare</h2>
        <p class="note">Of closed hours; what runs goes on when this page is closed.</p>
      </div>
      <div class="operations">
        ${this.rebuilds.template(closed, states.rebuilds)}
        ${this.verifications.template(closed, states.verifications)}
      </div>
    </section>`;
  }

  /** Has everything detected and drained at once. */
  private readonly refresh = async (): Promise<void> => {
    const { api } = this.host;
    this.say('Refreshing…');
    await this.busily('Not refreshed', async () => {
      const started = await api.send<Refresh>('POST', 'refresh');
      const { refresh, maintenance, state, error } = await polled(api, 'refresh', started);
      if (refresh !== null && maintenance !== null) {
        this.say(
          `Recomputed ${plural(refresh.drainedHours, 'hour')} and ${plural(refresh.drainedDays, 'day')} in ` +
            `${milliseconds(refresh.ms + maintenance.ms)}; ${plural(refresh.pendingHours, 'hour')} pending.`,
        );
      } else {
        this.say(`Not refreshed: ${error ?? state}.`, 'bad');
      }
      this.host.load();
    });
  };
}
