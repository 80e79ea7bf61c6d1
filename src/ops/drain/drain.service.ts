import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { BucketRecomputer } from './bucket-recomputer.service.js';
import { RecomputeFailure, type Bucket } from './recomputed-buckets.js';
import { describeBuckets } from './describe-buckets.js';
import { countRecomputed } from './count-recomputed.js';
import type { Drained, DrainOrder, DrainRun } from './drain-run.js';
import { nothing } from './drain-result.js';
import { CrashLog } from './crash-log.js';
import { errorText, failureKind, sqlState } from '../sql/database-errors.js';
import { countDue, type DueBuckets } from './sql/claim.sql.js';
import { atMost, isAnything, oneOf } from './due-buckets.js';
import { recordFailure } from './sql/release.sql.js';
import type { DrainResult } from './drain.schema.js';
import { advanceLive } from '../invalidation/sql/live.sql.js';
import { finishRebuilds } from './sql/finish-rebuilds.sql.js';

/** How often, and how soon, what stood in somebody's way is tried again in one drain; then the next tick does. */
const CONFLICT_RETRIES = 3;
const CONFLICT_PAUSE_MS = 100;

/** While nothing new comes, it is said so often that minutes are complete, in seconds: more rarely than every tick. */
const LIVE_INTERVAL_SECONDS = 40;

/**
 * Recomputes stale buckets until none is due, newest first, on `drainConcurrency` connections; each bucket in a short
 * transaction, hours some at a time. Any number of instances may drain at once; they share the buckets.
 */
