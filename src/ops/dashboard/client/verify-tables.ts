import type { UnjudgedReason, Verification } from './admin-types.js';
import { el } from './dom.js';
import { count, NOTHING } from './format.js';
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

const bucketText = (table: string, bucket: string, zone: Zone): string =>
  table === 'hourly' ? formatTime(bucket, zone, 'full') : `${bucket} (day)`;

export function differenceTable({ differences, differenceCount }: Verification, zone: Zone): HTMLElement[] {
  const heads = ['Bucket', 'Level', 'Column', 'Stored', 'Raw rows give', ''];
  const rows = differences.slice(0, SHOWN).map(({ table, bucket, level, platform, groupId, ...one }) => {
    const where = [level, platform, groupId === null ? null : `group ${groupId}`];
    return [
      bucketText(table, bucket, zone),
      where.filter((part) => part !== null).join(' · '),
      el('code', {}, one.column),
      one.stored ?? NOTHING,
      one.computed ?? NOTHING,
      one.pending ? 'known, pending' : '',
    ];
  });
  return listTable('Differences', heads, rows, differenceCount);
}

export function unjudgedTable({ unjudged, unjudgedCount }: Verification, zone: Zone): HTMLElement[] {
  const reason = (one: UnjudgedReason | null): string => (one === null ? 'judged' : REASONS[one]);
  const rows = unjudged
    .slice(0, SHOWN)
    .map(({ table, bucket, usage, errors }) => [
      bucketText(table, bucket, zone),
      reason(usage),
      reason(errors),
    ]);
  return listTable('Not judged', ['Bucket', 'Requests', 'Errors'], rows, unjudgedCount);
}

function listTable(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly (string | HTMLElement)[])[],
  total: number,
): HTMLElement[] {
  if (rows.length === 0) {
    return [];
  }
  const cells = ([first = '', ...others]: readonly (string | HTMLElement)[]): HTMLElement[] => [
    el('th', { scope: 'row' }, first),
    ...others.map((cell) => el('td', {}, cell)),
  ];
  return [
    el(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
      el(
        'table',
        { class: 'data left' },
        el('caption', { class: 'visually-hidden' }, title),
        el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
        el('tbody', {}, ...rows.map((row) => el('tr', {}, ...cells(row)))),
      ),
    ),
    ...(rows.length < total
      ? [el('p', { class: 'note' }, `The first ${rows.length} of ${count(total)}.`)]
      : []),
  ];
}
