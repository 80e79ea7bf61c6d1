import { html, type TemplateResult } from 'lit-html';
import type { Verification, VerificationSummary } from './admin-types.js';
import { count, counts, plural } from './format.js';
import type { PanelState } from './panel-states.js';
import { polled } from './polled.js';
import { rangeFields, readRange } from './range-fields.js';
import { runColumns } from './runs.js';
import { Table, type Column } from './table.js';
import { button, cardHead, submitted } from './templates.js';
import { Tool } from './tool.js';
import { FoundTables } from './verify-tables.js';
import { isoMinute, type TimeRange } from './view.js';

/** Compares stored buckets with the raw rows, and shows how far it is and where they differ. */
export class VerifyPanel extends Tool {
  private run: Verification | null = null;
  private verifications: readonly VerificationSummary[] = [];
  private readonly table = new Table<VerificationSummary>();
  private readonly found = new FoundTables(this.host);

  /** Follows the one that runs already, whoever started it. */
  public show(verifications: readonly VerificationSummary[]): void {
    this.verifications = verifications;
    const [latest] = verifications;
    if (latest?.state === 'running' && !this.busy) {
      void this.follow('The verification was lost', () => this.get(latest.id));
    }
  }

  public template(range: TimeRange, { className, banner }: PanelState): TemplateResult {
    const { run } = this;
    const rows = className === 'waiting' ? null : this.verifications;
    return html`<article class="card" data-panel="verify">
      ${cardHead('Verify', 'recomputes a range another way and compares')}
      <form class="fields" aria-label="Verify" @submit=${submitted((form) => this.submit(form))}>
        ${rangeFields('verify', range, this.host.view.zone)}
        <label class="check">
          <input name="fix" type="checkbox" />
          <span>
            Fix: notes every bucket that differs for recomputation
            <span class="note">The next refresh overwrites them with what their raw rows give.</span>
          </span>
        </label>
        <button type="submit" class="primary" ?disabled=${this.busy}>
          ${this.busy ? 'Verifying…' : 'Verify'}
        </button>
      </form>
      ${this.message} ${run?.state === 'running' && this.busy ? this.running(run) : ''}
      <div class="verify-result">
        ${run === null || run.state === 'running' ? '' : this.found.template(run)}
      </div>
      <div id="verify-list" class="history ${className}">
        ${banner}
        ${
          rows?.length === 0
            ? html`<p class="empty">
                No verification yet. Start one to see whether what is stored is right.
              </p>`
            : this.table.template(this.host, {
                ...{ name: 'Verifications', columns: this.columns(), rows },
                ...{ atFirst: 5, idOf: ({ id }) => id },
              })
        }
      </div>
    </article>`;
  }

  private columns(): readonly Column<VerificationSummary>[] {
    const open = (id: string) => (): Promise<void> => this.follow('Not opened', () => this.get(id));
    return [
      ...runColumns(this.host),
      {
        key: 'hours',
        head: 'Hours',
        cell: ({ hours, hoursTotal }) => `${count(hours)} of ${count(hoursTotal)}`,
      },
      {
        ...{ key: 'found', head: 'Differences', format: counts, place: 'phone' },
        value: ({ differenceCount }) => differenceCount,
        classOf: ({ differenceCount }) => (differenceCount > 0 ? 'level-critical' : ''),
        cell: ({ fix, differenceCount }, text) => (fix && differenceCount > 0 ? `${text}, noted` : text),
      },
      {
        ...{ key: 'open', head: 'Report' },
        cell: ({ id }) =>
          button('Open', open(id), {
            ...{ classes: 'row-filter', label: `Open verification ${id}`, disabled: this.busy },
          }),
      },
    ];
  }

  private readonly get = (id: string): Promise<Verification> => this.host.api.get(`verify/${id}`);

  private running({ id, hours, hoursTotal, cancelRequestedAt }: Verification): TemplateResult {
    const what = `verification ${id}`;
    const cancel = async (): Promise<void> => {
      await this.host.api.send('DELETE', `verify/${id}`);
    };
    return html`<div class="verify-progress">
      ${this.progress(what, hours, hoursTotal)} ${this.cancelButton(what, cancel, cancelRequestedAt !== null)}
    </div>`;
  }

  private async submit(form: HTMLFormElement): Promise<void> {
    const range = readRange(form, this.host.view.zone);
    if (range === null || this.busy) {
      return;
    }
    const body = {
      from: isoMinute(range.from),
      to: isoMinute(range.to),
      ...(new FormData(form).has('fix') && { fix: true }),
    };
    await this.follow('Not verified', () => this.host.api.send<Verification>('POST', 'verify', body));
  }

  private async follow(failed: string, begin: () => Promise<Verification>): Promise<void> {
    this.run = null;
    this.say('Comparing…');
    await this.busily(failed, async () => {
      await polled(this.host.api, 'verify', await begin(), (run) => {
        this.run = run;
        this.tell(run);
      });
      this.host.load();
    });
  }

  private tell(run: Verification): void {
    const {
      state,
      error,
      hours,
      hoursTotal,
      differenceCount,
      unjudgedCount,
      notedMinutes,
      notedHours,
      notedDays,
    } = run;
    const differences = plural(differenceCount, 'difference');
    if (state === 'running') {
      const found = differenceCount > 0 ? `, ${differences} so far` : '';
      this.say(`Comparing: ${count(hours)} of ${plural(hoursTotal, 'hour')}${found}.`);
      return;
    }
    const compared =
      state === 'finished'
        ? `${plural(hours, 'hour')} compared`
        : `${state} after ${count(hours)} of ${plural(hoursTotal, 'hour')}`;
    const because = error === null ? '' : ` (${error})`;
    const unjudged =
      unjudgedCount > 0 ? ` ${plural(unjudgedCount, 'bucket')} could not be judged in full.` : '';
    const noted =
      notedMinutes + notedHours + notedDays > 0
        ? ` ${plural(notedMinutes, 'minute')}, ${plural(notedHours, 'hour')} and ${plural(notedDays, 'day')} noted for recomputation.`
        : '';
    const none = differenceCount === 0;
    const kind = !none || state === 'failed' ? 'bad' : state === 'finished' ? 'good' : '';
    this.say(`${none ? 'No difference' : differences}: ${compared}${because}.${unjudged}${noted}`, kind);
  }
}
