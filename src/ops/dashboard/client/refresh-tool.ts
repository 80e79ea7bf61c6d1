import { html, type TemplateResult } from 'lit-html';
import type { Refresh } from './admin-types.js';
import { milliseconds, plural } from './format.js';
import { polled } from './polled.js';
import { button } from './templates.js';
import { Tool } from './tool.js';

/** A button that has everything detected and drained at once. */
export class RefreshTool extends Tool {
  public template(): TemplateResult {
    return html`${button('Refresh now', () => this.refresh(), { disabled: this.busy })} ${this.message}`;
  }

  private async refresh(): Promise<void> {
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
  }
}
