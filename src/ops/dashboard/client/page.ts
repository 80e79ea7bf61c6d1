import { html, nothing, type TemplateResult } from 'lit-html';
import type { LatencyMetric, Overview } from '../../read/read.types.js';
import type { Answers, Part } from './answers.js';
import type { AutoRefresh } from './auto-refresh.js';
import type { BreakdownPanel } from './breakdown-panel.js';
import type { ChartCard } from './chart-card.js';
import type { DistributionChart } from './distribution-chart.js';
import { glance } from './glance.js';
import { judge } from './health.js';
import type { Host } from './host.js';
import type { Kept } from './loader.js';
import { partialNotice, rangeLine, staleNotice } from './notices.js';
import { operationsFacts } from './operations-facts.js';
import type { Trouble } from './panel-problems.js';
import type { RebuildPanel } from './rebuild-panel.js';
import type { RefreshTool } from './refresh-tool.js';
import type { RequestsPanel } from './requests-panel.js';
import { button, segmented } from './templates.js';
import { themeChoice } from './theme.js';
import type { Toolbar } from './toolbar.js';
import type { VerifyPanel } from './verify-panel.js';
import { isFiltered, NO_FILTERS, subjectOf } from './view.js';

/** What the page is made of, and what can be asked of it. */
export interface Page extends Host {
  readonly refresh: AutoRefresh;
  readonly toolbar: Toolbar;
  readonly charts: readonly ChartCard[];
  readonly breakdown: BreakdownPanel;
  readonly requests: RequestsPanel;
  readonly distribution: DistributionChart;
  readonly refreshTool: RefreshTool;
  readonly rebuilds: RebuildPanel;
  readonly verification: VerifyPanel;
  /** Milliseconds since 1970, by the server's clock. */
  readonly now: number;
  /** What is wrong with everything, and not with some part alone; null where it is not. */
  readonly problem: string | null;
  readonly trouble: (part: Part) => Trouble;
  /** The latest answer, whichever view it was asked for. */
  readonly latest: <P extends Part>(part: P) => Kept<Answers[P]> | null;
  /** The same, where it answers what is asked now. */
  readonly current: Page['latest'];
  readonly choose: (metric: LatencyMetric) => void;
  readonly recolor: () => void;
  readonly signOut: () => void;
}

export function template(page: Page): TemplateResult {
  const { view, latest, problem } = page;
  const overview = latest('overview');
  const empty = overview?.answer.requestCountTotal === 0;
  const stale = overview && staleNotice(overview.answer, page.now, view);
  const partial = overview && partialNotice(overview.answer, view);
  return html`<div id="app">
    <a class="skip" href="#content">Skip to the numbers</a>
    ${header(page)}
    ${page.toolbar.template(page.range, latest('platforms')?.answer ?? null, latest('groups')?.answer ?? null)}
    <main id="content" tabindex="-1">
      <div class="busy" aria-hidden="true"></div>
      <p id="range-line" class="range-line">
        ${overview && rangeLine(overview, latest('trend')?.answer.bucket ?? null, page.now, view)}
      </p>
      <div id="problem" class="banner bad" role="alert" ?hidden=${problem === null}>
        <p>${problem}</p>
        ${button('Try again', page.load)}
      </div>
      <p id="stale" class="banner warn" role="status" ?hidden=${stale === null}>${stale}</p>
      <p id="partial" class="banner warn" role="status" ?hidden=${partial === null}>${partial}</p>
      ${health(page, overview)} ${empty ? emptyState(page) : nothing}
      <div id="numbers" ?hidden=${empty}>
        ${trends(page)} ${breakdown(page)} ${page.requests.template()} ${distribution(page)}
      </div>
      ${operations(page)}
    </main>
  </div>`;
}

function header({ view, refresh, to, recolor, signOut }: Page): TemplateResult {
  const zones = [
    ['utc', 'UTC', to({ zone: 'utc' })],
    ['local', 'Local', to({ zone: 'local' })],
  ] as const;
  return html`<header class="top">
    <div class="brand">
      <img src="ops/assets/icon.svg" alt="" width="28" height="28" />
      <h1>Operations</h1>
    </div>
    <div class="settings">
      ${segmented('Time zone', zones, view.zone)} ${refresh.template()} ${themeChoice(recolor)}
      ${button('Sign out', signOut, { classes: 'quiet' })}
    </div>
  </header>`;
}

