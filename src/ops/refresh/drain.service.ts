import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../metrics/ops-tables.js';
import { selectRows } from '../metrics/sql-runner.js';
import { OpsOptions } from '../ops.options.js';
import { errorText, isBucketFailure } from './database-errors.js';
import { DayRefresher } from './day-refresher.service.js';
import { claimHours, newestDueDay, recordFailure, type ClaimedHour } from './sql/drain.sql.js';
import { finishRebuilds } from './sql/rebuild.sql.js';

/** What one drain did. */
export interface DrainResult {
  /** Hours recomputed and released. */
  drainedHours: number;
  /** Attempts that failed; each is tried again after a pause. */
  failedHours: number;
  /** Hours held back by the shrink guard. */
  suspiciousHours: number;
  /** Hours dropped because their raw rows are below the floor. */
  belowFloorHours: number;
}

/**
 * Recomputes stale hours until none is due: one transaction per UTC day, newest first, on `drainConcurrency`
 * connections. Any number of instances may drain at once; they share the days.
 */
@Injectable()
export class DrainService {
  private readonly logger = new Logger('OpsDrain');
  private readonly sums = nothing();
  private queue: Promise<unknown> = Promise.resolve();
  private stopping = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly days: DayRefresher,
  ) {}

  /**
   * Drains what is due now. A call while another one runs in this process is taken after it, so that what was noted
   * before the call is never missed.
   *
   * @throws QueryFailedError where the database cannot be reached; a bucket that fails is recorded, not thrown.
   */
  public async drain(): Promise<DrainResult> {
    const run = this.queue.then(() => this.run());
    this.queue = run.catch(() => undefined);
    return run;
  }

  /** What the drains of this instance have done since it started; the one under way is not in it yet. */
  public get totals(): Readonly<DrainResult> {
    return this.sums;
  }

  /** Lets the days in work finish, and takes no more. */
  public async stop(): Promise<void> {
    this.stopping = true;
    await this.queue;
  }

  private async run(): Promise<DrainResult> {
    const result = nothing();
    const inWork = new Set<string>();
    const workers = Array.from({ length: this.options.drainConcurrency }, () => this.work(inWork, result));
    const outcomes = await Promise.allSettled(workers);
    for (const key of Object.keys(result) as (keyof DrainResult)[]) {
      this.sums[key] += result[key];
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
    // Once more: the last of a rebuild's hours may have failed, and an instance may have died between the commit of its
    // last day and this.
    await selectRows(this.dataSource, finishRebuilds(this.tables));
    return result;
  }

  private async work(inWork: Set<string>, result: DrainResult): Promise<void> {
    // A day that another instance has is left to it for the rest of this drain.
    while (!this.stopping) {
      const [next] = await selectRows<{ day: string }>(
        this.dataSource,
        newestDueDay(this.tables, this.options.safeDelaySeconds, [...inWork]),
      );
      if (next === undefined) {
        return;
      }
      if (inWork.has(next.day)) {
        continue; // a neighbour took it between the question and the answer
      }
      inWork.add(next.day);
      if ((await this.drainDay(next.day, result)) === 'drained') {
        inWork.delete(next.day);
      }
    }
  }

  private async drainDay(day: string, result: DrainResult): Promise<'drained' | 'busy'> {
    try {
      return await this.attempt(day, null, result);
    } catch (error) {
      if (!isBucketFailure(error)) {
        throw error;
      }
      this.logger.warn(`Day ${day.slice(0, 10)} failed, trying its hours one by one: ${errorText(error)}`);
      await this.drainHourByHour(day, result);
      return 'drained';
    }
  }

  /** One bad hour must not hold up the others of its day. */
  private async drainHourByHour(day: string, result: DrainResult): Promise<void> {
    const hours = await selectRows<ClaimedHour>(
      this.dataSource,
      claimHours(this.tables, { ...this.days.bound(), day, onlyHour: null }),
    );
    for (const { hour } of hours) {
      if (this.stopping) {
        return;
      }
      try {
        await this.attempt(day, hour, result);
      } catch (error) {
        if (!isBucketFailure(error)) {
          throw error;
        }
        result.failedHours += 1;
        const { attempts } = await this.recordFailure(hour, error);
        this.logger.error(`Hour ${hour} failed, attempt ${attempts}: ${errorText(error)}`);
      }
    }
  }

  private async attempt(
    day: string,
    onlyHour: string | null,
    result: DrainResult,
  ): Promise<'drained' | 'busy'> {
    const outcome = await this.days.refresh(day, onlyHour);
    if (outcome === 'busy') {
      return 'busy';
    }
    result.drainedHours += outcome.drainedHours;
    result.suspiciousHours += outcome.suspicious.length;
    result.belowFloorHours += outcome.belowFloorHours;
    for (const hour of outcome.suspicious) {
      this.logger.warn(`Hour ${hour} is held back: it would lose more than half of its requests`);
    }
    if (outcome.claimedHours === 0) {
      return 'busy'; // due, but locked by somebody who is noting it
    }
    await selectRows(this.dataSource, finishRebuilds(this.tables));
    return 'drained';
  }

  private async recordFailure(hour: string, error: unknown): Promise<{ attempts: number }> {
    const pause = { baseSeconds: this.options.retryBaseSeconds, maxSeconds: this.options.retryMaxSeconds };
    const rows = await selectRows<{ attempts: number }>(
      this.dataSource,
      recordFailure(this.tables, hour, errorText(error), pause),
    );
    return rows[0] ?? { attempts: 0 };
  }
}

function nothing(): DrainResult {
  return { drainedHours: 0, failedHours: 0, suspiciousHours: 0, belowFloorHours: 0 };
}
