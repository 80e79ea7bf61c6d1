import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import type { SqlStatement } from '../sql/sql-statement.js';
import { selectRow } from '../sql/sql-runner.js';
import { DAY_MS } from '../common/utc.js';
import { OpsOptions } from '../options/ops.options.js';
import { errorText, isBucketFailure } from '../sql/database-errors.js';
import { shortTransaction } from '../sql/short-transaction.js';
import { lockDays } from '../drain/sql/claim.sql.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';
import type { RetentionResult } from './retention.schema.js';
import * as sql from './sql/retention.sql.js';

interface Retention {
  readonly what: 'droppedHourlyRows' | 'droppedDistributions' | 'droppedDailyRows';
  readonly days: number | undefined;
  readonly next: (tables: OpsTables, retentionHours: number, from: string) => SqlStatement;
  readonly mayDrop: (day: sql.DaySettled) => boolean;
  readonly drop: (tables: OpsTables, day: string) => SqlStatement;
}

/**
 * Deletes metrics rows that are past their retention, oldest first, one UTC day in each short transaction, under the
 * lock that the day's drain takes; minutes some at a time. Raw tables are not its business.
 */
@Injectable()
export class RetentionService {
  private readonly logger = new Logger('OpsRetention');
  private stopping = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
  ) {}

  /** @throws QueryFailedError where the database cannot be reached; a day that fails is kept and logged */
  public async run(): Promise<RetentionResult> {
    const result = {
      droppedMinutelyRows: await this.dropMinutes(),
      droppedHourlyRows: 0,
      droppedDistributions: 0,
      droppedDailyRows: 0,
      keptDays: 0,
    };
    const kept = new Set<string>();
    for (const retention of this.retentions()) {
      await this.apply(retention, result, kept);
    }
    return { ...result, keptDays: kept.size };
  }

  /** Lets the day in work finish, and takes no more. */
  public stop(): void {
    this.stopping = true;
  }

  /** First it is no longer said that they are complete; then they go, some in each short transaction. */
  private async dropMinutes(): Promise<number> {
    await shortTransaction(this.dataSource, this.options, (manager) =>
      selectRow(manager, sql.raiseMinutesFrom(this.tables, this.options.minuteRetentionHours)),
    );
    let dropped = 0;
    for (let from: string | null = '-infinity'; from !== null && !this.stopping;) {
      const start: string = from;
      const step = await shortTransaction(this.dataSource, this.options, (manager) =>
        selectRow<{ rows: number; next: string | null }>(manager, sql.dropMinutes(this.tables, start)),
      );
      dropped += step.rows;
      from = step.next;
    }
    return dropped;
  }

  /** Daily rows come last: the hours that wait for them go first. */
  private retentions(): readonly Retention[] {
    const { hourlyRetentionDays, distributionRetentionDays, dailyRetentionDays } = this.options;
    return [
      {
        what: 'droppedHourlyRows',
        days: hourlyRetentionDays,
        next: sql.nextDayOfHours,
        mayDrop: ({ settled, hours_spare }) => settled && hours_spare,
        drop: sql.dropHours,
      },
      {
        what: 'droppedDistributions',
        days: distributionRetentionDays,
        next: sql.nextDayOfDistributions,
        mayDrop: ({ settled, distributions_spare }) => settled && distributions_spare,
        drop: sql.dropDistributions,
      },
      {
        what: 'droppedDailyRows',
        days: dailyRetentionDays,
        next: sql.nextDayOfDailies,
        mayDrop: ({ settled }) => settled,
        drop: sql.dropDailies,
      },
    ];
  }

  private async apply(retention: Retention, result: RetentionResult, kept: Set<string>): Promise<void> {
    if (retention.days === undefined) {
      return;
    }
    let from = '-infinity';
    while (!this.stopping) {
      const { day } = await selectRow<{ day: string | null }>(
        this.dataSource,
        retention.next(this.tables, retention.days * 24, from),
      );
      if (day === null) {
        return;
      }
      const rows = await this.dropDay(retention, day);
      if (rows === 'kept') {
        kept.add(day);
      } else {
        result[retention.what] += rows;
      }
      from = new Date(Date.parse(day) + DAY_MS).toISOString();
    }
  }

  private async dropDay(retention: Retention, day: string): Promise<number | 'kept'> {
    try {
      return await shortTransaction(this.dataSource, this.options, (manager) =>
        this.dropLocked(manager, retention, day),
      );
    } catch (error) {
      if (!isBucketFailure(error)) {
        throw error;
      }
      this.logger.warn(`Day ${day.slice(0, 10)} is past its retention and was kept: ${errorText(error)}`);
      return 'kept';
    }
  }

  private async dropLocked(
    manager: EntityManager,
    retention: Retention,
    day: string,
  ): Promise<number | 'kept'> {
    if ((await selectRow<{ busy: string | null }>(manager, lockDays([day], 'exclusive'))).busy !== null) {
      return 'kept';
    }
    // A statement of its own: its snapshot is taken now, with the lock.
    const state = await selectRow<sql.DaySettled>(
      manager,
      sql.daySettled(this.tables, day, retentionHours(this.options).daily),
    );
    if (!retention.mayDrop(state)) {
      return 'kept';
    }
    return (await selectRow<{ rows: number }>(manager, retention.drop(this.tables, day))).rows;
  }
}
