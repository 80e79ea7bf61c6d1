import { html, nothing, type TemplateResult } from 'lit-html';
import type { Rebuild, RunState } from './admin-types.js';
import { ago } from './ago.js';
import { count, durations } from './format.js';
import type { PanelState } from './panel-states.js';
import { polled } from './polled.js';
import { rangeFields, readRange } from './range-fields.js';
import { column, measure, Table, type Column } from './table.js';
import { button, cardHead, submitted, type Content } from './templates.js';
import { Tool } from './tool.js';
import { isoMinute, type TimeRange } from './view.js';
import { formatTime } from './zone.js';

/** A rebuild or a verification, with what only one of them has. */
type Run = Pick<RunState, 'id' | 'state' | 'requestedBy' | 'startedAt' | 'finishedAt'> &
  Pick<Rebuild, 'from' | 'to'> &
  Partial<Pick<Rebuild, 'cancelledAt' | 'estimatedEnd'> & Pick<RunState, 'cancelRequestedAt'>>;

const isRunning = ({ state }: Run): boolean => state === 'running';

/** Starts what the server does with a range, follows and cancels those that run, whoever started them, and lists all. */
export abstract class RunPanel<R extends Run> extends Tool {
  /** `none`: what to do where there is none yet. */
  protected abstract readonly words: Readonly<
    Record<'path' | 'noun' | 'title' | 'note' | 'button' | 'failed' | 'none', string>
  >;
  protected runs: readonly R[] = [];
  private readonly followed = new Set<string>();
  private readonly table = new Table<R>();

  public show(runs: readonly R[]): void {
    this.runs = runs;
    runs.forEach((run) => void this.follow(run));
  }

  public template(range: TimeRange, { className, banner }: PanelState): TemplateResult {
    const { noun, title, note, none, button: label } = this.words;
    const rows = className === 'waiting' ? null : this.runs;
    return html`<article class="card" data-panel=${title.toLowerCase()}>
      ${cardHead(title, note)}
      <form class="fields" aria-label=${title} @submit=${submitted((form) => this.submit(form))}>
        ${rangeFields(title.toLowerCase(), range, this.host.view.zone)} ${this.fields}
        <button type="submit" class="primary" ?disabled=${this.isBlocked}>${label}</button>
      </form>
      ${this.message} ${this.report()}
      <div class="history ${className}">
        ${banner}
        ${this.table.template(this.host, {
          ...{ name: `${noun}s`, columns: this.columns, rows, none, atFirst: 5, always: isRunning },
          idOf: ({ id }) => id,
        })}
      </div>
    </article>`;
  }

  protected abstract readonly fields: TemplateResult;
  protected abstract readonly columns: readonly Column<R>[];
  /** Hours that are over, and how many there are. */
  protected abstract readonly hoursOf: (run: R) => readonly [done: number, total: number];
  protected abstract tell(run: R, isNew: boolean): void;

  protected report = (): Content => nothing;

  protected get isBlocked(): boolean {
    return this.busy;
  }

  protected check(name: string, label: string, what: string): TemplateResult {
    return html`<label class="check">
      <input name=${name} type="checkbox" />
      <span>${label} <span class="note">${what}</span></span>
    </label>`;
  }

  /** What, how far, who, when and how long. */
  protected get runColumns(): readonly Column<R>[] {
    const time = (at: string): string =>
      formatTime(at, this.host.view.zone, 'dateTime').replaceAll(' ', '\u00a0');
    return [
      column('run', 'Run', {
        value: ({ id }) => Number(id),
        cell: ({ id, state }) => html`#${id} <span class="badge ${state}">${state}</span>`,
      }),
      column('hours', 'Hours', { place: 'phone', cell: (run) => this.progressOf(run) }),
      column('range', 'Range', { cell: ({ from, to }) => `${time(from)}\u00a0– ${time(to)}` }),
      column('who', 'By whom', {
        value: ({ requestedBy }) => requestedBy,
        cell: (_, text) => html`<span class="long" tabindex="0">${text}</span>`,
      }),
      column('started', 'Started', { cell: ({ startedAt }) => ago(startedAt, this.host) }),
      measure('took', 'Took', (run) => this.tookMs(run), durations, {
        cell: (run, text) => (isRunning(run) ? `${text} so far` : text),
      }),
    ];
  }

  private tookMs(run: R): number | null {
    const end = isRunning(run) ? this.host.now : Date.parse(run.finishedAt ?? run.cancelledAt ?? '');
    return Number.isNaN(end) ? null : Math.max(0, end - Date.parse(run.startedAt));
  }

  private progressOf(run: R): Content {
    const [done, total] = this.hoursOf(run);
    const hours = `${count(done)}\u00a0of\u00a0${count(total)}`;
    if (!isRunning(run)) {
      return hours;
    }
    const what = `${this.words.noun.toLowerCase()} ${run.id}`;
    const cancel = (): Promise<void> =>
      this.attempt('Not cancelled', async () => {
        this.put(await this.host.api.send<R>('DELETE', `${this.words.path}/${run.id}`));
      });
    return html`${hours}
      <progress max=${Math.max(1, total)} .value=${done} aria-label="Progress of ${what}"></progress>
      ${run.estimatedEnd == null ? nothing : html`<small>done ${ago(run.estimatedEnd, this.host)}</small>`}
      ${button('Cancel', cancel, {
        ...{ classes: 'quiet', label: `Cancel ${what}`, disabled: run.cancelRequestedAt != null },
      })}`;
  }

  private async submit(form: HTMLFormElement): Promise<void> {
    const range = readRange(form, this.host.view.zone);
    if (range === null || this.isBlocked) {
      return;
    }
    const checked = form.querySelectorAll<HTMLInputElement>(':checked');
    const given = [...new FormData(form)].filter(([, value]) => value !== '');
    await this.busily(this.words.failed, async () => {
      const run = await this.host.api.send<R>('POST', this.words.path, {
        ...Object.fromEntries(given.map(([name, value]) => [name, value === 'on' || value])),
        ...{ from: isoMinute(range.from), to: isoMinute(range.to) },
      });
      // What is not to be done by mistake the next time.
      checked.forEach((box) => (box.checked = false));
      this.put(run, true);
      void this.follow(run);
    });
  }

  /** Until it has ended, over whatever failures. */
  private async follow(run: R): Promise<void> {
    const { api } = this.host;
    if (!isRunning(run) || this.followed.has(run.id)) {
      return;
    }
    let latest = run;
    const see = (seen: R): void => {
      latest = seen;
      this.put(seen);
    };
    this.followed.add(run.id);
    while (isRunning(latest) && !api.signal.aborted) {
      const ask = (): Promise<R> => polled(api, this.words.path, latest, see);
      await this.attempt(`How far ${run.id} is was not told, asking again`, ask);
    }
    this.followed.delete(run.id);
    this.host.load();
  }

  private put(run: R, isNew = false): void {
    this.tell(run, isNew);
    const isKnown = this.runs.some(({ id }) => id === run.id);
    this.runs = isKnown ? this.runs.map((one) => (one.id === run.id ? run : one)) : [run, ...this.runs];
    this.host.changed();
  }
}
