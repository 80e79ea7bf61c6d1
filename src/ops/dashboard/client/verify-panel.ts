import type { Verification, VerifyDifference } from './admin-types.js';
import { describe, type Api } from './api.js';
import { el, setText } from './dom.js';
import { count, NOTHING, plural } from './format.js';
import { RangeFields } from './range-fields.js';
import { isoMinute, type TimeRange } from './view.js';
import { formatTime, type Zone } from './zone.js';

/** Differences shown; the answer may list a thousand. */
const SHOWN_DIFFERENCES = 100;

/** Compares stored buckets with the raw rows, and shows where they differ. */
export class VerifyPanel {
  public readonly element: HTMLElement;
  private readonly range = new RangeFields('verify');
  private readonly fix = el('input', { type: 'checkbox' });
  private readonly start = el('button', { type: 'submit', class: 'primary' }, 'Verify');
  private readonly message = el('p', { class: 'message', role: 'status' });
  private readonly result = el('div', { class: 'verify-result' });
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
      this.result,
    );
  }

  public show(range: TimeRange, zone: Zone): void {
    this.zone = zone;
    this.range.show(this.range.blank ? range : null, zone);
  }

  public stop(): void {
    this.result.replaceChildren();
    setText(this.message, '');
  }

  private async submit(): Promise<void> {
    const range = this.range.read();
    const api = this.api();
    if (range === null || api === null) {
      return;
    }
    this.start.disabled = true;
    this.result.replaceChildren();
    this.say('Comparing…', '');
    try {
      const report = await api.send<Verification>('POST', 'verify', {
        from: isoMinute(range.from),
        to: isoMinute(range.to),
        ...(this.fix.checked && { fix: true }),
      });
      this.render(report);
    } catch (error) {
      this.say(`Not verified: ${describe(error)}.`, 'bad');
    } finally {
      this.start.disabled = false;
    }
  }

  private render(report: Verification): void {
    const below =
      report.hoursBelowFloor > 0
        ? ` ${plural(report.hoursBelowFloor, 'hour')} lie below the raw floor and were not.`
        : '';
    const noted =
      report.notedHours > 0 ? ` ${plural(report.notedHours, 'hour')} noted for recomputation.` : '';
    const hours = `${plural(report.hours, 'hour')} compared`;
    if (report.differenceCount === 0) {
      this.say(`No difference: ${hours}.${below}`, 'good');
      return;
    }
    this.say(`${plural(report.differenceCount, 'difference')}: ${hours}.${below}${noted}`, 'bad');
    const shown = report.differences.slice(0, SHOWN_DIFFERENCES);
    const heads = ['Bucket', 'Level', 'Column', 'Stored', 'Raw rows give', ''];
    this.result.replaceChildren(
      el(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Differences' },
        el(
          'table',
          { class: 'data left' },
          el('caption', { class: 'visually-hidden' }, 'Differences'),
          el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
          el('tbody', {}, ...shown.map((difference) => this.row(difference))),
        ),
      ),
      ...(shown.length < report.differenceCount
        ? [el('p', { class: 'note' }, `The first ${shown.length} of ${count(report.differenceCount)}.`)]
        : []),
    );
  }

  private row(difference: VerifyDifference): HTMLElement {
    const { table, bucket, level, platform, groupId } = difference;
    const where = [level, platform, groupId === null ? null : `group ${groupId}`];
    return el(
      'tr',
      {},
      el(
        'th',
        { scope: 'row' },
        table === 'hourly' ? formatTime(bucket, this.zone, 'full') : `${bucket} (day)`,
      ),
      el('td', {}, where.filter((part) => part !== null).join(' · ')),
      el('td', {}, el('code', {}, difference.column)),
      el('td', {}, difference.stored ?? NOTHING),
      el('td', {}, difference.computed ?? NOTHING),
      el('td', {}, difference.pending ? 'known, pending' : ''),
    );
  }

  private say(text: string, kind: '' | 'good' | 'bad'): void {
    this.message.className = `message ${kind}`;
    setText(this.message, text);
  }
}
