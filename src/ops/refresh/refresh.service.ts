import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../metrics/ops-tables.js';
import { selectRow, selectRows } from '../metrics/sql-runner.js';
import { logfmt } from '../logfmt.js';
import { OpsOptions } from '../ops.options.js';
import { DayRefresher } from './day-refresher.service.js';
import { errorText, isBucketFailure } from './database-errors.js';
import { DetectService } from './detect.service.js';
import type { DetectResult } from './detect-result.js';
import { DrainService, type DrainResult } from './drain.service.js';
import { RetentionService, type RetentionResult } from './retention.service.js';
import { staleDays } from './sql/daily.sql.js';
import { noteOldDefinitions } from './sql/definition.sql.js';
import { countPending } from './sql/drain.sql.js';
import { recordRun } from './sql/heartbeat.sql.js';
import { daysInHours, shortestRetentionHours } from './sql/recompute-floor.sql.js';

export const HOURLY_JOB = 'ops_preaggregation_hourly';
export const DAILY_JOB = 'ops_preaggregation_daily';

/** What one tick of the hourly job did; durations are milliseconds. */
export interface HourlyTick extends DetectResult, DrainResult {
  /** Closed hours that are still stale. */
  readonly pendingHours: number;
  readonly ms: number;
}

/** What one tick of the daily job did. */
export interface DailyTick extends RetentionResult {
  /** Days whose daily rows were recomputed. */
  readonly days: number;
  /** Hours noted because an older version of the code, or another program, had computed them. */
  readonly oldDefinitionHours: number;
  readonly ms: number;
}

/** One tick of each job: what the schedule, the command line and the admin endpoint run. */
@Injectable()
export class RefreshService {
  private readonly logger = new Logger('OpsRefresh');
  private stopping = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly detection: DetectService,
    private readonly drains: DrainService,
    private readonly days: DayRefresher,
    private readonly retention: RetentionService,
  ) {}

  /**
   * Finds the hours that have new rows and recomputes what is stale and closed. Recorded as a heartbeat.
   *
   * @throws QueryFailedError where the database cannot be reached; the heartbeat then records it, if it can
   */
  public async hourly(): Promise<HourlyTick> {
    return this.recorded(HOURLY_JOB, async () => {
      // What is noted already does not wait for a detection that fails: because an instance was suspended while it held
      // the rows that this one wants to note, say.
      const [detection] = await Promise.allSettled([this.detection.detect()]);
      const drained = await this.drains.drain();
      if (detection.status === 'rejected') {
        throw detection.reason;
      }
      const detected = detection.value;
      if (detected.belowFloorRows > 0) {
        this.logger.warn(
          `${detected.belowFloorRows} late rows lie below the raw floor: counted, and not applied`,
        );
      }
      const { pending } = await selectRow<{ pending: number }>(
        this.dataSource,
        countPending(this.tables, this.options.safeDelaySeconds),
      );
      return { ...detected, ...drained, pendingHours: pending };
    });
  }

  /**
   * Recomputes the daily rows of closed days that are missing or older than their hours, notes the hours that an older
   * definition computed, and deletes metrics rows past their retention. Recorded as a heartbeat.
   *
   * @throws QueryFailedError as {@link hourly}
   */
  public async daily(): Promise<DailyTick> {
    return this.recorded(DAILY_JOB, async () => {
      const stale = await selectRows<{ day: string }>(
        this.dataSource,
        staleDays(this.tables, this.options.safeDelaySeconds, daysInHours(this.options.dailyRetentionDays)),
      );
      const refreshed = await this.refreshDays(stale.map(({ day }) => day));
      const { hours } = await selectRow<{ hours: number }>(
        this.dataSource,
        noteOldDefinitions(this.tables, shortestRetentionHours(this.options)),
      );
      const dropped = await this.retention.run();
      if (refreshed.failure !== undefined) {
        throw refreshed.failure;
      }
      return { days: refreshed.days, oldDefinitionHours: hours, ...dropped };
    });
  }

  /** A day that fails holds up no other; the first failure is given back, for the run to end with. */
  private async refreshDays(stale: readonly string[]): Promise<{ days: number; failure: Error | undefined }> {
    let days = 0;
    let failure: Error | undefined;
    for (const day of stale) {
      if (this.stopping) {
        break;
      }
      try {
        // A busy day is being drained, and its drain writes the daily rows.
        days += (await this.days.refreshDaily(day)) === 'done' ? 1 : 0;
      } catch (error) {
        if (!isBucketFailure(error) || !(error instanceof Error)) {
          throw error;
        }
        this.logger.error(`The daily rows of ${day.slice(0, 10)} failed: ${errorText(error)}`);
        failure ??= error;
      }
    }
    return { days, failure };
  }

  /** Lets the days in work finish, and takes no more. */
  public async stop(): Promise<void> {
    this.stopping = true;
    this.retention.stop();
    await this.drains.stop();
  }

  private async recorded<T extends object>(
    jobName: string,
    run: () => Promise<T>,
  ): Promise<T & { ms: number }> {
    const started = performance.now();
    const elapsed = (): number => Math.round(performance.now() - started);
    try {
      const result = { ...(await run()), ms: elapsed() };
      this.logger.log(`${jobName} ${logfmt(result)}`);
      await this.record(jobName, result.ms, null, result);
      return result;
    } catch (error) {
      await this.record(jobName, elapsed(), errorText(error), null).catch((failure: unknown) => {
        this.logger.error(`The failure of ${jobName} could not be recorded: ${errorText(failure)}`);
      });
      throw error;
    }
  }

  private async record(
    jobName: string,
    durationMs: number,
    error: string | null,
    result: unknown,
  ): Promise<void> {
    const { text, values } = recordRun(this.tables, { jobName, durationMs, error, result });
    await this.dataSource.query(text, values);
  }
}
