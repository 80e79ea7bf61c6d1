import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Cron, SchedulerRegistry } from '@nestjs/schedule';
import { InjectDataSource } from '@nestjs/typeorm';
import { CronJob } from 'cron';
import type { DataSource } from 'typeorm';
import { OpsOptions, OpsOptionsError } from '../options/ops.options.js';
import { errorText } from '../sql/database-errors.js';
import { silenceSince } from '../sql/progress.js';
import { MAINTENANCE_JOB, REFRESH_JOB, RefreshService } from './refresh.service.js';

/** A run without an answer from the database for so much longer than a statement may take is stuck. */
const STUCK_GRACE_MS = 60_000;
/** How long a shutdown waits for the runs under way: what they leave is rolled back, and taken up by the next tick. */
const STOP_GRACE_MS = 15_000;

interface Run {
  readonly started: number;
  readonly ended: Promise<void>;
}

/** What one of the jobs is doing on this instance. */
export interface JobRun {
  readonly job: string;
  /** How long the run under way takes already; 0 between runs. */
  readonly seconds: number;
  /** Whether it has been without progress for too long. Nothing it does can end it any more: see the log. */
  readonly stuck: boolean;
}

/**
 * The two scheduled jobs. They are declared switched off; at bootstrap the options decide whether and when they
 * run. A job never runs twice at once in this process, unless the first run is stuck, and between processes the refresh
 * shares the work.
 *
 * The scheduler neither waits for a running job at shutdown nor lets its errors through, so both are done here.
 */
@Injectable()
export class OpsJobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('OpsJobs');
  private readonly running = new Map<string, Run>();
  private stopped: Promise<void> | undefined;

  public constructor(
    private readonly options: OpsOptions,
    private readonly refresh: RefreshService,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Optional() private readonly scheduler?: SchedulerRegistry,
  ) {}

  @Cron('*/10 * * * * *', { name: REFRESH_JOB, timeZone: 'UTC', disabled: true })
  public async tick(): Promise<void> {
    await this.once(REFRESH_JOB, () => this.refresh.tick());
  }

  @Cron('7 * * * *', { name: MAINTENANCE_JOB, timeZone: 'UTC', disabled: true })
  public async maintain(): Promise<void> {
    await this.once(MAINTENANCE_JOB, () => this.refresh.maintain());
  }

  public onApplicationBootstrap(): void {
    if (!this.options.jobsEnabled) {
      return;
    }
    if (this.scheduler === undefined) {
      throw new OpsOptionsError([
        {
          field: 'jobsEnabled',
          expected: 'needs ScheduleModule.forRoot() of @nestjs/schedule in the imports of the application',
        },
      ]);
    }
    for (const [name, cronTime, onTick] of [
      [REFRESH_JOB, this.options.refreshCron, () => this.tick()],
      [MAINTENANCE_JOB, this.options.maintenanceCron, () => this.maintain()],
    ] as const) {
      // Replaced as a whole: setting a new time would need the very copy of `cron` that the scheduler has.
      this.scheduler.deleteCronJob(name);
      this.scheduler.addCronJob(name, CronJob.from({ cronTime, onTick, timeZone: 'UTC', start: true }));
    }
    if (this.options.runJobsAtStart) {
      void this.tick().then(() => this.maintain());
    }
  }

  /** What the jobs are doing on this instance, both of them, for readiness and metrics. */
  public runs(): JobRun[] {
    return [REFRESH_JOB, MAINTENANCE_JOB].map((job) => {
      const run = this.running.get(job);
      return run === undefined
        ? { job, seconds: 0, stuck: false }
        : { job, seconds: (performance.now() - run.started) / 1000, stuck: this.isStuck(run) };
    });
  }

  /**
   * Takes no more, and waits for the day in work, but for no longer than 15 s; what is left of the run is taken up by
   * the next one, of whichever instance.
   */
  public async stop(): Promise<void> {
    this.stopped ??= this.stopRuns();
    await this.stopped;
  }

  public async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  private async stopRuns(): Promise<void> {
    const ended = this.refresh
      .stop()
      .then(() => Promise.all([...this.running.values()].map((run) => run.ended)));
    const late = sleep(STOP_GRACE_MS, 'late' as const, { ref: false });
    if ((await Promise.race([ended, late])) === 'late') {
      const left = [...this.running.keys()].join(', ') || 'a drain';
      this.logger.warn(`Not ended within ${STOP_GRACE_MS / 1000} s, left to the next tick: ${left}`);
    }
  }

  private async once(name: string, run: () => Promise<unknown>): Promise<void> {
    const before = this.running.get(name);
    if (this.stopped !== undefined || (before !== undefined && !this.isStuck(before))) {
      return;
    }
    if (before !== undefined) {
      this.logger.error(`${name} is stuck: no answer from the database; it is left behind, and run again`);
    }
    const ended = run().then(
      () => undefined,
      (error: unknown) => {
        this.logger.error(`${name} failed, the next tick tries again: ${errorText(error)}`);
      },
    );
    const current = { started: performance.now(), ended };
    this.running.set(name, current);
    await ended;
    if (this.running.get(name) === current) {
      this.running.delete(name);
    }
  }

  private isStuck({ started }: Run): boolean {
    return silenceSince(this.dataSource, started) > this.options.statementTimeoutMs + STUCK_GRACE_MS;
  }
}
