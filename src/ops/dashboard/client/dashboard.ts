import type { LatencyMetric } from '../../read/read.types.js';
import type { Status } from './admin-types.js';
import { KeptAnswers, questions, type Answers, type Part, type Question } from './answers.js';
import { ApiError, describe, type Api } from './api.js';
import { AutoRefresh } from './auto-refresh.js';
import { byId } from './dom.js';
import { Glance } from './glance.js';
import { showEmpty, showProblem, showRangeLine, showStale } from './notices.js';
import { Numbers } from './numbers.js';
import { Operations } from './operations.js';
import { PARTS, showPanelProblem } from './panel-problems.js';
import { mayPass, RetryTimer } from './retry-timer.js';
import { ServerClock } from './server-clock.js';
import { initTheme } from './theme.js';
import { Toolbar } from './toolbar.js';
import { parseView, rangeOf, viewQuery, type TimeRange, type View } from './view.js';
import { formatTime, zoneName } from './zone.js';

/**
 * The page of somebody who is signed in: a view, what the server answers for it, and what shows it. Every part is
 * asked for and shown by itself, so that one that fails or takes its time holds up no other.
 */
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
      void this.load(['distribution']);
    },
  );
  private readonly operations = new Operations(
    () => this.api,
    () => void this.load(),
  );
  private readonly refresh = new AutoRefresh(() => void this.load());
  private readonly retry = new RetryTimer(() => {
    void this.load(PARTS.filter((part) => this.problems.has(part) && mayPass(this.problems.get(part))));
  });
  private view: View = parseView(location.search);
  private range: TimeRange = rangeOf(this.view, this.clock.now());
  private metric: LatencyMetric = 'duration';
  private api: Api | null = null;
  private readonly answers = new KeptAnswers();
  private readonly problems = new Map<Part, unknown>();
  /** Asked for and not answered yet. */
  private readonly pending = new Set<Part>();
  private loading = new AbortController();

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
    this.loading.abort();
    this.refresh.stop();
    this.retry.reset();
    this.operations.stop();
    this.api = null;
    this.answers.clear();
    this.problems.clear();
    this.showProblems();
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

  /** Fetches what the view needs, or some parts of it. A load of everything gives up what is under way. */
  private async load(parts: readonly Part[] = PARTS): Promise<void> {
    const { api } = this;
    if (api === null) {
      return;
    }
    this.retry.stop();
    if (parts === PARTS) {
      this.loading.abort();
      this.loading = new AbortController();
      this.range = rangeOf(this.view, this.clock.now());
      this.pending.clear();
      this.toolbar.show(this.view, this.range);
    }
    document.body.dataset.state = 'loading';
    const { signal } = this.loading;
    const asked = this.questions();
    await Promise.all(parts.map((part) => this.ask(api, part, asked[part], signal)));
    if (signal.aborted) {
      return;
    }
    if (parts === PARTS) {
      this.refresh.restart();
    }
    if (this.pending.size === 0) {
      this.settle();
    }
  }

  /** Never rejects. */
  private async ask(
    api: Api,
    part: Part,
    { path, query, subject }: Question,
    signal: AbortSignal,
  ): Promise<void> {
    this.pending.add(part);
    try {
      const answer = await api.get<Answers[Part]>(path, query, signal);
      if (signal.aborted) {
        return;
      }
      this.answers.keep(part, { answer, subject, at: this.clock.now() });
      this.problems.delete(part);
      this.show(part);
    } catch (error) {
      if (signal.aborted) {
        return; // by the load that came after, which goes on from here
      }
      if (error instanceof ApiError && error.unauthorised) {
        this.close('The token is not accepted any more.');
        return;
      }
      this.problems.set(part, error);
    }
    this.pending.delete(part);
    this.showProblems();
  }

  private settle(): void {
    const failed = [...this.problems.values()];
    document.body.dataset.state = failed.length === 0 ? 'ready' : 'error';
    if (failed.length === 0) {
      this.retry.reset();
    } else if (failed.some(mayPass)) {
      this.retry.start(failed);
    }
  }

  private questions(): ReturnType<typeof questions> {
    return questions(this.view, this.range, this.metric);
  }

  private show(part: Part): void {
    const { view, range } = this;
    const asked = this.questions();
    const get = <P extends Part>(name: P): Answers[P] | null =>
      this.answers.get(name, asked[name])?.answer ?? null;
    const [overview, trend, platforms, groups] = [
      get('overview'),
      get('trend'),
      get('platforms'),
      get('groups'),
    ];
    const [status, rebuilds, distribution] = [get('status'), get('rebuilds'), get('distribution')];
    document.body.dataset.loaded = 'true';
    if (part === 'overview' || part === 'platforms' || part === 'trend') {
      this.glance.show(overview, platforms, trend);
    }
    if (part === 'overview' && overview !== null) {
      showRangeLine(overview, view, range, this.clock.now());
      showEmpty(overview, view);
    } else if (part === 'trend' && trend !== null) {
      this.numbers.showTrend(trend, range, view);
    } else if (part === 'distribution' && distribution !== null) {
      this.numbers.showDistribution(distribution);
    } else if (part === 'status' && status !== null) {
      this.clock.set(status.now);
      this.operations.showStatus(status, range, view.zone);
    } else if (part === 'rebuilds' && rebuilds !== null) {
      this.operations.showRebuilds(rebuilds, view.zone);
    }
    if (part === 'platforms' || part === 'groups') {
      this.numbers.showBreakdowns(platforms, groups, view);
      this.toolbar.showChoices(view, platforms, groups);
    }
    if (part === 'overview' || part === 'status') {
      showStale(overview, this.clock.now(), view);
    }
  }

  /** Each in its panel, or once for all where nothing was answered at all. */
  private showProblems(): void {
    const asked = this.questions();
    const all = this.problems.size === PARTS.length;
    let latest = 0;
    for (const part of PARTS) {
      const at = this.answers.get(part, asked[part])?.at ?? null;
      const error = this.problems.get(part);
      const problem = this.problems.has(part)
        ? { text: describe(error), since: at === null ? null : this.timeOf(at) }
        : null;
      showPanelProblem(part, problem, () => void this.load([part]), all);
      latest = Math.max(latest, at ?? 0);
    }
    const [error] = this.problems.values();
    showProblem(all ? describe(error) : null, latest === 0 ? null : this.timeOf(latest));
  }

  private timeOf(time: number): string {
    return `${formatTime(time, this.view.zone, 'seconds')} ${zoneName(this.view.zone)}`;
  }
}
