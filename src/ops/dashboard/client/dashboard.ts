import type { LatencyMetric } from '../../read/read.types.js';
import type { Status } from './admin-types.js';
import { fetchAnswers, type Answers } from './answers.js';
import { ApiError, describe, wasAborted, type Api } from './api.js';
import { AutoRefresh } from './auto-refresh.js';
import { byId } from './dom.js';
import { Glance } from './glance.js';
import { showEmpty, showProblem, showRangeLine, showStale } from './notices.js';
import { Numbers } from './numbers.js';
import { Operations } from './operations.js';
import { ServerClock } from './server-clock.js';
import { initTheme } from './theme.js';
import { Toolbar } from './toolbar.js';
import { parseView, rangeOf, viewQuery, type View } from './view.js';
import { formatTime, zoneName } from './zone.js';

/** The page of somebody who is signed in: a view, what the server answers for it, and what shows it. */
export class Dashboard {
  private readonly clock = new ServerClock();
  private readonly toolbar = new Toolbar((change) => {
    this.navigate(change);
  });
  private readonly glance = new Glance((platform) => {
    this.navigate({ platform, group: null });
  });
  private readonly numbers = new Numbers(
    (change) => {
      this.navigate(change);
    },
    (metric) => {
      this.metric = metric;
      void this.load();
    },
  );
  private readonly operations = new Operations(
    () => this.api,
    () => void this.load(),
  );
  private readonly refresh = new AutoRefresh(() => void this.load());
  private view: View = parseView(location.search);
  private metric: LatencyMetric = 'duration';
  private api: Api | null = null;
  private answers: Answers | null = null;
  private answeredAt = 0;
  private loading: AbortController | null = null;

  public constructor(private readonly onUnauthorised: (message: string) => void) {
    initTheme(() => {
      this.numbers.recolor();
    });
    window.addEventListener('popstate', () => {
      this.view = parseView(location.search);
      void this.load();
    });
    byId('retry', HTMLButtonElement).addEventListener('click', () => void this.load());
    byId('empty-filters', HTMLButtonElement).addEventListener('click', () => {
      this.navigate({ platform: null, group: null });
    });
    byId('empty-month', HTMLButtonElement).addEventListener('click', () => {
      this.navigate({ preset: '30d', fixed: null, platform: null, group: null });
    });
    byId('sign-out', HTMLButtonElement).addEventListener('click', () => {
      this.close('');
    });
  }

  public open(api: Api, status: Status): void {
    this.api = api;
    this.clock.set(status.now);
    this.view = parseView(location.search);
    document.body.dataset.loaded = 'false';
    void this.load();
  }

  private close(message: string): void {
    this.loading?.abort();
    this.refresh.stop();
    this.operations.stop();
    this.api = null;
    this.answers = null;
    showProblem(null);
    this.onUnauthorised(message);
  }

  private navigate(change: Partial<View>): void {
    const view = { ...this.view, ...change };
    const query = viewQuery(view);
    if (query !== viewQuery(this.view)) {
      history.pushState(null, '', `${location.pathname}${query}`);
    }
    this.view = view;
    void this.load();
  }

  /** Fetches what the view needs; a load under way is given up. */
  private async load(): Promise<void> {
    const { api, view } = this;
    if (api === null) {
      return;
    }
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    const range = rangeOf(view, this.clock.now());
    document.body.dataset.state = 'loading';
    this.toolbar.show(view, range);
    try {
      const answers = await fetchAnswers(api, view, range, this.metric, loading.signal);
      this.show(answers, view);
    } catch (error) {
      if (wasAborted(error)) {
        return; // by the load that came after, which goes on from here
      }
      if (error instanceof ApiError && error.unauthorised) {
        this.close('The token is not accepted any more.');
        return;
      }
      this.fail(error);
    }
    this.refresh.restart();
  }

  private show(answers: Answers, view: View): void {
    this.answers = answers;
    this.clock.set(answers.status.now);
    this.answeredAt = this.clock.now();
    document.body.dataset.loaded = 'true';
    showProblem(null);
    showRangeLine(answers, view, this.answeredAt);
    showStale(answers, view);
    showEmpty(answers, view);
    this.toolbar.showChoices(view, answers.platforms, answers.groups);
    this.glance.show(answers);
    this.numbers.show(answers, view);
    this.operations.show(answers.status, answers.rebuilds, answers.range, view.zone);
    document.body.dataset.state = 'ready';
  }

  private fail(error: unknown): void {
    const since =
      this.answers === null
        ? null
        : `${formatTime(this.answeredAt, this.view.zone, 'seconds')} ${zoneName(this.view.zone)}`;
    showProblem(describe(error), since);
    document.body.dataset.state = 'error';
  }
}
