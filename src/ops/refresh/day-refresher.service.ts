import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../metrics/ops-tables.js';
import { selectRow, selectRows } from '../metrics/sql-runner.js';
import { DAY_MS } from '../metrics/utc.js';
import { OpsOptions } from '../ops.options.js';
import { upsertDailyRange } from '../rollup/sql/upsert-daily.sql.js';
import { upsertHours, type UpsertHourlyResult } from '../rollup/sql/upsert-hourly.sql.js';
import { shortTransaction } from './short-transaction.js';
import { countDroppedHours, hoursWithoutDistribution, restoreHours } from './sql/dropped-hours.sql.js';
import { claimHours, lockDay, releaseHours, type ClaimedHour } from './sql/drain.sql.js';
import { shortestRetentionHours } from './sql/recompute-floor.sql.js';

/** What one transaction on a day did. */
export interface DayRefresh {
  readonly claimedHours: number;
  readonly drainedHours: number;
  readonly belowFloorHours: number;
  /** Hours (ISO) held back by the shrink guard. */
  readonly suspicious: readonly string[];
}

/** The one transaction that everything comes down to: lock the day, claim, recompute, release. */
@Injectable()
export class DayRefresher {
  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
  ) {}

  public bound(): { safeDelaySeconds: number; retentionHours: number | null } {
    return {
      safeDelaySeconds: this.options.safeDelaySeconds,
      retentionHours: shortestRetentionHours(this.options),
    };
  }

  /**
   * Recomputes the due hours of a UTC day, or one of them, and with a closed day its daily rows.
   *
   * @param day UTC midnight, ISO
   * @param onlyHour the hour to restrict it to, ISO, or null
   * @returns 'busy' where another transaction has the day
   * @throws QueryFailedError as the database gives it; nothing is changed then
   */
  public async refresh(day: string, onlyHour: string | null): Promise<DayRefresh | 'busy'> {
    return shortTransaction(this.dataSource, this.options, async (manager) => {
      if (!(await this.lock(manager, day))) {
        return 'busy';
      }
      const claimed = await selectRows<ClaimedHour>(
        manager,
        claimHours(this.tables, { ...this.bound(), day, onlyHour }),
      );
      const suspicious = await this.recompute(manager, day, claimed, onlyHour === null);
      if (claimed.length > 0) {
        const hours = claimed.map(({ hour }) => hour);
        await selectRow(manager, releaseHours(this.tables, hours, suspicious));
      }
      const belowFloorHours = claimed.filter((hour) => isBelowFloor(hour)).length;
      return {
        claimedHours: claimed.length,
        drainedHours: claimed.length - belowFloorHours - suspicious.length,
        belowFloorHours,
        suspicious,
      };
    });
  }

  /** Recomputes the daily rows of a closed day from its hourly rows, under the day's lock. */
  public async refreshDaily(day: string): Promise<'done' | 'busy'> {
    return shortTransaction(this.dataSource, this.options, async (manager) => {
      if (!(await this.lock(manager, day))) {
        return 'busy';
      }
      await this.recomputeDaily(manager, day);
      return 'done';
    });
  }

  private async lock(manager: EntityManager, day: string): Promise<boolean> {
    return (await selectRow<{ locked: boolean }>(manager, lockDay(day))).locked;
  }

  private async recompute(
    manager: EntityManager,
    day: string,
    claimed: readonly ClaimedHour[],
    wholeDay: boolean,
  ): Promise<readonly string[]> {
    const due = claimed.filter((hour) => !isBelowFloor(hour));
    if (due.length === 0) {
      return [];
    }
    const hours = [...new Set(due.map(({ hour }) => hour))]; // a day's row stands for its first hour
    const dayClosed = due[0]?.day_closed === true;
    const others = wholeDay && dayClosed ? await this.hoursToRestore(manager, day, hours) : [];
    // A statement of its own: its snapshot is taken now, after the claim.
    const { suspicious } = await selectRow<UpsertHourlyResult>(
      manager,
      upsertHours(
        this.tables,
        [...hours, ...others],
        [...due.filter(({ forced }) => !forced).map(({ hour }) => hour), ...others],
        this.options,
      ),
    );
    const restored = due.filter((hour) => hour.below_floor).map(({ hour }) => hour);
    if (restored.length > 0) {
      await selectRow(manager, restoreHours(this.tables, restored));
    }
    if (dayClosed) {
      await this.recomputeDaily(manager, day);
    }
    return suspicious.filter((hour) => hours.includes(hour));
  }

  /**
   * The retention may have dropped the distributions of the day's other hours: they are recomputed with these, since
   * the day's distributions are merged from all.
   */
  private async hoursToRestore(
    manager: EntityManager,
    day: string,
    except: readonly string[],
  ): Promise<string[]> {
    if (!this.options.distributions) {
      return [];
    }
    const rows = await selectRows<{ hour: string }>(
      manager,
      hoursWithoutDistribution(this.tables, day, this.bound().retentionHours),
    );
    return rows.map(({ hour }) => hour).filter((hour) => !except.includes(hour));
  }

  /** Not while an hour of the day is dropped: its daily rows know more than the hours that are left. */
  private async recomputeDaily(manager: EntityManager, day: string): Promise<void> {
    if ((await selectRow<{ hours: number }>(manager, countDroppedHours(this.tables, day))).hours > 0) {
      return;
    }
    const start = new Date(day);
    const end = new Date(start.getTime() + DAY_MS);
    await selectRow(manager, upsertDailyRange(this.tables, { start, end }, this.options));
  }
}

/** Its raw rows may be gone, and nobody forced it: the stored row is the better knowledge. */
function isBelowFloor(hour: ClaimedHour): boolean {
  return hour.below_floor && !hour.forced;
}
