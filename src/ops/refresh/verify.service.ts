import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables, type SqlStatement } from '../metrics/ops-tables.js';
import { selectRows } from '../metrics/sql-runner.js';
import { DAY_MS, HOUR_MS } from '../metrics/utc.js';
import { OpsOptions } from '../ops.options.js';
import { RangeChecker } from './range-checker.service.js';
import { notingTransaction, shortTransaction } from './short-transaction.js';
import { dailyDifferences, hourlyDifferences, noteHours, type DifferenceRow } from './sql/verify.sql.js';

/** Differences listed in a report; all are counted. It bounds the memory that any range can take. */
export const MAX_LISTED_DIFFERENCES = 1_000;

/** A stored value that is not what the raw rows (for a day: its hourly rows) give. */
export interface Difference {
  readonly table: 'hourly' | 'daily';
  /** Start of the UTC hour (ISO 8601), or the UTC day (YYYY-MM-DD). */
  readonly bucket: string;
  readonly level: 'overall' | 'platform' | 'group';
  readonly platform: string | null;
  readonly groupId: string | null;
  /** `(row)` where the whole row is missing on one side. */
  readonly column: string;
  readonly stored: string | null;
  readonly computed: string | null;
  /** The bucket is known to be stale: the next drain recomputes it. */
  readonly pending: boolean;
}

export interface VerifyReport {
  readonly from: string;
  readonly to: string;
  /** Closed hours that were recomputed and compared. */
  readonly hours: number;
  /** Closed hours that were not, since their raw rows may have been purged. */
  readonly hoursBelowFloor: number;
  readonly differenceCount: number;
  /** The first of them. */
  readonly differences: readonly Difference[];
  /** Hours noted for recomputation. */
  readonly notedHours: number;
}

/**
 * Recomputes every closed bucket of a range by an independent, plain statement and compares it with what is stored,
 * a UTC day at a time.
 */
@Injectable()
export class VerifyService {
  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly ranges: RangeChecker,
  ) {}

  /**
   * @param fix notes every bucket with a difference as an invalidation
   * @throws OpsInputError where the range is wrong
   */
  public async verify(from: Date, to: Date, fix = false): Promise<VerifyReport> {
    const range = await this.ranges.closedHours(from, to);
    const start = range.floor === null || range.floor <= range.start ? range.start : ceilHour(range.floor);
    const differences: Difference[] = [];
    let differenceCount = 0;
    let notedHours = 0;
    for (let day = floorDay(start); day < range.end; day = addDay(day)) {
      const hours = {
        start: day < start ? start : day,
        end: addDay(day) < range.end ? addDay(day) : range.end,
      };
      const found = await this.verifyDay(day, hours, range.dailyFloor);
      differenceCount += found.reduce((sum, { total }) => sum + total, 0);
      const listed = found.flatMap(({ rows }) => rows);
      differences.push(...listed.slice(0, MAX_LISTED_DIFFERENCES - differences.length));
      if (fix && listed.length > 0) {
        notedHours += await this.note(listed);
      }
    }
    return {
      from: range.start.toISOString(),
      to: range.end.toISOString(),
      hours: Math.max(0, range.end.getTime() - start.getTime()) / HOUR_MS,
      hoursBelowFloor: Math.min(start.getTime() - range.start.getTime(), +range.end - +range.start) / HOUR_MS,
      differenceCount,
      differences,
      notedHours,
    };
  }

  /** The hours of one day that lie in the range, and its daily rows where the whole day does and they are kept. */
  private async verifyDay(
    day: Date,
    hours: { start: Date; end: Date },
    dailyFloor: Date | null,
  ): Promise<{ total: number; rows: Difference[] }[]> {
    const [start, end] = [hours.start.toISOString(), hours.end.toISOString()];
    const found = [
      await this.compare('hourly', hourlyDifferences(this.tables, start, end, MAX_LISTED_DIFFERENCES)),
    ];
    const keepsDaily = dailyFloor === null || day >= dailyFloor;
    if (hours.start <= day && hours.end >= addDay(day) && keepsDaily) {
      found.push(
        await this.compare('daily', dailyDifferences(this.tables, start, end, MAX_LISTED_DIFFERENCES)),
      );
    }
    return found;
  }

  private async compare(
    table: Difference['table'],
    statement: SqlStatement,
  ): Promise<{ total: number; rows: Difference[] }> {
    const rows = await shortTransaction(this.dataSource, this.options, (manager) =>
      selectRows<DifferenceRow>(manager, statement),
    );
    return { total: rows[0]?.total ?? 0, rows: rows.map((row) => toDifference(table, row)) };
  }

  private async note(differences: readonly Difference[]): Promise<number> {
    // The drain of any hour of a closed day recomputes the day: the first one stands for a daily difference.
    const hours = new Set(
      differences.map(({ table, bucket }) => (table === 'hourly' ? bucket : `${bucket}T00:00:00.000Z`)),
    );
    const [noted] = await notingTransaction(this.dataSource, this.options, (manager) =>
      selectRows<{ hours: number }>(manager, noteHours(this.tables, [...hours])),
    );
    return noted?.hours ?? 0;
  }
}

function toDifference(table: Difference['table'], row: DifferenceRow): Difference {
  return {
    table,
    bucket: row.bucket,
    level: row.platform === null ? 'overall' : row.group_id === null ? 'platform' : 'group',
    platform: row.platform,
    groupId: row.group_id,
    column: row.column_name,
    stored: row.stored,
    computed: row.computed,
    pending: row.pending,
  };
}

const floorDay = (date: Date): Date => new Date(Math.floor(date.getTime() / DAY_MS) * DAY_MS);
const addDay = (date: Date): Date => new Date(date.getTime() + DAY_MS);
const ceilHour = (date: Date): Date => new Date(Math.ceil(date.getTime() / HOUR_MS) * HOUR_MS);
