import type { Status, TroubledBucket } from './admin-types.js';
import { el } from './dom.js';
import { count, milliseconds, NOTHING, plural, span } from './format.js';
import { formatTime, zoneName, type Zone } from './zone.js';

/** A closed hour that has waited longer than this for its recomputation is worth a colour; milliseconds. */
const LONG_PENDING_MS = 30 * 60_000;

/** Freshness, jobs, and what is in trouble. */
export function renderFacts(container: Element, status: Status, zone: Zone): void {
  container.replaceChildren(
    el(
      'article',
      { class: 'card' },
      el('header', {}, el('h3', {}, 'Freshness')),
      el('dl', { class: 'facts' }, ...freshness(status, zone)),
    ),
    el(
      'div',
      { class: 'stack' },
      el(
        'article',
        { class: 'card' },
        el('header', {}, el('h3', {}, 'Jobs'), el('span', { class: 'note' }, zoneName(zone))),
        jobsTable(status, zone),
      ),
      troubleCard(status, zone),
    ),
  );
}

function freshness(status: Status, zone: Zone): HTMLElement[] {
  const { pending, waitingToClose, failing, suspicious, oldestPendingSince } = status.invalidations;
  const waited = oldestPendingSince === null ? 0 : Date.parse(status.now) - Date.parse(oldestPendingSince);
  const lateRows = status.rawTables.reduce((sum, table) => sum + Number(table.lateRows), 0);
  const belowFloor = status.rawTables.reduce((sum, table) => sum + Number(table.belowFloorRows), 0);
  return [
    fact('Hours closed through', formatTime(status.closedThrough, zone, 'full')),
    fact(
      'Latest hour rolled up',
      status.latestBuckets.hourly === null ? NOTHING : formatTime(status.latestBuckets.hourly, zone, 'full'),
    ),
    fact('Latest day rolled up', status.latestBuckets.daily ?? NOTHING),
    fact(
      'Pending',
      pending === 0 ? 'none' : `${plural(pending, 'hour')}, the oldest for ${span(waited)}`,
      waited > LONG_PENDING_MS ? 'level-degraded' : null,
    ),
    fact('Waiting to close', waitingToClose === 0 ? 'none' : plural(waitingToClose, 'hour')),
    fact('Failing', failing === 0 ? 'none' : plural(failing, 'hour'), failing > 0 ? 'level-critical' : null),
    fact(
      'Suspicious',
      suspicious === 0 ? 'none' : plural(suspicious, 'hour'),
      suspicious > 0 ? 'level-degraded' : null,
    ),
    fact('Late rows so far', count(lateRows)),
    ...(belowFloor > 0 ? [fact('Late, and too old to apply', count(belowFloor), 'level-degraded')] : []),
    fact(
      'Stored rows',
      `${count(Number(status.rows.hourly))} hourly, ${count(Number(status.rows.daily))} daily`,
    ),
    fact(
      'Raw rows kept from',
      status.rawFloor === null ? 'always' : formatTime(status.rawFloor, zone, 'full'),
    ),
  ];
}

function fact(term: string, value: string, level: string | null = null): HTMLElement {
  return el('div', {}, el('dt', {}, term), el('dd', { class: level }, value));
}

function jobsTable(status: Status, zone: Zone): HTMLElement {
  if (status.jobs.length === 0) {
    return el('p', { class: 'empty' }, 'No job has run yet.');
  }
  const table = el(
    'table',
    { class: 'data' },
    el('caption', { class: 'visually-hidden' }, 'Jobs'),
    el(
      'thead',
      {},
      el('tr', {}, ...['Job', 'Last run', 'Took', 'State'].map((head) => el('th', { scope: 'col' }, head))),
    ),
    el(
      'tbody',
      {},
      ...status.jobs.map((job) => {
        // A success that came after the last error has cured it.
        const failed = (job.lastErrorAt ?? '') > (job.lastSuccessAt ?? '');
        return el(
          'tr',
          {},
          el('th', { scope: 'row' }, job.jobName.replace(/^ops_rollup_/, '')),
          el('td', {}, job.lastRunAt === null ? NOTHING : formatTime(job.lastRunAt, zone, 'dateTime')),
          el('td', {}, job.lastDurationMs === null ? NOTHING : milliseconds(Number(job.lastDurationMs))),
          el('td', { class: failed ? 'level-critical' : 'level-healthy' }, failed ? 'failed' : 'succeeded'),
        );
      }),
    ),
  );
  const errors = status.jobs
    .filter(({ lastError }) => lastError !== null)
    .map((job) =>
      el(
        'p',
        { class: 'job-error' },
        `${job.jobName.replace(/^ops_rollup_/, '')}, last error ` +
          `${job.lastErrorAt === null ? '' : formatTime(job.lastErrorAt, zone, 'dateTime')}: `,
        el('code', {}, job.lastError),
      ),
    );
  return el('div', { class: 'scroll' }, table, ...errors);
}

function troubleCard(status: Status, zone: Zone): HTMLElement {
  const buckets = [...status.failingBuckets, ...status.suspiciousBuckets];
  return el(
    'article',
    { class: 'card' },
    el('header', {}, el('h3', {}, 'Failing and suspicious hours')),
    buckets.length === 0
      ? el(
          'p',
          { class: 'empty' },
          'None. A failing hour is tried again; a suspicious one would have shrunk, and is held back until a forced rebuild.',
        )
      : el(
          'div',
          { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Failing and suspicious hours' },
          el(
            'table',
            { class: 'data left' },
            el('caption', { class: 'visually-hidden' }, 'Failing and suspicious hours'),
            el(
              'thead',
              {},
              el(
                'tr',
                {},
                ...['Hour', 'State', 'Noted as', 'Attempts', 'Next attempt', 'Last error'].map((head) =>
                  el('th', { scope: 'col' }, head),
                ),
              ),
            ),
            el('tbody', {}, ...buckets.map((bucket) => troubleRow(bucket, zone))),
          ),
        ),
  );
}

function troubleRow(bucket: TroubledBucket, zone: Zone): HTMLElement {
  const suspicious = bucket.suspiciousSince !== null;
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, formatTime(bucket.bucketStart, zone, 'full')),
    el(
      'td',
      { class: suspicious ? 'level-degraded' : 'level-critical' },
      suspicious ? 'suspicious' : 'failing',
    ),
    el('td', {}, bucket.reason),
    el('td', {}, count(bucket.attempts)),
    el('td', {}, suspicious ? 'held back' : formatTime(bucket.nextAttemptAt, zone, 'dateTime')),
    el('td', {}, el('code', {}, bucket.lastError ?? NOTHING)),
  );
}
