import { render } from 'lit-html';
import type { LatencyMetric } from '../../read/read.types.js';
import { questions, type Answers, type Part } from './answers.js';
import type { Api } from './api.js';
import { AutoRefresh } from './auto-refresh.js';
import { BreakdownPanel } from './breakdown-panel.js';
import { ChartCard } from './chart-card.js';
import { CHARTS } from './chart-specs.js';
import { DistributionChart } from './distribution-chart.js';
import type { Host } from './host.js';
import { Loader, type Kept } from './loader.js';
import { template, type Page } from './page.js';
import { commonProblem, PARTS, troubleOf, type Trouble } from './panel-problems.js';
import { convertEntered } from './range-fields.js';
import { RebuildPanel } from './rebuild-panel.js';
import { RefreshTool } from './refresh-tool.js';
import { RequestsPanel } from './requests-panel.js';
import { refined } from './slices.js';
import { onSystemTheme } from './theme.js';
import { Toolbar } from './toolbar.js';
import { VerifyPanel } from './verify-panel.js';
import { fixedRange, isRecent, parseView, rangeOf, viewQuery, type TimeRange, type View } from './view.js';

/** The page of somebody who is signed in: a view, what the server answers for it, and what shows it. */
export class Dashboard implements Page {
  public view = parseView(location.search);
  public range: TimeRange;
  private metric: LatencyMetric = 'duration';
  /** Of the server's clock, milliseconds: what is "now" is decided there, and an operator's laptop may be hours off. */
  private ahead = 0;
  private readonly loader: Loader;

  public readonly refresh: AutoRefresh;
  public readonly toolbar = new Toolbar(this);
  public readonly charts: readonly ChartCard[];
  public readonly breakdown = new BreakdownPanel(this);
  public readonly requests = new RequestsPanel(this);
  public readonly distribution = new DistributionChart();
  public readonly refreshTool = new RefreshTool(this);
  public readonly rebuilds = new RebuildPanel(this);
  public readonly verification = new VerifyPanel(this);

  /** @param now of the server, ISO 8601 */
  public constructor(
    public readonly api: Api,
    now: string,
    private readonly onSignedOut: (message: string) => void,
  ) {
    const { signal } = api;
    this.ahead = Date.parse(now) - Date.now();
    this.range = rangeOf(this.view, this.now);
    this.loader = new Loader(api, {
      now: () => this.now,
      questions: () => questions(this, this.metric),
      onAnswer: (part) => {
        this.take(part);
      },
      onChange: this.changed,
      onUnauthorised: () => {
        this.close('The token is not accepted any more.');
      },
    });
    this.refresh = new AutoRefresh(
      () => {
        this.range = rangeOf(this.view, this.now);
        void this.loader.refresh().then(this.awaitNext);
      },
      () => isRecent(this.range, this.now),
      signal,
    );
    this.charts = CHARTS.map((spec) => new ChartCard(spec, this.zoom));
    onSystemTheme(this.recolor, signal);
    const back = (): void => {
      this.show(parseView(location.search));
    };
    window.addEventListener('popstate', back, { signal });
    document.body.dataset.loaded = 'false';
    void this.verification.resume();
  }

  public readonly go = (change: Partial<View>): void => {
    const view = refined(this.view, change, this.dimensions);
    const query = viewQuery(view);
    if (query !== viewQuery(this.view)) {
      history.pushState(null, '', `${location.pathname}${query}`);
    }
    this.show(view);
  };

  public readonly to = (change: Partial<View>) => (): void => {
    this.go(change);
  };

  public readonly load = (): void => {
    this.loader.stop();
    this.range = rangeOf(this.view, this.now);
    this.refresh.stop();
    void this.loader.load().then(this.awaitNext);
    this.requests.follow();
  };

  public readonly changed = (): void => {
    if (this.api.signal.aborted) {
      return;
    }
    document.body.dataset.state = this.loader.state;
    const focused = document.activeElement;
    render(template(this), document.body);
    // A row of a table that changed places has lost it.
    if (focused instanceof HTMLElement && focused.isConnected && focused !== document.activeElement) {
      focused.focus();
    }
  };

  public readonly choose = (metric: LatencyMetric): void => {
    this.metric = metric;
    void this.loader.load(['distribution']);
  };

  /** Colours of canvases have no cascade. */
  public readonly recolor = (): void => {
    for (const chart of this.charts) {
      chart.redraw();
    }
    this.changed();
  };

  public readonly signOut = (): void => {
    this.close('');
  };

  public readonly latest = <P extends Part>(part: P): Kept<Answers[P]> | null => this.loader.latest(part);

  public readonly current = <P extends Part>(part: P): Kept<Answers[P]> | null => this.loader.current(part);

  public get dimensions(): Host['dimensions'] {
    return this.latest('status')?.answer.dimensions ?? null;
  }

  public get objectives(): Host['objectives'] {
    return this.latest('status')?.answer.objectives ?? null;
  }

  public get now(): number {
    return Date.now() + this.ahead;
  }

  public get problem(): string | null {
    const failures = PARTS.map((part) => this.loader.failure(part)).filter((failure) => failure !== null);
    const asked = Object.values(questions(this, this.metric)).filter((question) => question !== null);
    return failures.length < asked.length ? null : commonProblem(failures, this.view.zone);
  }

  public readonly trouble = (part: Part): Trouble => {
    const retry = (): void => {
      void this.loader.load([part]);
    };
    return troubleOf(part, this.loader.failure(part), this.view.zone, this.problem === null ? retry : null);
  };

  private readonly awaitNext = (): void => {
    this.refresh.start();
  };

  private readonly zoom = (from: number, to: number): void => {
    const fixed = fixedRange(from, to);
    if (fixed !== null) {
      this.go({ fixed });
    }
  };

  private show(view: View): void {
    convertEntered(this.view.zone, view.zone);
    this.view = view;
    this.load();
  }

  private take(part: Part): void {
    const [status, rebuilds] = [this.latest('status'), this.latest('rebuilds')];
    document.body.dataset.loaded = 'true';
    if (part === 'status' && status !== null) {
      this.ahead = Date.parse(status.answer.now) - Date.now();
    } else if (part === 'rebuilds' && rebuilds !== null) {
      this.rebuilds.show(rebuilds.answer);
    }
  }

  private close(message: string): void {
    this.api.close();
    this.loader.stop();
    this.refresh.stop();
    for (const chart of this.charts) {
      chart.destroy();
    }
    this.onSignedOut(message);
  }
}
