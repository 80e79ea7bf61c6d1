import { html, nothing, type TemplateResult } from 'lit-html';
import type { Rebuild } from './admin-types.js';
import { ago } from './ago.js';
import { count, plural } from './format.js';
import type { PanelState } from './panel-states.js';
import { polled } from './polled.js';
import { rangeFields, readRange } from './range-fields.js';
import { runColumns } from './runs.js';
import { Table, type Column } from './table.js';
import { cardHead, submitted } from './templates.js';
import { Tool } from './tool.js';
import { isoMinute, type TimeRange } from './view.js';

const isRunning = ({ state }: Rebuild): boolean => state === 'running';

/** Starts rebuilds, and follows and cancels those that run, whoever started them. */
export class RebuildPanel extends Tool {
  private rebuilds: readonly Rebuild[] = [];
  private readonly table = new Table<Rebuild>();
  private readonly followed = new Set<string>();

  public show(rebuilds: readonly Rebuild[]): void {
    this.rebuilds = rebuilds;
    for (const rebuild of rebuilds) {
      void this.follow(rebuild);
    }
  }

  public template(range: TimeRange, { className, banner }: PanelState): TemplateResult {
    const rows = className === 'waiting' ? null : this.rebuilds;
    return html`<article class="card" data-panel="rebuild">
      ${cardHead('Rebuild', 'recomputes every closed hour of a range from its raw rows')}
      <form class="fields" aria-label="Rebuild" @submit=${submitted((form) => this.submit(form))}>
        ${rangeFields('rebuild', range, this.host.view.zone)}
        <label class="grow">
          <span>Reason <span class="note">optional</span></span>
          <input name="reason" type="text" maxlength="500" autocomplete="off" />
        </label>
        <label class="check">
          <input name="force" type="checkbox" />
          <span>
            Force: overwrites also where raw rows may be gone
            <span class="note">What is stored of such hours is lost for good, and history shrinks.</span>
          </span>
        </label>
        <button type="submit" class="primary" ?disabled=${this.busy}>
          ${this.busy ? 'Starting…' : 'Start rebuild'}
        </button>
      </form>
      ${this.message}
      <div id="rebuild-list" class="history ${className}">
        ${banner}
        ${
          rows?.length === 0
            ? html`<p class="empty">
                No rebuild yet. Start one where raw rows were corrected or imported late.
              </p>`
            : this.table.template(this.host, {
                ...{ name: 'Rebuilds', columns: this.columns(), rows },
                ...{ atFirst: 5, always: isRunning, idOf: ({ id }) => id },
              })
        }
      </div>
    </article>`;
  }

  private columns(): readonly Column<Rebuild>[] {
    return [
      ...runColumns(this.host),
      {
        ...{ key: 'hours', head: 'Hours', place: 'phone' },
        cell: (rebuild) => this.hours(rebuild),
      },
      {
        ...{ key: 'reason', head: 'Reason' },
        cell: ({ reason, force }) =>
          html`${force ? html`<span class="badge">forced</span>` : nothing}
          ${reason === null ? '' : `“${reason}”`}`,
      },
    ];
  }

  private hours({
    id,
    state,
    hours: { done, total, failed, cancelled },
    estimatedEnd,
  }: Rebuild): TemplateResult {
    const rest = [
      failed > 0 && `${count(failed)} failed`,
      cancelled > 0 && `${count(cancelled)} cancelled`,
    ].filter((text) => text !== false);
    const running = html`${this.progress(`rebuild ${id}`, done + failed + cancelled, total)}
    ${estimatedEnd === null ? nothing : html`<small>done ${ago(estimatedEnd, this.host)}</small>`}
    ${this.cancelButton(`rebuild ${id}`, () => this.cancel(id))}`;
    return html`${count(done)} of ${count(total)}
    ${rest.length > 0 ? html`<small class=${failed > 0 ? 'level-critical' : ''}>${rest.join(', ')}</small>` : nothing}
    ${state === 'running' ? running : nothing}`;
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
