import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { RawLogService } from './raw-log.service.js';
import type { NewErrorLog, NewUsageLog } from './raw-log.types.js';
import { Random } from './sample-traffic/random.js';
import { TrafficModel } from './sample-traffic/traffic-model.js';
import { ensureSampleGroups } from './sample-traffic/write-sample-traffic.js';

const TICK_MS = 500;
/** After a failed write: a database that is down need not be asked, nor the log be filled, twice a second. */
const PAUSE_AFTER_FAILURE_MS = 5_000;
/** After a pause no more than this much traffic is made up for. */
const LONGEST_CATCH_UP_MS = 2_000;

interface Session {
  ratePerSecond: number;
  readonly stopping: AbortController;
}

/**
 * A trickle of sample traffic at the present moment; the time of a row is the database's now().
 *
 * Each write ends before the next begins. Failed writes are logged and given up, never thrown.
 */
@Injectable()
export class LiveTrafficService implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(LiveTrafficService.name);
  private session: Session | null = null;
  /** Settles when the last session has written its last row. */
  private lastRun: Promise<void> = Promise.resolve();

  constructor(private readonly rawLogs: RawLogService) {}

  /**
   * Starts the trickle; where it runs already, changes its rate.
   *
   * @param ratePerSecond successful requests per second on average, errors on top
   * @throws RangeError unless the rate is a finite number above 0
   */
  start(ratePerSecond: number): void {
    if (!(ratePerSecond > 0 && Number.isFinite(ratePerSecond))) {
      throw new RangeError('ratePerSecond must be a finite number above 0');
    }
    if (this.session !== null) {
      this.session.ratePerSecond = ratePerSecond;
      return;
    }
    const session: Session = { ratePerSecond, stopping: new AbortController() };
    this.session = session;
    // A session that is being stopped may still be writing: the next one waits for it.
    this.lastRun = this.lastRun.then(() => this.run(session));
  }

  /** Stops the trickle and waits for a write under way. Harmless where nothing runs. */
  async stop(): Promise<void> {
    this.session?.stopping.abort();
    this.session = null;
    await this.lastRun;
  }

  async onModuleDestroy(): Promise<void> {
    await this.stop();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  private async run(session: Session): Promise<void> {
    const { signal } = session.stopping;
    const seed = Date.now() | 0;
    const random = new Random(seed);
    let model: TrafficModel | null = null;
    let owed = 0;
    let last = performance.now();
    while (await pause(TICK_MS, signal)) {
      const now = performance.now();
      owed += (session.ratePerSecond * Math.min(now - last, LONGEST_CATCH_UP_MS)) / 1000;
      last = now;
      const rows = Math.floor(owed);
      owed -= rows;
      try {
        model ??= new TrafficModel(await ensureSampleGroups(this.rawLogs), seed);
        await this.write(model, rows, random);
      } catch (error) {
        this.logger.warn(`Live traffic was not written: ${describe(error)}`);
        await pause(PAUSE_AFTER_FAILURE_MS, signal);
      }
    }
  }

  private async write(model: TrafficModel, rows: number, random: Random): Promise<void> {
    const usage: NewUsageLog[] = [];
    const errors: NewErrorLog[] = [];
    // The process's clock only chooses the hour's latencies and error rate; no row carries it.
    const epochMs = Date.now();
    while (usage.length < rows) {
      const request = model.request(epochMs, random);
      usage.push(model.success(request, random));
      while (model.fails(request, random)) errors.push(model.failure(request, random));
    }
    await this.rawLogs.writeUsage(usage);
    await this.rawLogs.writeErrors(errors);
  }
}

/** Waits without keeping the process alive; false as soon as it is told to stop. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await delay(ms, undefined, { signal, ref: false });
    return true;
  } catch {
    // Only an abort rejects the wait.
    return false;
  }
}

/** The code too: a refused connection is an AggregateError whose message is empty. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error
    ? `${error.name} ${String(error.code)}: ${error.message}`
    : `${error.name}: ${error.message}`;
}
