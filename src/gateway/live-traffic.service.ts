import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { RawLogService } from './raw-log.service.js';
import { Random } from './sample-traffic/random.js';
import { expectedArrivals } from './sample-traffic/shape.js';
import { TrafficModel, type TrafficBatch } from './sample-traffic/traffic-model.js';
import { ensureSampleGroups } from './sample-traffic/write-sample-traffic.js';

const TICK_MS = 500;
/** After a failed write: a database that is down need not be asked, nor the log be filled, twice a second. */
const PAUSE_AFTER_FAILURE_MS = 5_000;
/** After a pause no more than this much traffic is made up for. */
const LONGEST_CATCH_UP_MS = 2_000;

export interface LiveTrafficPlan {
  /** Successful requests per second, as the mean of a week; errors come on top. */
  readonly ratePerSecond: number;
  /** Of the history that is continued: the same seed gives the same rhythm, bursts, incidents and drift. */
  readonly seed: number;
}

/**
 * Sample traffic at the present moment, by the same functions of time as the history. The process's clock chooses
 * how much is due and what it is like; the time of a row is the database's now().
 *
 * Each write ends before the next begins. Failed writes are logged and given up, never thrown.
 */
@Injectable()
export class LiveTrafficService implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(LiveTrafficService.name);
  private stopping = new AbortController();
  /** Settles when the last run has written its last row. */
  private lastRun: Promise<void> = Promise.resolve();

  constructor(private readonly rawLogs: RawLogService) {}

  /**
   * Starts the traffic, in place of what runs already.
   *
   * @throws RangeError unless the rate is a finite number above 0
   */
  start(plan: LiveTrafficPlan): void {
    if (!(plan.ratePerSecond > 0 && Number.isFinite(plan.ratePerSecond)))
      throw new RangeError('ratePerSecond must be a finite number above 0');
    this.stopping.abort();
    const { signal } = (this.stopping = new AbortController());
    // A run that is being stopped may still be writing: the next one waits for it.
    this.lastRun = this.lastRun.then(() => this.run(plan, signal));
  }

  /** Stops the traffic and waits for a write under way. Harmless where nothing runs. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.lastRun;
  }

  async onModuleDestroy(): Promise<void> {
    await this.stop();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  private async run({ ratePerSecond, seed }: LiveTrafficPlan, signal: AbortSignal): Promise<void> {
    let model: TrafficModel | null = null;
    let owed = 0;
    let last = Date.now();
    while (await pause(TICK_MS, signal)) {
      const now = Date.now();
      owed += ratePerSecond * expectedArrivals(seed, Math.max(last, now - LONGEST_CATCH_UP_MS), now);
      last = now;
      const batch: TrafficBatch = { usage: [], errors: [] };
      try {
        // Another generator than the history's, or every restart would log the same requests again.
        model ??= new TrafficModel(await ensureSampleGroups(this.rawLogs), seed, new Random(now | 0));
        for (; owed >= 1; owed -= 1) model.add(batch, now, null);
        await this.rawLogs.writeUsage(batch.usage);
        await this.rawLogs.writeErrors(batch.errors);
      } catch (error) {
        this.logger.warn(`Live traffic was not written: ${describe(error)}`);
        await pause(PAUSE_AFTER_FAILURE_MS, signal);
      }
    }
  }
}

/** Waits without keeping the process alive; false as soon as it is told to stop. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  // Only an abort rejects the wait.
  return delay(ms, true, { signal, ref: false }).catch(() => false);
}

/** The code too: a refused connection is an AggregateError whose message is empty. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error
    ? `${error.name} ${String(error.code)}: ${error.message}`
    : `${error.name}: ${error.message}`;
}
