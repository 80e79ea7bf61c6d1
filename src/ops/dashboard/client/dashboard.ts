import { nothing, render } from 'lit-html';
import type { Status } from './admin-types.js';
import { questions, type Answers, type Part } from './answers.js';
import type { Api } from './api.js';
import { AutoRefresh } from './auto-refresh.js';
import { BreakdownPanel } from './breakdown-panel.js';
import { DistributionChart } from './distribution-chart.js';
import type { Host } from './host.js';
import { Loader, type Kept } from './loader.js';
import { OperationsPage } from './operations-page.js';
import { template, type Page } from './page.js';
import { commonProblem, failedState, PARTS, type PanelState } from './panel-states.js';
import { convertEntered } from './range-fields.js';
import { RequestsPanel } from './requests-panel.js';
import { refined } from './slices.js';
import { Toolbar } from './toolbar.js';
import { TrendsPanel } from './trends-panel.js';
import { isRecent, parseView, rangeOf, subjectOf, viewQuery, type TimeRange, type View } from './view.js';

/** The range of a preset is asked for anew where the server's clock turns out to be so far from this one; milliseconds. */
const CLOCK_SKEW_MS = 30_000;

/** The page of somebody who is signed in: a view, what the server answers for it, and what shows it. */
export class Dashboard implements Page {
  public view = parseView(location.search);
  public range: TimeRange;
  /** Of the server's clock, milliseconds: what is "now" is decided there, and an operator's laptop may be hours off. */
  private ahead = 0;
  private readonly loader: Loader;
  /** Messages are tasks, and come after the answers that are there; timers may be throttled. */
  private readonly renders = new MessageChannel();
  private isStale = false;

  public readonly refresh: AutoRefresh;
  public readonly toolbar: Toolbar;
  public readonly trends: TrendsPanel;
  public readonly breakdown = new BreakdownPanel(this);
  public readonly requests = new RequestsPanel(this);
  public readonly distribution = new DistributionChart();
  public readonly operations: OperationsPage;

  /** @param status of the rollup, where that is known */
  public constructor(
    public readonly api: Api,
    status: Status | null,
    private readonly onSignedOut: (message: string) => void,
  ) {
    const { signal } = api;
    this.ahead = status === null ? 0 : Date.parse(status.now) - Date.now();
    this.range = rangeOf(this.view, this.now);
    this.loader = new Loader(api, {
      now: () => this.now,
      questions: () => questions(this),
      onAnswer: (part) => {
        this.take(part);
      },
      onChange: this.soon,
      onUnauthorised: () => {
        this.close('The token is not accepted any more.');
      },
    });
    this.refresh = new AutoRefresh(
      () => {
        this.range = rangeOf(this.view, this.now);
        void this.loader.refresh().then(this.refresh.start);
      },
      () => isRecent(this.range, this.now),
      signal,
    );
    this.renders.port1.onmessage = () => {
      if (this.isStale) {
        this.changed();
      }
    };
    this.toolbar = new Toolbar(this);
    this.trends = new TrendsPanel(this);
    this.operations = new OperationsPage(this);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.recolor, { signal });
    const back = (): void => {
      this.show(parseView(location.search), true);
    };
    window.addEventListener('popstate', back, { signal });
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
    void this.loader.load().then(this.refresh.start);
    this.requests.follow();
  };

  public readonly changed = (): void => {
    if (this.api.signal.aborted) {
      return;
    }
    this.isStale = false;
    document.body.dataset.state = this.loader.state;
    const focused = document.activeElement;
    render(template(this), document.body);
    // A row of a table that changed places has lost it.
    if (focused instanceof HTMLElement && focused.isConnected && focused !== document.activeElement) {
      focused.focus();
    }
  };

  /** Renders once for all the answers that have come meanwhile. */
  private readonly soon = (): void => {
    if (this.loader.state === 'loading') {
      document.body.dataset.state = 'loading';
    }
    this.isStale = true;
    this.renders.port2.postMessage(null);
  };

  /** Colours of canvases have no cascade. */
  public readonly recolor = (): void => {
    this.trends.recolor();
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
    const asked = Object.values(questions(this)).filter((question) => question !== null);
    return failures.length < asked.length ? null : commonProblem(failures, this.view.zone);
  }

  public readonly state = (part: Part): PanelState => {
    const failure = this.loader.failure(part);
    if (failure !== null) {
      const retry = (): void => {
        void this.loader.load([part]);
      };
      return failedState(part, failure, this.view.zone, this.problem === null ? retry : null);
    }
    const isAsked = questions(this)[part] != null;
    const className =
      !isAsked || this.current(part) !== null ? '' : this.latest(part) === null ? 'waiting' : 'old';
    return { className, banner: nothing };
  };

  /** What is asked for in this view too stays, until the next refresh. @param anew everything is asked for again */
  private show(view: View, anew = false): void {
    const asked = !anew && subjectOf(view) === subjectOf(this.view) && view.page === this.view.page;
    convertEntered(this.view.zone, view.zone);
    this.view = view;
    if (asked) {
      void this.loader.load(PARTS.filter((part) => this.current(part) === null));
      this.requests.follow();
    } else {
      this.load();
    }
    // What somebody chose is to be seen at once: only answers wait for each other.
    this.changed();
  }

  private take(part: Part): void {
    const [status, rebuilds, verifications] = [
      this.latest('status'),
      this.latest('rebuilds'),
      this.latest('verifications'),
    ];
    if (part === 'status' && status !== null) {
      const before = this.now;
      this.ahead = Date.parse(status.answer.now) - Date.now();
      if (Math.abs(this.now - before) > CLOCK_SKEW_MS) {
        this.load();
      }
    } else if (part === 'rebuilds' && rebuilds !== null) {
      this.operations.rebuilds.show(rebuilds.answer);
    } else if (part === 'verifications' && verifications !== null) {
      this.operations.verifications.show(verifications.answer);
    }
  }

  private close(message: string): void {
    this.api.close();
    this.loader.stop();
    this.refresh.stop();
    this.onSignedOut(message);
  }
}
