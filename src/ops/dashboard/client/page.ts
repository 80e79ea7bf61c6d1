import { html, nothing, type TemplateResult } from 'lit-html';
import type { Overview } from '../../read/read.types.js';
import type { Answers, Part } from './answers.js';
import type { AutoRefresh } from './auto-refresh.js';
import type { BreakdownPanel } from './breakdown-panel.js';
import type { DistributionChart } from './distribution-chart.js';
import { emptyState } from './empty-state.js';
import { glance } from './glance.js';
import { judge } from './health.js';
import type { Host } from './host.js';
import type { Kept } from './loader.js';
import { partialNotice, rangeLine, staleNotice } from './notices.js';
import type { OperationsPage } from './operations-page.js';
import type { PanelState } from './panel-states.js';
import type { RequestsPanel } from './requests-panel.js';
import { button, segmented } from './templates.js';
import { themeChoice } from './theme.js';
import type { Toolbar } from './toolbar.js';
import type { TrendsPanel } from './trends-panel.js';

/** What the page is made of, and what can be asked of it. */
export interface Page extends Host {
  readonly refresh: AutoRefresh;
  readonly toolbar: Toolbar;
  readonly trends: TrendsPanel;
  readonly breakdown: BreakdownPanel;
  readonly requests: RequestsPanel;
  readonly distribution: DistributionChart;
  readonly operations: OperationsPage;
  /** What is wrong with everything, and not with some part alone; null where it is not. */
  readonly problem: string | null;
  readonly state: (part: Part) => PanelState;
  /** The latest answer, whichever view it was asked for. */
  readonly latest: <P extends Part>(part: P) => Kept<Answers[P]> | null;
  /** The same, where it answers what is asked now. */
  readonly current: Page['latest'];
  readonly recolor: () => void;
  readonly signOut: () => void;
}

export function template(page: Page): TemplateResult {
  const { view, problem } = page;
  return html`<div id="app">
    <a class="skip" href="#content">Skip to the numbers</a>
    ${header(page)} ${view.page === 'metrics' ? page.toolbar.template() : nothing}
    <main id="content" tabindex="-1">
      <div class="busy" aria-hidden="true"></div>
      <div id="problem" class="banner bad" role="alert" ?hidden=${problem === null}>
        <p>${problem}</p>
        ${button('Try again', page.load)}
      </div>
      ${view.page === 'metrics' ? metrics(page) : operations(page)}
    </main>
  </div>`;
}

function header({ view, refresh, to, recolor, signOut }: Page): TemplateResult {
  const pages = [
    ['metrics', 'Metrics', to({ page: 'metrics' })],
    ['operations', 'Operations', to({ page: 'operations' })],
  ] as const;
  const zones = [
    ['utc', 'UTC', to({ zone: 'utc' })],
    ['local', 'Local', to({ zone: 'local' })],
  ] as const;
  return html`<header class="top">
    <div class="brand">
      <img src="ops/assets/icon.svg" alt="" width="28" height="28" />
      <h1>Gateway</h1>
      ${segmented('Page', pages, view.page)}
    </div>
    <div class="settings">
      ${segmented('Time zone', zones, view.zone)} ${refresh.template()} ${themeChoice(recolor)}
      ${button('Sign out', signOut, { classes: 'quiet' })}
    </div>
  </header>`;
}

function metrics(page: Page): TemplateResult {
  const { view, latest } = page;
  const overview = latest('overview');
  const empty = overview?.answer.requestCountTotal === 0;
  const stale = overview && staleNotice(overview.answer, page.now, view);
  const partial = overview && partialNotice(overview.answer, view);
  const bucket = latest('trend')?.answer.bucket ?? null;
  return html`${overview === null ? html`<p class="range-line"></p>` : rangeLine(overview, bucket, page.now, view)}
    <p id="stale" class="banner warn" role="status" ?hidden=${stale === null}>${stale}</p>
    <p id="partial" class="banner warn" role="status" ?hidden=${partial === null}>${partial}</p>
    ${health(page, overview)} ${empty ? emptyState(page, latest('status')?.answer ?? null) : nothing}
    <div id="numbers" ?hidden=${empty}>
      ${trends(page)} ${distribution(page)} ${breakdown(page)} ${page.requests.template()}
    </div>`;
}

function health(page: Page, overview: Kept<Overview> | null): TemplateResult {
  const { view, latest, objectives, state } = page;
  const { className, banner } = state('overview');
  // What is of another range than the overview says nothing about it.
  const same = <A>(kept: Kept<A> | null): A | null =>
    kept !== null && kept.scope === overview?.scope ? kept.answer : null;
  const platforms = same(view.by === 'platform' ? latest('breakdown') : latest('platforms'));
  const verdict = overview && objectives && judge(overview.answer, platforms, objectives);
  document.title = `${verdict?.title ?? 'Loading…'} · Gateway`;
  return html`<section id="glance" class=${className} aria-label="Health">
    ${banner} ${state('platforms').banner}
    ${glance(verdict, overview?.answer ?? null, same(latest('trend')), page)}
  </section>`;
}

function trends({ trends: panel, view, latest, current, state }: Page): TemplateResult {
  const [trend, before] = [latest('trend')?.answer ?? null, current('before')?.answer ?? null];
  // Series by something else would be under the wrong names.
  const series = latest('series')?.answer ?? null;
  const split = view.split !== null && series?.by === view.split ? series : null;
  return panel.template({ trend, before, series: split }, state(view.split === null ? 'trend' : 'series'));
}

function breakdown({ view, breakdown: panel, latest, state }: Page): TemplateResult {
  const answer = latest('breakdown')?.answer ?? null;
  // Rows by something else would be under the wrong head; another range's are there until the new ones come.
  return panel.template(answer?.by === view.by ? answer : null, state('breakdown'));
}

function distribution({ view, distribution: chart, latest, state, to }: Page): TemplateResult {
  const { className, banner } = state('distribution');
  const metrics = [
    ['duration', 'Duration', to({ metric: 'duration' })],
    ['ttft', 'TTFT', to({ metric: 'ttft' })],
  ] as const;
  return html`<section aria-labelledby="distribution-title">
    <div class="section-head">
      <h2 id="distribution-title">Latency distribution</h2>
      ${segmented('Latency of', metrics, view.metric)}
      <p class="note">Logarithmic scale.</p>
    </div>
    <div id="distribution" class="card ${className}">
      ${banner} ${chart.show(latest('distribution')?.answer ?? null)}
    </div>
  </section>`;
}

function operations({ operations: panel, latest, state }: Page): TemplateResult {
  return panel.template(latest('status')?.answer ?? null, {
    status: state('status'),
    rebuilds: state('rebuilds'),
    verifications: state('verifications'),
  });
}
