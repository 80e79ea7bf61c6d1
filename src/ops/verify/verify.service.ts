import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import type { SqlStatement } from '../sql/sql-statement.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER, type RawTier, type Tier } from '../definitions/tiers.js';
import { DAY_MS, HOUR_MS, type TimeRange } from '../common/utc.js';
import { OpsOptions } from '../options/ops.options.js';
import { sqlState } from '../sql/database-errors.js';
import { RangeChecker, type CheckedRange } from '../ranges/range-checker.service.js';
import { notingTransaction } from '../sql/short-transaction.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';
import { OpsRunActiveError } from '../runs/run.errors.js';
import { ReportBuilder } from './report-builder.js';
import { dailyDimensionDifferences, dimensionDifferences } from './sql/dimensions.sql.js';
import * as sql from './sql/verify.sql.js';
import type { ComparisonRow } from './sql/verify.sql.js';
import { MAX_LISTED_DIFFERENCES, type Difference, type VerifyReport } from './verify.schemas.js';

export interface VerifyRun {
  /** Called after each step, at most a UTC day, with the report so far; the next step waits for it. */
  readonly onProgress?: (report: VerifyReport) => Promise<void> | void;
  /** Once aborted, the report so far is returned after the step under way. */
  readonly signal?: AbortSignal;
}

/** What one statement said of a table; null where it was too much for it. */
interface Found {
  readonly table: Difference['table'];
  readonly tier: Tier;
  readonly found: ComparisonRow | null;
}

/** The statement took too long (57014), or more memory, disk or temporary space than there is (53, but 53300: connections). */
const TOO_LARGE = /^(57014|53(?!300))/;

/**
 * Recomputes every closed bucket of a range by an independent, plain statement and compares it with what is stored, one
 * short statement after the other: a UTC day each, or some of its hours where a day takes too long. One verification at
 * a time, on one connection.
 */
