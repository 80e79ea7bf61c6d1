import { html, type TemplateResult } from 'lit-html';
import type { JobState, Refresh, Status, TroubledBucket } from './admin-types.js';
import { ago } from './ago.js';
import { counts, durations, milliseconds, NOTHING, numberOf, plural } from './format.js';
import type { HealthLevel } from './health.js';
import { factList, freshness, isFailing, jobName, rollupVerdict } from './operations-facts.js';
import type { PanelState } from './panel-states.js';
import { polled } from './polled.js';
import { RebuildPanel } from './rebuild-panel.js';
import { column, measure, Table, type Column } from './table.js';
import { button, cardHead, type Content } from './templates.js';
import { Tool } from './tool.js';
import { VerifyPanel } from './verify-panel.js';
import { formatTime } from './zone.js';

const HOUR = 3_600_000;

const levelled = (level: HealthLevel, content: Content): Content =>
  html`<span class="level-${level}">${content}</span>`;

/** How the rollup does, and what can be done about it: a page of its own. */
export class OperationsPage extends Tool {
  public readonly rebuilds = new RebuildPanel(this.host);
  public readonly verifications = new VerifyPanel(this.host);
  private readonly jobs = new Table<JobState>();
  private readonly buckets = new Table<TroubledBucket>();

  /** @param status null until it is known */
  public template(
    status: Status | null,
    states: Readonly<Record<'status' | 'rebuilds' | 'verifications', PanelState>>,
  ): TemplateResult {
    const { range } = this.host;
    const { className, banner } = states.status;
    const facts = status && freshness(status, this.host);
    const jobs = status?.jobs.toSorted((a, b) => Number(isFailing(b)) - Number(isFailing(a))) ?? null;
    const troubled = status && [...status.failingBuckets, ...status.suspiciousBuckets];
    // What can be rebuilt or verified are closed hours.
    const to = Math.min(range.to, Date.parse(status?.closedThrough ?? '') || range.to);
    const closed = { from: Math.min(range.from, to - HOUR), to };
    return html`<section id="operations" aria-labelledby="operations-title">
      <div class="section-head">
        <h2 id="operations-title">Rollup</h2>
        ${button('Refresh now', this.refresh, { disabled: this.busy })} ${this.message}
      </div>
      <div id="facts" class=${className}>
        ${banner} ${status && facts && rollupVerdict(status, facts)}
        <div class="operations">
          <article class="card">${cardHead('Freshness')} ${factList(facts)}</article>
          <article class="card">${cardHead('Jobs')} ${this.jobTable(jobs)}</article>
        </div>
        <article class="card" ?hidden=${troubled?.length === 0}>
          ${cardHead('Failing and suspicious buckets')} ${this.bucketTable(troubled)}
        </article>
      </div>
      <div class="section-head">
        <h2>Recompute and compare</h2>
        <p class="note">Of closed hours; what runs goes on when this page is closed.</p>
      </div>
      <div class="operations">
        ${this.rebuilds.template(closed, states.rebuilds)}
        ${this.verifications.template(closed, states.verifications)}
      </div>
    </section>`;
  }

  /** Has everything detected and drained at once. */
  private readonly refresh = async (): Promise<void> => {
    const { api } = this.host;
    this.say('Refreshing…');
    await this.busily('Not refreshed', async () => {
      const started = await api.send<Refresh>('POST', 'refresh');
      const { refresh, maintenance, state, error } = await polled(api, 'refresh', started);
      this.host.load();
      if (refresh === null || maintenance === null) {
        throw new Error(error ?? state);
      }
      this.say(
        `Recomputed ${plural(refresh.drainedHours, 'hour')} and ${plural(refresh.drainedDays, 'day')} in ` +
          `${milliseconds(refresh.ms + maintenance.ms)}; ${plural(refresh.pendingHours, 'hour')} pending.`,
      );
    });
  };

  private jobTable(rows: readonly JobState[] | null): TemplateResult {
    const { host } = this;
    const columns: readonly Column<JobState>[] = [
      column('job', 'Job', { value: jobName }),
      column('last', 'Last run', { cell: ({ lastRunAt }) => ago(lastRunAt, host) }),
      measure('took', 'Took', (job) => numberOf(job.lastDurationMs), durations, { place: 'phone' }),
      column('state', 'State', {
        place: 'phone',
        cell: (job) =>
          isFailing(job)
            ? levelled('critical', html`failing, last success ${ago(job.lastSuccessAt, host, 'never')}`)
            : levelled('healthy', 'succeeded'),
      }),
      column('error', 'Last error', {
        cell: ({ lastError, lastErrorAt }) =>
          lastError === null ? NOTHING : html`${ago(lastErrorAt, host)}: <code>${lastError}</code>`,
      }),
    ];
    return this.jobs.template(host, {
      ...{ name: 'Jobs', columns, rows, idOf: jobName },
      none: 'No job has run yet: press “Refresh now”, or see that OPS_JOBS_ENABLED is not false everywhere.',
    });
  }

  private bucketTable(rows: readonly TroubledBucket[] | null): TemplateResult {
    const { host } = this;
    const columns: readonly Column<TroubledBucket>[] = [
      column('bucket', 'Bucket', {
        cell: ({ bucketStart, tier }) => `${formatTime(bucketStart, host.view.zone, 'full')} (${tier})`,
      }),
      column('state', 'State', {
        place: 'phone',
        cell: ({ suspiciousSince }) =>
          suspiciousSince === null ? levelled('critical', 'failing') : levelled('degraded', 'suspicious'),
      }),
      column('reason', 'Noted as', { value: ({ reason }) => reason }),
      measure('attempts', 'Attempts', ({ attempts }) => attempts, counts),
      column('next', 'Next attempt', {
        place: 'phone',
        cell: ({ suspiciousSince, nextAttemptAt }) =>
          suspiciousSince === null
            ? ago(nextAttemptAt, host)
            : html`held back since ${ago(suspiciousSince, host)}`,
      }),
      column('error', 'Last error', { cell: ({ lastError }) => html`<code>${lastError ?? NOTHING}</code>` }),
    ];
    return this.buckets.template(host, {
      ...{ name: 'Failing and suspicious buckets', columns, rows, atFirst: 10 },
      idOf: ({ tier, bucketStart }) => `${tier} ${bucketStart}`,
    });
  }
}
