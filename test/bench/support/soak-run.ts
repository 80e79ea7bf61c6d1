import { HOUR_MS } from '../../../src/ops/common/utc.js';
import { databaseClock } from './database-clock.js';
import { connections, footprints, type TableFootprint } from './footprint.js';
import { insertRowsAt } from './late-rows.js';
import { timed } from './numbers.js';
import type { Random } from './random.js';
import { Replica } from './replica.js';
import { progress } from './report.js';
import type { Scene } from './scene.js';

export const READ_EVERY_MS = 10_000;
export const LATE_ROW_EVERY_MS = 30_000;
/** Between two kills: two to five minutes. */
const KILL_AFTER_MS = [120_000, 180_000] as const;
const SAMPLE_EVERY_MS = 60_000;
/** Until what is closed is drained: the safe delay, and some minutes. */
const SETTLE_MS = 900_000;

/** Minutes go after an hour, so that as many are deleted as are written. */
export const ENVIRONMENT = {
  OPS_MINUTE_RETENTION_HOURS: '1',
  OPS_MAINTENANCE_CRON: '30 * * * * *',
} as const;

/** What one minute looked like. */
export interface SoakSample {
  /** Resident bytes of the replica that is never killed, and of the one that is; NaN while that one starts. */
  readonly memory: readonly [steady: number, killed: number];
  readonly connections: readonly [steady: number, killed: number];
  readonly liveLagSeconds: number;
  readonly tables: readonly TableFootprint[];
}

/** Two replicas beside each other, one of which is killed again and again, and what is asked of them. */
export class SoakRun {
  public readonly samples: SoakSample[] = [];
  /** Milliseconds that each refresh of a dashboard took. */
  public readonly reads: number[] = [];
  /** Refreshes that the replica did not answer: the one that is never killed, and the other. */
  public readonly failedReads: [steady: number, killed: number] = [0, 0];
  public kills = 0;

  private constructor(
    private readonly scene: Scene,
    private readonly steady: Replica,
    private killed: Replica,
    private readonly random: Random,
  ) {}

  public static async start(scene: Scene, random: Random): Promise<SoakRun> {
    const steady = await Replica.start(scene.url, 'steady', ENVIRONMENT);
    return new SoakRun(scene, steady, await Replica.start(scene.url, 'killed', ENVIRONMENT), random);
  }

  /** Everything at its own pace, until the signal. */
  public async goOn(signal: AbortSignal): Promise<void> {
    const [atLeast, more] = KILL_AFTER_MS;
    await Promise.all([
      repeat(
        () => atLeast + this.random.below(more),
        signal,
        () => this.killOne(),
      ),
      repeat(
        () => READ_EVERY_MS,
        signal,
        () => this.read(),
      ),
      repeat(
        () => LATE_ROW_EVERY_MS,
        signal,
        () => this.writeLateRow(),
      ),
      repeat(
        () => SAMPLE_EVERY_MS,
        signal,
        () => this.sample(),
      ),
    ]);
  }

  /** Waits until every hour up to an instant is closed and nothing is pending. Throws where it takes too long. */
  public async settled(through: Date): Promise<void> {
    const limit = performance.now() + HOUR_MS + SETTLE_MS;
    while (performance.now() < limit) {
      const { closedThrough, invalidations } = await this.status();
      const { pending, pendingDays, pendingMinutes } = invalidations;
      if (Date.parse(closedThrough) >= through.getTime() && pending + pendingDays + pendingMinutes === 0) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    }
    throw new Error('There are still stale buckets after the last hour was closed');
  }

  public async end(): Promise<void> {
    await Promise.all([this.steady.kill(), this.killed.kill()]);
  }

  private async killOne(): Promise<void> {
    await this.killed.kill();
    this.kills += 1;
    progress(`kill ${this.kills}`);
    this.killed = await Replica.start(this.scene.url, 'killed', ENVIRONMENT);
  }

  /** What a dashboard asks for when it refreshes, of either replica; one that has just been killed does not answer. */
  private async read(): Promise<void> {
    const to = Math.ceil((await databaseClock(this.scene)).getTime() / 60_000) * 60_000;
    const range = `from=${new Date(to - HOUR_MS).toISOString()}&to=${new Date(to).toISOString()}`;
    const replica = this.random.below(2) === 0 ? this.steady : this.killed;
    const paths = [
      ...[
        'overview?',
        'trend?',
        'breakdown?by=group&',
        'breakdown?by=platform&',
        'latency-distribution?metric=ttft&',
      ],
      ...['series?by=platform&measures=requestsPerSecond&measures=errorRate&', 'status?'],
    ].map((path) => `/admin/ops/${path}${path === 'status?' ? '' : range}`);
    try {
      this.reads.push(
        await timed(() => Promise.all([...paths, '/metrics'].map((path) => replica.ask(path)))),
      );
    } catch (error) {
      const index = replica === this.steady ? 0 : 1;
      this.failedReads[index] += 1;
      progress(`not answered by ${index === 0 ? 'the steady replica' : 'the other one'}: ${String(error)}`);
    }
  }

  /** A row of some closed hour: it is recomputed, with its day. */
  private async writeLateRow(): Promise<void> {
    const now = (await databaseClock(this.scene)).getTime();
    await insertRowsAt(this.scene, [new Date(now - 1_000 - this.random.below(2 * HOUR_MS))]);
  }

  private async sample(): Promise<void> {
    const { live } = await this.status();
    const connected = await connections(this.scene);
    const sample: SoakSample = {
      memory: [await this.steady.memory(), await this.killed.memory()],
      connections: [connected.get('steady') ?? 0, connected.get('killed') ?? 0],
      liveLagSeconds: live.lagSeconds ?? NaN,
      tables: await footprints(this.scene),
    };
    this.samples.push(sample);
    progress(`minute ${this.samples.length}: ${JSON.stringify(sample)}`);
  }

  private async status(): Promise<StatusAnswer> {
    return (await this.steady.ask('/admin/ops/status')) as StatusAnswer;
  }
}

interface StatusAnswer {
  readonly closedThrough: string;
  readonly live: { readonly lagSeconds: number | null };
  readonly invalidations: { pending: number; pendingMinutes: number; pendingDays: number };
}

/** Does something again and again, at least so many milliseconds apart, until the signal. */
async function repeat(everyMs: () => number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (;;) {
    const due = performance.now() + everyMs();
    while (performance.now() < due) {
      if (signal.aborted) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(500, due - performance.now())));
    }
    await work();
  }
}