@Injectable()
export class VerifyService {
  private readonly logger = new Logger('OpsVerify');
  private running = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly ranges: RangeChecker,
    private readonly defined: DefinedTables,
  ) {}

  /** Whether this instance is verifying. */
  public get isRunning(): boolean {
    return this.running;
  }

  /**
   * @param from start, a Date or ISO 8601 with a zone; widened outward to whole UTC hours, as `to` is
   * @param to end, exclusive; cut at the last closed hour
   * @param fix notes every minute, hour and day with a difference as an invalidation, where a drain would recompute it
   * @throws OpsInputError where the range is wrong
   * @throws OpsRunActiveError where this instance is verifying already
   * @throws QueryFailedError where the database fails otherwise than by the size of a bucket
   */
  public async verify(
    from: Date | string,
    to: Date | string,
    fix = false,
    run: VerifyRun = {},
  ): Promise<VerifyReport> {
    if (this.running) {
      throw new OpsRunActiveError('verify', null);
    }
    this.running = true;
    try {
      return await this.walk(await this.ranges.closedHours({ from, to }), fix, run);
    } finally {
      this.running = false;
    }
  }

  private async walk(range: CheckedRange, fix: boolean, run: VerifyRun): Promise<VerifyReport> {
    const report = new ReportBuilder(range.start, range.end);
    const progress = async (): Promise<void> => run.onProgress?.(report.report());
    let hoursAtOnce = DAY_MS / HOUR_MS;
    for (let start = range.start; start < range.end && run.signal?.aborted !== true;) {
      const nextDay = new Date(Math.floor(start.getTime() / DAY_MS) * DAY_MS + DAY_MS);
      const end = earliest(new Date(start.getTime() + hoursAtOnce * HOUR_MS), nextDay, range.end);
      const fits = await this.verifyHours({ start, end }, fix, report);
      const hours = (end.getTime() - start.getTime()) / HOUR_MS;
      await progress();
      if (!fits && hours > 1) {
        hoursAtOnce = Math.ceil(hours / 4); // 24, 6, 2, 1; and the next days are as dense
        continue;
      }
      report.addHours(hours);
      if (end.getTime() === nextDay.getTime()) {
        await this.verifyDay(new Date(end.getTime() - DAY_MS), range, fix, report);
      }
      start = end;
      await progress();
    }
    return report.report();
  }

  /**
   * The hours, and the minutes among them that are kept and complete.
   *
   * @returns false where it is too much for one statement: nothing is added then, but for a single hour
   */
  private async verifyHours(range: TimeRange, fix: boolean, report: ReportBuilder): Promise<boolean> {
    const hours = { start: range.start.toISOString(), end: range.end.toISOString() };
    const found = [await this.compareRaw('hourly', HOUR_TIER, hours)];
    const [minutes] = await selectRows<sql.MinuteSpan>(this.dataSource, sql.minuteSpan(this.tables, hours));
    if (minutes !== undefined) {
      found.push(await this.compareRaw('minutely', MINUTE_TIER, minutes));
    }
    const [levels] = found;
    if (levels?.found) {
      found.push(await this.compareKeys(hours, levels.found.unjudged));
    }
    const fits = found.every((one) => one.found !== null);
    if (fits || range.end.getTime() - range.start.getTime() <= HOUR_MS) {
      await this.add(found, hours.start, fix, report);
    }
    return fits;
  }

  private async compareRaw(table: Difference['table'], tier: RawTier, range: sql.MinuteSpan): Promise<Found> {
    const statement = sql.rawDifferences(await this.defined.current(), tier, {
      ...range,
      ...this.bound(),
      retention: retentionHours(this.options),
    });
    return { table, tier, found: await this.compare(statement) };
  }

  /** @param unjudged the hours of which the levels were not judged */
  private async compareKeys(range: sql.MinuteSpan, unjudged: ComparisonRow['unjudged']): Promise<Found> {
    const statement = dimensionDifferences(await this.defined.current(), {
      ...range,
      ...this.bound(),
      retention: retentionHours(this.options),
      unjudged,
    });
    return { table: 'dimension_hourly', tier: HOUR_TIER, found: await this.compare(statement) };
  }

  /** The daily rows of a day that lies in the range as a whole, if they are kept. */
  private async verifyDay(
    day: Date,
    range: CheckedRange,
    fix: boolean,
    report: ReportBuilder,
  ): Promise<void> {
    if (day < range.start || (range.dailyFloor !== null && day < range.dailyFloor)) {
      return;
    }
    const tables = await this.defined.current();
    const bound = {
      start: day.toISOString(),
      end: new Date(day.getTime() + DAY_MS).toISOString(),
      ...this.bound(),
    };
    const found: Found[] = [];
    for (const [table, statement] of [
      ['daily', sql.dailyDifferences(tables, bound)],
      ['dimension_daily', dailyDimensionDifferences(tables, bound)],
    ] as const) {
      found.push({ table, tier: DAY_TIER, found: await this.compare(statement) });
    }
    await this.add(found, bound.start.slice(0, 10), fix, report);
  }

  /** What every comparison is bound to. */
  private bound(): { limit: number; distributions: boolean } {
    return { limit: MAX_LISTED_DIFFERENCES, distributions: this.options.distributions };
  }

  /**
   * A bucket is noted once, whatever tables differ in it.
   *
   * @param bucket what is not judged where it was too much for one statement
   */
  private async add(
    all: readonly Found[],
    bucket: string,
    fix: boolean,
    report: ReportBuilder,
  ): Promise<void> {
    const noted = new Map<Tier, Set<string>>();
    for (const { table, tier, found } of all) {
      if (found === null) {
        report.addUnjudged({ table, bucket, usage: 'timed_out', errors: 'timed_out' });
        continue;
      }
      report.addComparison(table, found);
      noted.set(tier, new Set([...(noted.get(tier) ?? []), ...found.to_note]));
    }
    for (const [tier, buckets] of fix ? noted : []) {
      report.addNoted(tier, await this.note(tier, [...buckets]));
    }
  }

  /** @returns null where it is too much for one statement */
  private async compare(statement: SqlStatement): Promise<ComparisonRow | null> {
    try {
      return await notingTransaction(this.dataSource, this.options, (manager) =>
        selectRow<ComparisonRow>(manager, statement),
      );
    } catch (error) {
      if (!TOO_LARGE.test(sqlState(error) ?? '')) {
        throw error;
      }
      this.logger.debug(`Too much for one statement: ${String(error)}`);
      return null;
    }
  }

  private async note(tier: Tier, buckets: readonly string[]): Promise<number> {
    if (buckets.length === 0) {
      return 0;
    }
    const starts = buckets.map((bucket) => (tier === DAY_TIER ? `${bucket}T00:00:00.000Z` : bucket));
    const noted = await notingTransaction(this.dataSource, this.options, (manager) =>
      selectRow<{ buckets: number }>(manager, sql.noteBuckets(this.tables, tier, starts)),
    );
    return noted.buckets;
  }
}

const earliest = (...dates: readonly Date[]): Date => new Date(Math.min(...dates.map(Number)));
