import { html, type TemplateResult } from 'lit-html';
import type { Verification, VerificationSummary } from './admin-types.js';
import { count, plural } from './format.js';
import { polled } from './polled.js';
import { rangeFields, readRange } from './range-fields.js';
import { cardHead, submitted } from './templates.js';
import { Tool } from './tool.js';
import { differenceTable, unjudgedTable } from './verify-tables.js';
import { isoMinute, type TimeRange } from './view.js';

/** Compares stored buckets with the raw rows, and shows how far it is and where they differ. */
export class VerifyPanel extends Tool {
  private run: Verification | null = null;

  public template(range: TimeRange): TemplateResult {
    const { run } = this;
    const { zone } = this.host.view;
    return html`<article class="card" data-panel="verify">
      ${cardHead('Verify', 'recomputes a range another way and compares')}
      <form class="fields" aria-label="Verify" @submit=${submitted((form) => this.submit(form))}>
        ${rangeFields('verify', range, zone)}
        <label class="check">
          <input name="fix" type="checkbox" /> Fix: note every bucket that differs for recomputation
        </label>
        <button type="submit" class="primary" ?disabled=${this.busy}>Verify</button>
      </form>
      ${this.message} ${run?.state === 'running' && this.busy ? this.running(run) : ''}
      <div class="verify-result">
        ${run === null || run.state === 'running' ? '' : [differenceTable(run, zone), unjudgedTable(run, zone)]}
      </div>
    </article>`;
  }

  /** Follows the one that runs already, whoever started it. */
  public async resume(): Promise<void> {
    const { api } = this.host;
    await this.attempt('The verifications are not known', async () => {
      const [latest] = await api.get<VerificationSummary[]>('verify');
      if (latest?.state === 'running' && !this.busy) {
        await this.follow(() => api.get<Verification>(`verify/${latest.id}`));
      }
    });
  }

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
    await this.follow(() => this.host.api.send<Verification>('POST', 'verify', body));
  }

  private async follow(begin: () => Promise<Verification>): Promise<void> {
    this.run = null;
    this.say('Comparing…');
    await this.busily('Not verified', async () => {
      await polled(this.host.api, 'verify', await begin(), (run) => {
        this.run = run;
        this.tell(run);
      });
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
