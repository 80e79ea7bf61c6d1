import { html, nothing, type TemplateResult } from 'lit-html';
import type {
  UnjudgedBucket,
  UnjudgedReason,
  Verification,
  VerificationSummary,
  VerifyDifference,
} from './admin-types.js';
import { count, counts, plural } from './format.js';
import { RunPanel } from './runs.js';
import { column, measure, Table, type Column } from './table.js';
import { button, type Content } from './templates.js';
import { formatTime, type Zone } from './zone.js';

/** Rows shown of a list before somebody asks for the rest; the answer may hold a thousand. */
const SHOWN = 100;

const REASONS: Readonly<Record<UnjudgedReason, string>> = {
  raw_rows_purged: 'raw rows purged',
  held_back: 'held back',
  late_rows_not_applied: 'late rows below the floor, not applied',
  hourly_rows_dropped: 'hourly rows dropped',
  timed_out: 'takes too long',
};

type Bucket = Pick<UnjudgedBucket, 'table' | 'bucket'>;

const bucketText = ({ table, bucket }: Bucket, zone: Zone): string =>
  table === 'daily' || table === 'dimension_daily'
    ? `${bucket} (day)`
    : `${formatTime(bucket, zone, 'full')}${table === 'minutely' ? ' (minute)' : ''}`;

const levelOf = ({ level, platform, groupId, dimension, key }: VerifyDifference): string =>
  [level, platform, groupId && `group ${groupId}`, dimension && `${dimension} ${key ?? ''}`]
    .filter((part) => part !== null)
    .join(' · ');

const reason = (key: 'usage' | 'errors', head: string): Column<UnjudgedBucket> =>
  column(key, head, {
    place: 'phone',
    value: ({ [key]: why }) => (why === null ? 'judged' : REASONS[why]),
  });

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
  private readonly differing = new Table<VerifyDifference>();
  private readonly unjudged = new Table<UnjudgedBucket>();

  /** One at a time. */
  protected override get isBlocked(): boolean {
    return this.busy || this.runs.some(({ state }) => state === 'running');
  }

  protected override report = (): Content => (this.open === null ? nothing : this.found(this.open));

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

  protected readonly hoursOf = ({ hours, hoursTotal }: VerificationSummary) => [hours, hoursTotal] as const;

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

  private found({ id, differences, unjudged, ...found }: Verification): TemplateResult {
    const { host } = this;
    const bucket: readonly Column<Bucket>[] = [
      column('bucket', 'Bucket', {
        value: (one) => one.bucket,
        cell: (one) => bucketText(one, host.view.zone),
      }),
      column('table', 'Table', { place: 'file', value: ({ table }) => table }),
    ];
    const differing = this.differing.template(host, {
      ...{ name: `Differences of verification ${id}`, rows: differences, atFirst: SHOWN, csv: true },
      idOf: (one) => JSON.stringify(one),
      columns: [
        ...bucket,
        column('level', 'Level', { value: levelOf }),
        column('column', 'Column', {
          place: 'phone',
          value: (one) => one.column,
          cell: (_, text) => html`<code>${text}</code>`,
        }),
        column('stored', 'Stored', { value: ({ stored }) => stored, classOf: () => 'number' }),
        column('computed', 'Raw rows give', {
          place: 'phone',
          value: ({ computed }) => computed,
          classOf: () => 'number',
        }),
        column('pending', 'Known', { value: ({ pending }) => (pending ? 'pending' : 'no') }),
      ],
    });
    const unjudgedTable = this.unjudged.template(host, {
      ...{ name: `Not judged by verification ${id}`, rows: unjudged, atFirst: SHOWN, csv: true },
      idOf: ({ table, bucket: at }) => `${table} ${at}`,
      columns: [...bucket, reason('usage', 'Requests'), reason('errors', 'Errors')],
    });
    return html`${differences.length > 0 ? [differing, listed(differences.length, found.differenceCount)] : ''}
    ${unjudged.length > 0 ? [unjudgedTable, listed(unjudged.length, found.unjudgedCount)] : ''}`;
  }
}

const listed = (rows: number, total: number): Content =>
  html`<p class="note" ?hidden=${rows === total}>The first ${count(rows)} of ${count(total)}.</p>`;
