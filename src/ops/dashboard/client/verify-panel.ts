import type { Verification, VerificationSummary } from './admin-types.js';
import { describe, wasAborted, type Api } from './api.js';
import { button, el, setText } from './dom.js';
import { count, plural } from './format.js';
import { polled } from './polled.js';
import { RangeFields } from './range-fields.js';
import { differenceTable, unjudgedTable } from './verify-tables.js';
import { isoMinute, type TimeRange } from './view.js';
import type { Zone } from './zone.js';

/** Compares stored buckets with the raw rows, and shows how far it is and where they differ. */
export class VerifyPanel {
  public readonly element: HTMLElement;
  private readonly range = new RangeFields('verify');
  private readonly fix = el('input', { type: 'checkbox' });
  private readonly start = el('button', { type: 'submit', class: 'primary' }, 'Verify');
  private readonly message = el('p', { class: 'message', role: 'status' });
  private readonly progress = el('div', { class: 'verify-progress' });
  private readonly result = el('div', { class: 'verify-result' });
  private followed: AbortController | null = null;
  private lookedForRunning = false;
  private zone: Zone = 'utc';

  public constructor(private readonly api: () => Api | null) {
    const form = el(
      'form',
      { class: 'fields', 'aria-label': 'Verify' },
      ...this.range.elements,
      el('label', { class: 'check' }, this.fix, 'Fix: note every hour that differs for recomputation'),
      this.start,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.element = el(
      'article',
      { class: 'card', 'data-panel': 'verify' },
      el(
        'header',
        {},
        el('h3', {}, 'Verify'),
        el('span', { class: 'note' }, 'recomputes a range another way and compares'),
      ),
      form,
      this.message,
      this.progress,
      this.result,
    );
  }

  public show(range: TimeRange, zone: Zone): void {
    this.zone = zone;
    this.range.show(this.range.blank ? range : null, zone);
    void this.resume();
  }

  /** Stops following, at sign-out. */
  public stop(): void {
    this.followed?.abort();
    this.lookedForRunning = false;
    this.progress.replaceChildren();
    this.result.replaceChildren();
    setText(this.message, '');
  }

  private async submit(): Promise<void> {
    const range = this.range.read();
    const api = this.api();
    if (range === null || api === null || this.followed !== null) {
      return;
    }
    await this.follow(api, () =>
      api.send<Verification>('POST', 'verify', {
        from: isoMinute(range.from),
        to: isoMinute(range.to),
        ...(this.fix.checked && { fix: true }),
      }),
    );
  }

  /** Follows the one that runs already, whoever started it. */
  private async resume(): Promise<void> {
    const api = this.api();
    if (api === null || this.followed !== null || this.lookedForRunning) {
      return;
    }
    this.lookedForRunning = true;
    try {
      const [latest] = await api.get<VerificationSummary[]>('verify');
      if (latest?.state === 'running') {
        await this.follow(api, () => api.get<Verification>(`verify/${latest.id}`));
      }
    } catch (error) {
      this.say(`The verifications are not known: ${describe(error)}.`, 'bad');
    }
  }

  private async follow(api: Api, begin: () => Promise<Verification>): Promise<void> {
    const controller = new AbortController();
    this.followed = controller;
    this.start.disabled = true;
    this.result.replaceChildren();
    this.say('Comparing…', '');
    try {
      this.render(
        await polled(
          api,
          'verify',
          await begin(),
          (run) => {
            this.showProgress(run);
          },
          controller.signal,
        ),
      );
    } catch (error) {
      if (!wasAborted(error)) {
        this.say(`Not verified: ${describe(error)}.`, 'bad');
      }
    } finally {
      this.followed = null;
      this.start.disabled = false;
      this.progress.replaceChildren();
    }
  }

  private async cancel(id: string): Promise<void> {
    try {
      await this.api()?.send<Verification>('DELETE', `verify/${id}`);
    } catch (error) {
      this.say(`Not cancelled: ${describe(error)}.`, 'bad');
    }
  }

  private showProgress({
    id,
    state,
    hours,
    hoursTotal,
    differenceCount,
    cancelRequestedAt,
  }: Verification): void {
    if (state !== 'running' || this.followed?.signal.aborted !== false) {
      return;
    }
    const found = differenceCount > 0 ? `, ${plural(differenceCount, 'difference')} so far` : '';
    this.say(`Comparing: ${count(hours)} of ${plural(hoursTotal, 'hour')}${found}.`, '');
    const old = this.progress.querySelector('progress');
    if (old !== null) {
      old.value = hours; // the button stays, and keeps the focus
    } else {
      this.progress.replaceChildren(
        el('progress', {
          max: Math.max(1, hoursTotal),
          value: hours,
          'aria-label': `Progress of verification ${id}`,
        }),
        button(
          'Cancel',
          { class: 'quiet', 'aria-label': `Cancel verification ${id}` },
          () => void this.cancel(id),
        ),
      );
    }
    const cancel = this.progress.querySelector('button');
    if (cancel !== null) {
      cancel.disabled = cancelRequestedAt !== null;
    }
  }

  private render(run: Verification): void {
    const compared =
      run.state === 'finished'
        ? `${plural(run.hours, 'hour')} compared`
        : `${run.state} after ${count(run.hours)} of ${plural(run.hoursTotal, 'hour')}`;
    const because = run.error === null ? '' : ` (${run.error})`;
    const unjudged =
      run.unjudgedCount > 0 ? ` ${plural(run.unjudgedCount, 'bucket')} could not be judged in full.` : '';
    const noted =
      run.notedHours + run.notedDays > 0
        ? ` ${plural(run.notedHours, 'hour')} and ${plural(run.notedDays, 'day')} noted for recomputation.`
        : '';
    const none = run.differenceCount === 0;
    const found = none ? 'No difference' : plural(run.differenceCount, 'difference');
    const kind = !none || run.state === 'failed' ? 'bad' : run.state === 'finished' ? 'good' : '';
    this.say(`${found}: ${compared}${because}.${unjudged}${noted}`, kind);
    this.result.replaceChildren(...differenceTable(run, this.zone), ...unjudgedTable(run, this.zone));
  }

  private say(text: string, kind: '' | 'good' | 'bad'): void {
    this.message.className = `message ${kind}`;
    setText(this.message, text);
  }
}
