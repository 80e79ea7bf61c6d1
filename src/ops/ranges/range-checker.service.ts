import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow } from '../sql/sql-runner.js';
import { DAY_MS, HOUR_MS, type TimeRange } from '../common/utc.js';
import { validated } from '../common/validated.js';
import { OpsOptions } from '../options/ops.options.js';
import { OpsInputError } from '../common/ops.error.js';
import { OpsBelowFloorError } from './below-floor.error.js';
import { rangeSchema, type Range } from './range.schemas.js';
import { rangeLimits, type RangeLimits } from './sql/range-limits.sql.js';
import { widenToDroppedDays } from '../invalidation/sql/dropped-hours.sql.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';

export interface CheckedRange extends TimeRange {
  /** Start of what can be recomputed without force, or null. */
  readonly floor: Date | null;
  /** Start of the oldest UTC day whose daily rows are kept, or null. */
  readonly dailyFloor: Date | null;
}

/** Holds a requested range against the database's clock, the options and the recompute floor. */
@Injectable()
export class RangeChecker {
  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
  ) {}

  /**
   * Widens the range outward to whole UTC hours and cuts it at the last closed one.
   *
   * @throws OpsInputError naming the field: what is no time, an end that is not after the start, a range longer than
   * maxRebuildDays, in the future, or without a closed hour
   */
  public async closedHours(range: Range): Promise<CheckedRange> {
    const { from, to } = validated(rangeSchema, range);
    const { maxRebuildDays } = this.options;
    if (to.getTime() - from.getTime() > maxRebuildDays * DAY_MS) {
      throw new OpsInputError('to', `must be at most ${maxRebuildDays} days after from (maxRebuildDays)`);
    }
    const limits = await this.limits();
    for (const [field, date] of [
      ['from', from],
      ['to', to],
    ] as const) {
      if (date.getTime() > Date.parse(limits.now)) {
        throw new OpsInputError(field, `must not be in the future (the database's clock says ${limits.now})`);
      }
    }
    const start = new Date(Math.floor(from.getTime() / HOUR_MS) * HOUR_MS);
    const closedThrough = Date.parse(limits.closed_through);
    const end = new Date(Math.min(Math.ceil(to.getTime() / HOUR_MS) * HOUR_MS, closedThrough));
    if (end <= start) {
      throw new OpsInputError(
        'from',
        `must be before the end of the last closed hour, ${limits.closed_through}`,
      );
    }
    return { start, end, floor: toDate(limits.floor), dailyFloor: toDate(limits.daily_floor) };
  }

  /**
   * Widens the range outward to whole UTC days where the retention has dropped hours of the day at its end: daily rows
   * can only be recomputed from all hours.
   */
  public async wholeDroppedDays(range: CheckedRange): Promise<CheckedRange> {
    const { start, end } = await selectRow<{ start: string; end: string }>(
      this.dataSource,
      widenToDroppedDays(this.tables, range.start.toISOString(), range.end.toISOString()),
    );
    return { ...range, start: new Date(start), end: new Date(end) };
  }

  /**
   * @throws OpsBelowFloorError where raw rows of the range may have been purged, or hourly rows dropped
   */
  public requireAboveFloor(range: CheckedRange): void {
    if (range.floor !== null && range.start < range.floor) {
      throw new OpsBelowFloorError(range.floor);
    }
  }

  private async limits(): Promise<RangeLimits> {
    return selectRow<RangeLimits>(
      this.dataSource,
      rangeLimits(this.tables, this.options.safeDelaySeconds, retentionHours(this.options)),
    );
  }
}

function toDate(iso: string | null): Date | null {
  return iso === null ? null : new Date(iso);
}