@Injectable()
export class DrainService {
  private readonly logger = new Logger('OpsDrain');
  private readonly sums = nothing();
  private readonly crashes = new CrashLog();
  private queue: Promise<unknown> = Promise.resolve();
  private stopping = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly recomputer: BucketRecomputer,
  ) {}

  /**
   * Drains what is due now, or as much of it as the order allows. A call while another one runs in this process is taken
   * after it, so that what was noted before the call is never missed.
   *
   * @throws QueryFailedError where the database cannot be reached; a bucket that fails is recorded, not thrown.
   */
  public async drain(order: DrainOrder = {}): Promise<Drained> {
    const run = this.queue.then(() => this.run(order));
    this.queue = run.catch(() => undefined);
    return run;
  }

  /** What the drains of this instance have done since it started; the one under way is not in it yet. */
  public get totals(): Readonly<DrainResult> {
    return this.sums;
  }

  /** Lets the buckets in work finish, and takes no more. */
  public async stop(): Promise<void> {
    this.stopping = true;
    await this.queue;
  }

  private async run({ through = null, forMs = Infinity, asked = false }: DrainOrder): Promise<Drained> {
    const run: DrainRun = {
      result: nothing(),
      through,
      asked,
      until: performance.now() + forMs,
      isCut: false,
      except: new Set(),
      conflicts: 0,
      alone: 0,
    };
    await this.setAsideWhatCrashed(run);
    const due = await this.due(run);
    const length = !isAnything(due) ? 0 : this.crashes.isEmpty ? this.options.drainConcurrency : 1;
    const workers = Array.from({ length }, () => this.work(run, due));
    const outcomes = await Promise.allSettled(workers);
    for (const key of Object.keys(run.result) as (keyof DrainResult)[]) {
      this.sums[key] += run.result[key];
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
    await selectRows(this.dataSource, finishRebuilds(this.tables, this.options.safeDelaySeconds));
    if (through !== null) {
      // Two workers that end at the same time do not see of each other that they have.
      const interval = run.result.drainedMinutes > 0 ? 0 : LIVE_INTERVAL_SECONDS;
      await selectRow(this.dataSource, advanceLive(this.tables, through, interval));
    }
    return run;
  }

  /** An hour that has taken the server down with it would do so for ever, and let nothing older have its turn. */
  private async setAsideWhatCrashed(run: DrainRun): Promise<void> {
    for (const { bucket, reason } of this.crashes.convicted()) {
      await this.recordFailure(bucket, `the server went down with it: ${reason}`, run);
    }
  }

  private async work(run: DrainRun, first: DueBuckets): Promise<void> {
    let due = first;
    while (!this.stopping && isAnything(due)) {
      if (performance.now() > run.until) {
        run.isCut = true;
        return;
      }
      try {
        const done = await this.recomputer.recomputeNext({
          except: [...run.except],
          only: null,
          // One of them may have taken the server down, or stand in the way of the others.
          due: atMost(run.alone === 0 ? this.crashes.atMost : 1, due),
          through: run.through,
          asked: run.asked,
        });
        if (done === null) {
          return;
        }
        if ('busyDay' in done) {
          run.except.add(done.busyDay);
        } else {
          countRecomputed(done, run.result, this.logger);
          this.crashes.acquit();
          run.alone = Math.max(0, run.alone - 1);
        }
      } catch (error) {
        await this.handle(error, run);
      }
      due = await this.due(run);
    }
  }

  private due({ except }: DrainRun): Promise<DueBuckets> {
    const { safeDelaySeconds } = this.options;
    return selectRow(this.dataSource, countDue(this.tables, { safeDelaySeconds, except: [...except] }));
  }

  private async handle(error: unknown, run: DrainRun): Promise<void> {
    if (!(error instanceof RecomputeFailure)) {
      throw error;
    }
    const { buckets, cause } = error;
    switch (failureKind(cause)) {
      case 'server':
        // A backend that dies says nothing; what ends the others, or a restart, says that it does.
        if (sqlState(cause) === undefined) {
          this.crashes.suspect(buckets, errorText(cause));
        }
        throw cause;
      case 'conflict':
        run.conflicts += 1;
        this.logger.log(
          `${describeBuckets(buckets)}: somebody was in the way, tried again: ${errorText(cause)}`,
        );
        if (run.conflicts > CONFLICT_RETRIES) {
          const days = new Set(buckets.map(({ start }) => `${start.slice(0, 10)}T00:00:00.000Z`));
          if (days.size === 0) {
            throw cause; // nothing can be claimed while somebody keeps a raw table
          }
          if (days.size > 1) {
            run.alone = buckets.length;
          } else {
            run.alone = 0;
            for (const day of days) run.except.add(day);
          }
        }
        await sleep(CONFLICT_PAUSE_MS * (0.5 + Math.random()));
        return;
      case 'bucket':
        await this.oneByOne(buckets, cause, run);
    }
  }

  /** One bad bucket must not hold up the others of its statement. */
  private async oneByOne(buckets: readonly Bucket[], cause: unknown, run: DrainRun): Promise<void> {
    const [only] = buckets;
    if (only === undefined) {
      throw cause; // it failed before anything was claimed
    }
    if (buckets.length === 1) {
      await this.recordFailure(only, errorText(cause), run);
      return;
    }
    this.logger.warn(`${describeBuckets(buckets)} failed, trying them one by one: ${errorText(cause)}`);
    for (const bucket of buckets) {
      if (this.stopping) {
        return;
      }
      try {
        const done = await this.recomputer.recomputeNext({
          except: [],
          only: bucket,
          due: oneOf(bucket.tier),
          through: run.through,
          asked: run.asked,
        });
        if (done !== null && !('busyDay' in done)) {
          countRecomputed(done, run.result, this.logger);
        }
      } catch (error) {
        await this.handle(error, run);
      }
    }
  }

  private async recordFailure(bucket: Bucket, error: string, { result }: DrainRun): Promise<void> {
    const pause = { baseSeconds: this.options.retryBaseSeconds, maxSeconds: this.options.retryMaxSeconds };
    const [row] = await selectRows<{ attempts: number }>(
      this.dataSource,
      recordFailure(this.tables, bucket, error, pause),
    );
    if (row !== undefined) {
      result.failedBuckets += 1;
      this.logger.error(`${describeBuckets([bucket])} failed, attempt ${row.attempts}: ${error}`);
    }
  }
}
