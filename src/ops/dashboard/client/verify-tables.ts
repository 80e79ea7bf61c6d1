import { html, nothing } from 'lit-html';
import type { UnjudgedBucket, UnjudgedReason, Verification } from './admin-types.js';
import { count, NOTHING } from './format.js';
import { table, type Content } from './templates.js';
import { formatTime, type Zone } from './zone.js';

/** Rows shown of a list; the answer may hold a thousand. */
const SHOWN = 100;

const REASONS: Readonly<Record<UnjudgedReason, string>> = {
  raw_rows_purged: 'raw rows purged',
  held_back: 'held back',
  late_rows_not_applied: 'late rows below the floor, not applied',
  hourly_rows_dropped: 'hourly rows dropped',
  timed_out: 'takes too long',
};

const bucketText = ({ table, bucket }: Pick<UnjudgedBucket, 'table' | 'bucket'>, zone: Zone): string =>
  table === 'daily' || table === 'dimension_daily'
    ? `${bucket} (day)`
    : `${formatTime(bucket, zone, 'full')}${table === 'minutely' ? ' (minute)' : ''}`;

export function differenceTable({ differences, differenceCount }: Verification, zone: Zone): Content {
  const heads = ['Bucket', 'Level', 'Column', 'Stored', 'Raw rows give', ''];
  const rows = differences
    .slice(0, SHOWN)
    .map((one) => [
      bucketText(one, zone),
      [
        one.level,
        one.platform,
        one.groupId === null ? null : `group ${one.groupId}`,
        one.dimension === null ? null : `${one.dimension} ${one.key ?? ''}`,
      ]
        .filter((part) => part !== null)
        .join(' · '),
      html`<code>${one.column}</code>`,
      one.stored ?? NOTHING,
      one.computed ?? NOTHING,
      one.pending ? 'known, pending' : '',
    ]);
  return listTable('Differences', heads, rows, differenceCount);
}

export function unjudgedTable({ unjudged, unjudgedCount }: Verification, zone: Zone): Content {
  const reason = (one: UnjudgedReason | null): string => (one === null ? 'judged' : REASONS[one]);
  const rows = unjudged
    .slice(0, SHOWN)
    .map((one) => [bucketText(one, zone), reason(one.usage), reason(one.errors)]);
  return listTable('Not judged', ['Bucket', 'Requests', 'Errors'], rows, unjudgedCount);
}

function listTable(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly Content[])[],
  total: number,
): Content {
  if (rows.length === 0) {
    return nothing;
  }
  const more = html`<p class="note">The first ${rows.length} of ${count(total)}.</p>`;
  return html`${table(title, heads, rows, 'data left')}${rows.length < total ? more : nothing}`;
}
