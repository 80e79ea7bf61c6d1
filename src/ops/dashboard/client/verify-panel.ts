import { nothing } from 'lit-html';
import type { Verification, VerificationSummary } from './admin-types.js';
import { count, counts, plural } from './format.js';
import { RunPanel } from './runs.js';
import { column, measure, type Column } from './table.js';
import { button, type Content } from './templates.js';
import { FoundTables } from './verify-tables.js';

/** Compares stored buckets with the raw rows, and shows how far it is and where they differ. */
export class VerifyPanel extends RunPanel<VerificationSummary> {
  protected readonly words = {
    path: 'verify',
    noun: 'Verification',
    title: 'Verify',
    button: 'Verify',
    failed: 'Not verified',
    note: 'recomputes a range another way and compares',
    none: 'No verification yet. Start one to see whether what is stored is right.',
  };

  protected readonly fields = this.check(
    'fix',
    'Fix: note every bucket that differs for recomputation',
    'The next refresh overwrites them with what their raw rows give.',
  );

  /** The one that is looked at. */
  private open: Verification | null = null;
  private readonly found = new FoundTables(this.host);

  /** One at a time. */
  protected override get isBlocked(): boolean {
    return this.busy || this.runs.some(({ state }) => state === 'running');
  }

  protected override get report(): Content {
    return this.open === null ? nothing : this.found.template(this.open);
  }

  protected get columns(): readonly Column<VerificationSummary>[] {
    const open = (id: string) => (): Promise<void> =>
      this.busily('Not opened', async () => {
        this.tell(await this.host.api.get<Verification>(`verify/${id}`));
      });
    return [
      ...this.runColumns,
      measure('found', 'Differences', ({ differenceCount }) => differenceCount, counts, {
        place: 'phone',
        classOf: ({ differenceCount }) => (differenceCount > 0 ? 'level-critical' : ''),
        cell: ({ fix, differenceCount }, text) => (fix && differenceCount > 0 ? `${text}, noted` : text),
      }),
      column('open', 'Report', {
        cell: ({ id }) =>
          button('Open', open(id), {
            ...{ classes: 'row-filter', label: `Open verification ${id}`, disabled: this.isBlocked },
          }),
      }),
    ];
  }

  protected hoursOf({ hours, hoursTotal }: VerificationSummary): readonly [number, number] {
    return [hours, hoursTotal];
  }

  protected tell(run: VerificationSummary | Verification): void {
    const { id, state, error, hours, hoursTotal, differenceCount, unjudgedCount } = run;
    const [differences, isRunning] = [plural(differenceCount, 'difference'), state === 'running'];
    this.open = 'differences' in run && !isRunning ? run : null;
    const part = `${count(hours)} of ${plural(hoursTotal, 'hour')}`;
    if (isRunning) {
      this.say(`Comparing: ${part}${differenceCount > 0 ? `, ${differences} so far` : ''}.`);
      return;
    }
    const none = differenceCount === 0;
    const noted = [
      plural(run.notedMinutes, 'minute'),
      plural(run.notedHours, 'hour'),
      plural(run.notedDays, 'day'),
    ];
    const said = [
      `${none ? 'No difference' : differences}: `,
      state === 'finished' ? `${plural(hours, 'hour')} compared` : `${state} after ${part}`,
      `${error === null ? '' : ` (${error})`} by verification ${id}.`,
      unjudgedCount > 0 ? ` ${plural(unjudgedCount, 'bucket')} could not be judged in full.` : '',
      run.notedMinutes + run.notedHours + run.notedDays > 0
        ? ` Noted for recomputation: ${noted.join(', ')}.`
        : '',
    ];
    this.say(said.join(''), !none || state === 'failed' ? 'bad' : state === 'finished' ? 'good' : '');
  }
}
