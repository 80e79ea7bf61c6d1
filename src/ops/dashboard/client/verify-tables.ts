import { html, type TemplateResult } from 'lit-html';
import type { UnjudgedBucket, UnjudgedReason, Verification, VerifyDifference } from './admin-types.js';
import { count } from './format.js';
import type { Host } from './host.js';
import { column, Table, type Column } from './table.js';
import type { Content } from './templates.js';
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

/** What a verification has found. */
export class FoundTables {
  private readonly differing = new Table<VerifyDifference>();
  private readonly unjudged = new Table<UnjudgedBucket>();

  public constructor(private readonly host: Host) {}

  public template({ id, differences, unjudged, ...found }: Verification): TemplateResult {
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
