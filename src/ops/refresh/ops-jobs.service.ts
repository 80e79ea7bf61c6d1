import {
  Injectable,
  Logger,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Cron, SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { OpsOptions, OpsOptionsError } from '../ops.options.js';
import { errorText } from './database-errors.js';
import { DAILY_JOB, HOURLY_JOB, RefreshService } from './refresh.service.js';

/**
 * The two scheduled jobs. They are declared switched off; at bootstrap the options decide whether and when they
 * run. A job never runs twice at once in this process, and between processes the refresh shares the work.
 *
 * The scheduler neither waits for a running job at shutdown nor lets its errors through, so both are done here.
 */
@Injectable()
export class OpsJobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('OpsJobs');
  private readonly running = new Map<string, Promise<void>>();
  private stopping = false;

  public constructor(
    private readonly options: OpsOptions,
    private readonly refresh: RefreshService,
    @Optional() private readonly scheduler?: SchedulerRegistry,
  ) {}

  @Cron('*/10 * * * *', { name: HOURLY_JOB, timeZone: 'UTC', disabled: true })
  public async hourly(): Promise<void> {
    await this.once(HOURLY_JOB, () => this.refresh.hourly());
  }

  @Cron('7 * * * *', { name: DAILY_JOB, timeZone: 'UTC', disabled: true })
  public async daily(): Promise<void> {
    await this.once(DAILY_JOB, () => this.refresh.daily());
  }

  public onApplicationBootstrap(): void {
    if (!this.options.jobsEnabled) {
      return;
    }
    if (this.scheduler === undefined) {
      throw new OpsOptionsError([
        {
          field: 'jobsEnabled',
          message:
            'jobsEnabled needs ScheduleModule.forRoot() of @nestjs/schedule in the imports of the application',
        },
      ]);
    }
    for (const [name, cronTime, onTick] of [
      [HOURLY_JOB, this.options.hourlyCron, () => this.hourly()],
      [DAILY_JOB, this.options.dailyCron, () => this.daily()],
    ] as const) {
      // Replaced as a whole: setting a new time would need the very copy of `cron` that the scheduler has.
      this.scheduler.deleteCronJob(name);
      this.scheduler.addCronJob(name, CronJob.from({ cronTime, onTick, timeZone: 'UTC', start: true }));
    }
    if (this.options.runJobsAtStart) {
      void this.hourly().then(() => this.daily());
    }
  }

  /** Waits for the day in work; what is left of the run is taken up by the next one, of whichever instance. */
  public async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.refresh.stop();
    await Promise.all(this.running.values());
  }

  private async once(name: string, run: () => Promise<unknown>): Promise<void> {
    if (this.stopping || this.running.has(name)) {
      return;
    }
    const current = run().then(
      () => undefined,
      (error: unknown) => {
        this.logger.error(`${name} failed, the next tick tries again: ${errorText(error)}`);
      },
    );
    this.running.set(name, current);
    await current.finally(() => this.running.delete(name));
  }
}
