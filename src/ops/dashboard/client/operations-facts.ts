import { html, type TemplateResult } from 'lit-html';
import type { JobState, Status } from './admin-types.js';
import { ago } from './ago.js';
import { count, NOTHING, plural } from './format.js';
import type { HealthLevel } from './health.js';
import type { Host } from './host.js';
import { endAligned, type Content } from './templates.js';

/** Minutes later than this are worth a colour: without traffic they are up to 50 s behind. */
const LONG_LAG_SECONDS = 60;
/** A closed hour that has waited longer than this for its recomputation, or a writer that held it up: milliseconds. */
const LONG_PENDING_MS = 30 * 60_000;

/** Without a level there is nothing wrong with it. */
type Fact = readonly [term: string, value: Content, level?: HealthLevel | false, whatToDo?: string];

/** What to do where something is wrong with that. */
const ADVICE: Readonly<Record<string, string>> = {
  'Minutes complete through': 'Recent numbers are read from raw rows until the refresh has caught up.',
  Pending: '“Refresh now” recomputes them.',
  Failing: 'Each is tried again; its error is below.',
  Suspicious: 'Recomputing would have shrunk them; a forced rebuild does it all the same.',
};

export const jobName = ({ jobName: name }: JobState): string => name.replace(/^ops_rollup_/, '');
/** A success that came after the last error has cured it. */
export const isFailing = (job: JobState): boolean => (job.lastErrorAt ?? '') > (job.lastSuccessAt ?? '');
const failingJob = (job: JobState): Fact => [
  `Job ${jobName(job)}`,
  html`failing, <code>${job.lastError ?? ''}</code>`,
  'critical',
  'It is tried again at its next tick.',
];

/** What is wrong, if anything is. */
export function rollupVerdict({ jobs }: Status, facts: readonly Fact[]): TemplateResult {
  const wrong = [...jobs.filter(isFailing).map(failingJob), ...facts.filter(([, , level]) => level)];
  const isCritical = wrong.some(([, , level]) => level === 'critical');
  const level = wrong.length === 0 ? 'healthy' : isCritical ? 'critical' : 'degraded';
  return html`<div class="verdict" id="rollup-verdict" data-level=${level}>
    <span class="verdict-icon" aria-hidden="true"></span>
    <div>
      <strong role="status">
        ${wrong.length === 0 ? 'All is well: minutes are complete, no job fails, nothing is held back.' : `Needs a look: ${plural(wrong.length, 'thing')}`}
      </strong>
      <ul>
        ${wrong.map(([term, value, , whatToDo = ADVICE[term]]) => html`<li>${term}: ${value}. ${whatToDo}</li>`)}
      </ul>
    </div>
  </div>`;
}

const UNKNOWN: readonly Fact[] = Array<Fact>(12).fill(['\u00a0', '']);

/** @param facts null until they are known */
export const factList = (facts: readonly Fact[] | null): TemplateResult =>
  html`<dl class="facts">
    ${(facts ?? UNKNOWN).map(
      ([term, value, level]) =>
        html`<div>
          <dt>${term}</dt>
          <dd class=${level ? `level-${level}` : ''}>
            ${typeof value === 'string' ? endAligned(value) : value}
          </dd>
        </div>`,
    )}
  </dl>`;

/** How far the rollup is, and what holds it up. */
export function freshness(status: Status, host: Host): Fact[] {
  const { pending, waitingToClose, failing, suspicious, oldestPendingSince } = status.invalidations;
  const { rows, latestBuckets, live, rawTables } = status;
  const isLong = (since: string | null): boolean =>
    since !== null && Date.parse(status.now) - Date.parse(since) > LONG_PENDING_MS;
  const sum = (key: 'lateRows' | 'belowFloorRows'): number =>
    rawTables.reduce((total, rawTable) => total + Number(rawTable[key]), 0);
  const some = (n: number, noun: string): string => (n === 0 ? 'none' : plural(n, noun));
  const stored = (['minutely', 'hourly', 'daily'] as const).map(
    (tier) => `${count(Number(rows[tier]))} ${tier}`,
  );
  const isLagging = (live.lagSeconds ?? 0) > LONG_LAG_SECONDS;
  const oldest = html`, the oldest since ${ago(oldestPendingSince, host)}`;
  const belowFloor = sum('belowFloorRows');
  const tooLate: Fact = ['Late, and too old to apply', count(belowFloor), 'degraded'];
  const held = rawTables
    .filter(({ heldSince }) => isLong(heldSince))
    .map(({ rawTable, heldBy, heldSince }): Fact => {
      const by = html`by ${heldBy} since ${ago(heldSince, host)}`;
      return [`${rawTable} held back`, by, 'degraded', 'End that transaction.'];
    });
  return [
    ['Minutes complete through', ago(live.liveThrough, host, 'no minutes are kept'), isLagging && 'degraded'],
    ['Hours closed through', ago(status.closedThrough, host)],
    ['Latest hour rolled up', ago(latestBuckets.hourly, host)],
    ['Latest day rolled up', latestBuckets.daily ?? NOTHING],
    [
      'Pending',
      html`${some(pending, 'hour')}${pending > 0 ? oldest : ''}`,
      isLong(oldestPendingSince) && 'degraded',
    ],
    ['Waiting to close', some(waitingToClose, 'hour')],
    ['Failing', some(failing, 'bucket'), failing > 0 && 'critical'],
    ['Suspicious', some(suspicious, 'bucket'), suspicious > 0 && 'degraded'],
    ['Late rows so far', count(sum('lateRows'))],
    ...(belowFloor > 0 ? [tooLate] : []),
    ...held,
    ['Stored rows', stored.join(', ')],
    ['Raw rows kept from', ago(status.rawFloor, host, 'always')],
  ];
}
