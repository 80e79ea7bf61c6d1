import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Rebuild } from './admin-types.js';
import { count, plural } from './format.js';
import type { PanelState } from './panel-states.js';
import { polled } from './polled.js';
import { rangeFields, readRange } from './range-fields.js';
import { cardHead, submitted } from './templates.js';
import { Tool } from './tool.js';
import { isoMinute, type TimeRange } from './view.js';
import { formatTime } from './zone.js';

const SHOWN_REBUILDS = 5;

/** Starts rebuilds, and follows and cancels those that run, whoever started them. */
export class RebuildPanel extends Tool {
  private rebuilds: readonly Rebuild[] = [];
  private readonly followed = new Set<string>();

  public show(rebuilds: readonly Rebuild[]): void {
    this.rebuilds = rebuilds;
    for (const rebuild of rebuilds) {
      void this.follow(rebuild);
    }
  }

  public template(range: TimeRange, { className, banner }: PanelState): TemplateResult {
    const shown = this.rebuilds.filter(({ state }, at) => at < SHOWN_REBUILDS || state === 'running');
    return html`<article class="card" data-panel="rebuild">
      ${cardHead('Rebuild', 'recomputes every closed hour of a range')}
      <form class="fields" aria-label="Rebuild" @submit=${submitted((form) => this.submit(form))}>
        ${rangeFields('rebuild', range, this.host.view.zone)}
        <label class="grow">
          <span>Reason <span class="note">optional</span></span>
          <input name="reason" type="text" maxlength="500" autocomplete="off" />
        </label>
        <label class="check">
          <input name="force" type="checkbox" />
          Force: also where raw rows may be gone and history would shrink
        </label>
        <button type="submit" class="primary" ?disabled=${this.busy}>Start rebuild</button>
      </form>
      ${this.message}
      <div id="rebuild-list" class=${className}>
        ${banner}
        <ul class="rebuilds">
          ${repeat(
            shown,
            ({ id }) => id,
            (rebuild) => this.item(rebuild),
          )}
        </ul>
      </div>
    </article>`;
  }

  private item(rebuild: Rebuild): TemplateResult {
    const { id, state, hours, estimatedEnd, reason, force } = rebuild;
    const { zone } = this.host.view;
    const [from, to] = [rebuild.from, rebuild.to].map((time) => formatTime(time, zone, 'dateTime'));
    const facts = [
      `${count(hours.done)} of ${plural(hours.total, 'hour')}`,
      hours.failed > 0 && `${count(hours.failed)} failed`,
      hours.cancelled > 0 && `${count(hours.cancelled)} cancelled`,
      estimatedEnd !== null && `until about ${formatTime(estimatedEnd, zone, 'seconds')}`,
      reason !== null && `“${reason}”`,
      force && 'forced',
    ];
    return html`<li data-rebuild=${id} data-state=${state} data-done=${hours.done} data-total=${hours.total}>
      <div class="rebuild-head">
        <b>#${id}</b> ${from} – ${to} <span class="badge ${state}">${state}</span>
        ${state === 'running' ? this.cancelButton(`rebuild ${id}`, () => this.cancel(id)) : nothing}
      </div>
      ${
        state === 'running'
          ? this.progress(`rebuild ${id}`, hours.done + hours.failed + hours.cancelled, hours.total)
          : nothing
      }
      <div class="note">${facts.filter((text) => text !== false).join(' · ')}</div>
    </li>`;
  }

  private async submit(form: HTMLFormElement): Promise<void> {
    const range = readRange(form, this.host.view.zone);
    if (range === null) {
      return;
    }
    const data = new FormData(form);
    const reason = (data.get('reason') as string).trim();
    await this.busily('Not started', async () => {
      const rebuild = await this.host.api.send<Rebuild>('POST', 'rebuilds', {
        from: isoMinute(range.from),
        to: isoMinute(range.to),
        ...(data.has('force') && { force: true }),
        ...(reason !== '' && { reason }),
      });
      (form.elements.namedItem('force') as HTMLInputElement).checked = false;
      this.say(`Rebuild ${rebuild.id} of ${plural(rebuild.hours.total, 'hour')} has started.`);
      this.put(rebuild);
      void this.follow(rebuild);
    });
  }

  private async cancel(id: string): Promise<void> {
    this.put(await this.host.api.send<Rebuild>('DELETE', `rebuilds/${id}`));
  }

  /** Until it has ended, over whatever failures. */
  private async follow(first: Rebuild): Promise<void> {
    const { id } = first;
    const { api } = this.host;
    if (first.state !== 'running' || this.followed.has(id)) {
      return;
    }
    this.followed.add(id);
    let latest = first;
    while (latest.state === 'running' && !api.signal.aborted) {
      await this.attempt(`The progress of rebuild ${id} was lost, asking again`, async () => {
        await polled(api, 'rebuilds', latest, (rebuild) => {
          latest = rebuild;
          this.put(rebuild);
        });
      });
    }
    this.followed.delete(id);
    this.host.load();
  }

  private put(rebuild: Rebuild): void {
    const known = this.rebuilds.some(({ id }) => id === rebuild.id);
    this.rebuilds = known
      ? this.rebuilds.map((one) => (one.id === rebuild.id ? rebuild : one))
      : [rebuild, ...this.rebuilds];
    this.host.changed();
  }
}
