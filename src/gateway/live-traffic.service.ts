import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { expectedRequests, writeSampleTraffic } from './sample-traffic/write-sample-traffic.js';

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
 * Sample traffic at the present moment, by the database's clock: each tick writes what came since the one before, as
 * the history is written.
 *
 * Each write ends before the next begins. Failed writes are logged and given up, never thrown.
 */
@Injectable()
export class LiveTrafficService implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(LiveTrafficService.name);
  private stopping = new AbortController();
  /** Settles when the last run has written its last row. */
  private lastRun: Promise<void> = Promise.resolve();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

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
    let last: number | null = null;
    while (await pause(TICK_MS, signal)) {
      try {
        const now = await databaseTime(this.dataSource);
        const from = Math.max(last ?? now - TICK_MS, now - LONGEST_CATCH_UP_MS);
        last = now;
        if (from >= now) continue; // the clock was set back
        const range = { from: new Date(from), to: new Date(now), seed };
        const rows = await expectedRequests(this.dataSource, range, ratePerSecond);
        if (rows > 0) await writeSampleTraffic(this.dataSource, { ...range, rows });
      } catch (error) {
        this.logger.warn(`Live traffic was not written: ${describe(error)}`);
        await pause(PAUSE_AFTER_FAILURE_MS, signal);
      }
    }
  }
}

/** Epoch milliseconds. */
async function databaseTime(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource.query<{ now: Date }[]>('SELECT now()');
  return row?.now.getTime() ?? NaN;
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