function health(page: Page, overview: Kept<Overview> | null): TemplateResult {
  const { view, objectives, latest, trouble, to } = page;
  const { className, banner } = trouble('overview');
  // What answers another question than the overview says nothing about it.
  const same = <A>(kept: Kept<A> | null): A | null =>
    kept !== null && kept.subject === overview?.subject ? kept.answer : null;
  const verdict = overview && objectives && judge(overview.answer, same(latest('platforms')), objectives);
  document.title = `${verdict?.title ?? 'Loading…'} · Operations`;
  return html`<section id="glance" class=${className} aria-label="Health">
    ${banner} ${glance(verdict, objectives, overview?.answer ?? null, same(latest('trend')), view.zone, to)}
  </section>`;
}

function emptyState({ view, to }: Page): TemplateResult {
  const filtered = isFiltered(view);
  const month = { ...NO_FILTERS, preset: '30d', fixed: null } as const;
  return html`<section class="card empty-state">
    <h2>Nothing here</h2>
    <p>
      ${
        filtered
          ? 'No request in this range belongs to what is filtered for.'
          : 'The gateway has logged no request in this range.'
      }
    </p>
    <div class="actions">
      ${button('Clear the filters', to(NO_FILTERS), { hidden: !filtered })}
      ${button('Show the last 30 days', to(month), {
        hidden: subjectOf(view) === subjectOf({ ...view, ...month }),
      })}
    </div>
  </section>`;
}

function trends({ view, charts, latest, trouble, go, to }: Page): TemplateResult {
  const sets = [
    ['service', 'Service', to({ charts: 'service' })],
    ['cost', 'Cost and speed', to({ charts: 'cost' })],
  ] as const;
  const { className, banner } = trouble('trend');
  const zoomReset = (event: Event): void => {
    if (event.target instanceof Element && event.target.closest('.plot') !== null) {
      go({ fixed: null });
    }
  };
  return html`<section aria-labelledby="trends-title">
    <div class="section-head">
      <h2 id="trends-title">Trends</h2>
      ${segmented('Trends of', sets, view.charts)}
      <p id="chart-keys" class="note">
        Drag to zoom, double-click to reset. With the keyboard: arrows move, Shift with arrows selects, Enter
        zooms.
      </p>
    </div>
    <div id="charts" class="charts ${className}" @dblclick=${zoomReset}>
      ${banner}
      ${charts
        .filter(({ spec }) => spec.set === view.charts)
        .map((chart) => chart.show(latest('trend')?.answer ?? null, view.zone))}
    </div>
  </section>`;
}

function breakdown({ view, breakdown: panel, latest, current, trouble }: Page): TemplateResult {
  const part = view.by === 'platform' ? 'platforms' : view.by === 'group' ? 'groups' : 'breakdown';
  // Rows by something else would be under the wrong head; another range's are there until the new ones come.
  const kept = part === 'breakdown' ? current(part) : latest(part);
  // The lists of the toolbar have no other place to say that they failed.
  const others = (['platforms', 'groups'] as const).filter((other) => other !== part);
  return panel.template(
    kept?.answer ?? null,
    trouble(part),
    others.map((other) => trouble(other).banner),
  );
}

function distribution({ distribution: chart, latest, trouble, choose }: Page): TemplateResult {
  const { className, banner } = trouble('distribution');
  const shown = latest('distribution')?.answer ?? null;
  const metric = (name: LatencyMetric, label: string): TemplateResult => {
    const show = (): void => {
      choose(name);
    };
    return button(label, show, { id: `metric-${name}`, pressed: shown?.metric === name });
  };
  return html`<section aria-labelledby="distribution-title">
    <div class="section-head">
      <h2 id="distribution-title">Latency distribution</h2>
      <div class="segmented" role="group" aria-label="Latency of">
        ${metric('duration', 'Duration')} ${metric('ttft', 'TTFT')}
      </div>
      <p class="note">Logarithmic scale.</p>
    </div>
    <div id="distribution" class="card ${className}">${banner} ${chart.show(shown)}</div>
  </section>`;
}

function operations(page: Page): TemplateResult {
  const { view, range, latest, trouble } = page;
  const { className, banner } = trouble('status');
  const status = latest('status')?.answer;
  // What can be rebuilt or verified are closed hours.
  const to = Math.min(range.to, Date.parse(status?.closedThrough ?? '') || range.to);
  const closed = { from: Math.min(range.from, to - 3_600_000), to };
  return html`<section id="operations" aria-labelledby="operations-title">
    <div class="section-head">
      <h2 id="operations-title">Rollup</h2>
      ${page.refreshTool.template()}
    </div>
    <div id="facts" class="operations ${className}">
      ${banner} ${status === undefined ? nothing : operationsFacts(status, view.zone)}
    </div>
    <div class="operations">
      ${page.rebuilds.template(closed, trouble('rebuilds'))} ${page.verification.template(closed)}
    </div>
  </section>`;
}
