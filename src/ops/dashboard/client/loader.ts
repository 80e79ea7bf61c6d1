import type { Answers, Part, Question, Questions } from './answers.js';
import { ApiError, type Api } from './api.js';
import { PARTS, type Failure } from './panel-states.js';
import { mayPass, RetryTimer } from './retry-timer.js';

/** The latest answer to a part's question, whichever question that was. */
export interface Kept<Answer> {
  readonly answer: Answer;
  readonly subject: string;
  /** Of which range and filters it is: see subjectOf(). */
  readonly scope: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
}

export interface LoaderEvents {
  readonly now: () => number;
  /** What is to be asked. */
  readonly questions: () => Questions;
  readonly onAnswer: (part: Part) => void;
  /** Something is under way, or has ended. */
  readonly onChange: () => void;
  readonly onUnauthorised: () => void;
}

/**
 * Asks the server for the parts of the page, each by itself, so that one that fails or takes its time holds up no
 * other. What failed and may pass is asked for again after a while, by itself.
 */
export class Loader {
  private kept: { [P in Part]?: Kept<Answers[P]> } = {};
  private readonly problems = new Map<Part, unknown>();
  /** Asked for and not answered yet. */
  private readonly pending = new Set<Part>();
  private loading = new AbortController();
  private readonly retry = new RetryTimer(() => {
    void this.load(PARTS.filter(this.waits));
  });

  public constructor(
    private readonly api: Api,
    private readonly events: LoaderEvents,
  ) {}

  public get state(): 'loading' | 'error' | 'ready' {
    return this.pending.size > 0 ? 'loading' : this.problems.size > 0 ? 'error' : 'ready';
  }

  /** Gives up what is under way: other questions are to be asked. */
  public stop(): void {
    this.retry.stop();
    this.loading.abort();
    this.loading = new AbortController();
    this.pending.clear();
  }

  /** Asks for what is neither under way nor waiting for its next attempt: a refresh must not be that attempt. */
  public async refresh(): Promise<void> {
    await this.load(PARTS.filter((part) => !this.pending.has(part) && !this.waits(part)));
  }

  /** Ends when these have been answered, or given up for other questions. */
  public async load(parts: readonly Part[] = PARTS): Promise<void> {
    if (this.api.signal.aborted) {
      return;
    }
    if (parts.some(this.waits)) {
      this.retry.stop();
    }
    const { signal } = this.loading;
    const asked = this.events.questions();
    const loads = parts.map(async (part) => {
      const question = asked[part];
      if (question == null) {
        this.problems.delete(part);
      } else {
        await this.ask(part, question, signal);
      }
    });
    this.events.onChange();
    await Promise.all(loads);
    if (signal.aborted || this.pending.size > 0) {
      return;
    }
    const failed = [...this.problems.values()];
    if (failed.length === 0) {
      this.retry.reset();
    } else if (failed.some(mayPass) && !this.retry.running) {
      this.retry.start(failed);
    }
  }

  public latest<P extends Part>(part: P): Kept<Answers[P]> | null {
    return this.kept[part] ?? null;
  }

  /** The same, where it answers what is asked now. */
  public current<P extends Part>(part: P): Kept<Answers[P]> | null {
    const kept = this.latest(part);
    return kept?.subject === this.events.questions()[part]?.subject ? kept : null;
  }

  /** Null where all is well. */
  public failure(part: Part): Failure | null {
    return this.problems.has(part)
      ? { error: this.problems.get(part), at: this.current(part)?.at ?? null }
      : null;
  }

  private readonly waits = (part: Part): boolean =>
    this.problems.has(part) && mayPass(this.problems.get(part));

  /** Never rejects. */
  private async ask(
    part: Part,
    { path, query, subject, scope }: Question,
    signal: AbortSignal,
  ): Promise<void> {
    // Whatever has been asked for since goes on from here.
    const outdated = (): boolean => signal.aborted || subject !== this.events.questions()[part]?.subject;
    this.pending.add(part);
    try {
      const answer = await this.api.get<Answers[Part]>(path, query, signal);
      if (outdated()) {
        return;
      }
      this.kept = { ...this.kept, [part]: { answer, subject, scope, at: this.events.now() } };
      this.problems.delete(part);
      this.events.onAnswer(part);
    } catch (error) {
      if (outdated()) {
        return;
      }
      if (error instanceof ApiError && error.unauthorised) {
        this.events.onUnauthorised();
        return;
      }
      this.problems.set(part, error);
    }
    this.pending.delete(part);
    this.events.onChange();
  }
}
