import { html, type TemplateResult } from 'lit-html';
import type { JobState, Status, TroubledBucket } from './admin-types.js';
import { count, milliseconds, NOTHING, plural, span } from './format.js';
import { cardHead, endAligned, table, type Content } from './templates.js';
import { formatTime, zoneName, type Zone } from './zone.js';

/** A closed hour that has waited longer than this for its recomputation is worth a colour; milliseconds. */
const LONG_PENDING_MS = 30 * 60_000;

/** How the rollup does: freshness, jobs, and what is in trouble. */
export function operationsFacts(status: Status, zone: Zone): TemplateResult {
  return html`<article class="card">
      ${cardHead('Freshness')}
      <dl class="facts">
        ${freshness(status, zone).map(
          ([term, value, level]) =>
            html`<div>
              <dt>${term}</dt>
              <dd class=${level ?? ''}>${endAligned(value)}</dd>
            </div>`,
        )}
      </dl>
    </article>
    <div class="stack">
      <article class="card">${cardHead('Jobs', zoneName(zone))} ${jobs(status.jobs, zone)}</article>
      <article class="card">
        ${cardHead('Failing and suspicious buckets')}
        ${trouble([...status.failingBuckets, ...status.suspiciousBuckets], zone)}
      </article>
    </div>`;
}

type Level = 'level-healthy' | 'level-degraded' | 'level-critical';
type Fact = readonly [term: string, value: string, level?: Level | false];

function freshness(status: Status, zone: Zone): Fact[] {
  const { pending, waitingToClose, failing, suspicious, oldestPendingSince } = status.invalidations;
  const waited = oldestPendingSince === null ? 0 : Date.parse(status.now) - Date.parse(oldestPendingSince);
  const sum = (column: 'lateRows' | 'belowFloorRows'): number =>
    status.rawTables.reduce((total, rawTable) => total + Number(rawTable[column]), 0);
  const hours = (n: number): string => (n === 0 ? 'none' : plural(n, 'hour'));
  const buckets = (n: number): string => (n === 0 ? 'none' : plural(n, 'bucket'));
  const time = (at: string | null, otherwise: string): string =>
    at === null ? otherwise : formatTime(at, zone, 'full');
  const { rows, latestBuckets, live } = status;
  const belowFloor = sum('belowFloorRows');
  return [
    ['Minutes complete through', time(live.liveThrough, 'no minutes are kept')],
    ['Hours closed through', time(status.closedThrough, NOTHING)],
    ['Latest hour rolled up', time(latestBuckets.hourly, NOTHING)],
    ['Latest day rolled up', latestBuckets.daily ?? NOTHING],
    [
      'Pending',
      pending === 0 ? 'none' : `${hours(pending)}, the oldest for ${span(waited)}`,
      waited > LONG_PENDING_MS && 'level-degraded',
    ],
    ['Waiting to close', hours(waitingToClose)],
    ['Failing', buckets(failing), failing > 0 && 'level-critical'],
    ['Suspicious', buckets(suspicious), suspicious > 0 && 'level-degraded'],
    ['Late rows so far', count(sum('lateRows'))],
    ...(belowFloor > 0 ? [['Late, and too old to apply', count(belowFloor), 'level-degraded'] as const] : []),
    [
      'Stored rows',
      `${count(Number(rows.minutely))} minutely, ${count(Number(rows.hourly))} hourly, ${count(Number(rows.daily))} daily`,
    ],
    ['Raw rows kept from', time(status.rawFloor, 'always')],
  ];
}

const levelled = (level: Level, text: string): Content => html`<span class=${level}>${text}</span>`;

function jobs(states: readonly JobState[], zone: Zone): TemplateResult {
  if (states.length === 0) {
    return html`<p class="empty">No job has run yet.</p>`;
  }
  const nameOf = ({ jobName }: JobState): string => jobName.replace(/^ops_rollup_/, '');
  const time = (at: string | null): string => (at === null ? NOTHING : formatTime(at, zone, 'dateTime'));
  const rows = states.map((job) => [
    nameOf(job),
    time(job.lastRunAt),
    job.lastDurationMs === null ? NOTHING : milliseconds(Number(job.lastDurationMs)),
    // A success that came after the last error has cured it.
    (job.lastErrorAt ?? '') > (job.lastSuccessAt ?? '')
      ? levelled('level-critical', 'failed')
      : levelled('level-healthy', 'succeeded'),
  ]);
  return html`${table('Jobs', ['Job', 'Last run', 'Took', 'State'], rows)}
  ${states
    .filter(({ lastError }) => lastError !== null)
    .map(
      (job) =>
        html`<p class="job-error">
          ${nameOf(job)}, last error ${time(job.lastErrorAt)}: <code>${job.lastError}</code>
        </p>`,
    )}`;
}

function trouble(buckets: readonly TroubledBucket[], zone: Zone): TemplateResult {
  if (buckets.length === 0) {
    return html`<p class="empty">
      None. A failing bucket is tried again; a suspicious one would have shrunk, and is held back until a
      forced rebuild.
    </p>`;
  }
  const rows = buckets.map((bucket) => {
    const suspicious = bucket.suspiciousSince !== null;
    return [
      `${formatTime(bucket.bucketStart, zone, 'full')} (${bucket.tier})`,
      suspicious ? levelled('level-degraded', 'suspicious') : levelled('level-critical', 'failing'),
      bucket.reason,
      count(bucket.attempts),
      suspicious ? 'held back' : formatTime(bucket.nextAttemptAt, zone, 'dateTime'),
      html`<code>${bucket.lastError ?? NOTHING}</code>`,
    ];
  });
  const heads = ['Bucket', 'State', 'Noted as', 'Attempts', 'Next attempt', 'Last error'];
  return table('Failing and suspicious buckets', heads, rows, 'data left');
}
