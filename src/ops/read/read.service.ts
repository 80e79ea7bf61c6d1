import { Inject, Injectable, Optional } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRows } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { Answer } from './answer.js';
import { breakdownItems } from './breakdown.js';
import { histogram } from './histogram.js';
import type { BreakdownBy, LevelFilter } from './level.js';
import { MeasuresAdder } from './measures.js';
import { planSegments } from './read-plan.js';
import { ReadTransactions } from './read-transactions.js';
import type {
  Breakdown,
  LatencyDistribution,
  LatencyMetric,
  Overview,
  Scope,
  Trend,
  TrendBucket,
} from './read.types.js';
import type { ReadRow } from './sql/piece-row.js';
import { readPieces, type ReadOptions } from './sql/read-pieces.sql.js';
import { autoBucket, trendCuts } from './trend-buckets.js';

/** [from, to), of any precision; `to` may lie in the future, where there is simply nothing yet. */
export interface RangeQuery extends LevelFilter {
  readonly from: Date;
  readonly to: Date;
}

/**
 * Answers for any range of time: whole UTC days from daily rows, whole hours from hourly rows, and the rest, the
 * ragged ends and what is not rolled up yet, from raw rows, by the same definitions. So the answers of adjacent
 * ranges add up to that of the whole, exactly for counts and sums, as long as no hour in them is stale or missing: of
 * closed hours that are not rolled up yet only the newest three are counted live, and the freshness says how many are
 * left out. Where raw rows have been purged, ragged ends are empty; ask for whole hours there.
 *
 * Percentiles are those of merged distributions, within 0.79 % of percentile_cont over the raw rows. The hours of
 * a trend have the exact ones, rounded to whole milliseconds.
 *
 * All methods throw OpsBusyError where too many reads wait for their turn (`maxConcurrentReads`), OpsReadTimeoutError
 * where the database takes too long (`readTimeoutMs`), OpsSumOutOfRangeError where tokens are past 64 bits, and
 * QueryFailedError as the database gives it. They expect a range whose end is after its start.
 */
@Injectable()
export class ReadService {
  private readonly transactions: ReadTransactions;

  public constructor(
    @InjectDataSource() dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) tables: OpsTables,
    private readonly options: OpsOptions,
    @Optional() private readonly defined: DefinedTables = new DefinedTables(dataSource, tables),
  ) {
    this.transactions = new ReadTransactions(dataSource, options);
  }

  /** Totals, rates and percentiles of a range, beside those of the period of equal length before it. */
  public async overview(query: RangeQuery): Promise<Overview> {
    const { from, to } = query;
    const before = new Date(2 * from.getTime() - to.getTime());
    const answer = await this.read([before, from, to], levelOf(query), { peaks: true, freshFrom: 1 });
    return {
      ...scopeOf(query),
      ...answer.period(1, from, to),
      previous: { ...answer.period(0, before, from), missingHours: answer.missingBefore },
      freshness: answer.freshness(to),
    };
  }

  /** One point for each bucket, without gaps, up to now. */
  public async trend(query: RangeQuery & { readonly bucket: TrendBucket | 'auto' }): Promise<Trend> {
    const { from, to } = query;
    const bucket = query.bucket === 'auto' ? autoBucket(from, to) : query.bucket;
    const cuts = trendCuts(from, to, bucket);
    const answer = await this.read(cuts, levelOf(query), { hourByHour: bucket === 'hour' });
    const adders = answer.bySegment();
    const points = cuts.slice(1).flatMap((end, segment) => {
      const start = cuts[segment] ?? from;
      if (start >= answer.now) {
        return [];
      }
      const adder = adders.get(segment) ?? new MeasuresAdder();
      const measures = adder.measures(answer.seconds(start, end));
      return [{ from: start.toISOString(), to: end.toISOString(), ...measures }];
    });
    return { ...scopeOf(query), bucket, points, freshness: answer.freshness(to) };
  }

  /** The same measures for each platform or group, most requests first. */
  public async breakdown(query: {
    readonly from: Date;
    readonly to: Date;
    readonly by: BreakdownBy;
    readonly limit: number;
  }): Promise<Breakdown> {
    const { from, to, by, limit } = query;
    const answer = await this.read([from, to], { by, limit });
    const { total, keys } = answer.byKey();
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      by,
      total,
      items: breakdownItems(by, keys, answer.seconds(from, to)),
      freshness: answer.freshness(to),
    };
  }

  /** A histogram of one latency, with the percentiles to mark in it. */
  public async latencyDistribution(
    query: RangeQuery & { readonly metric: LatencyMetric },
  ): Promise<LatencyDistribution> {
    const { from, to, metric } = query;
    const answer = await this.read([from, to], levelOf(query));
    const adder = answer.bySegment().get(0) ?? new MeasuresAdder();
    return {
      ...scopeOf(query),
      metric,
      bins: histogram(adder.distributionOf(metric)),
      summary: adder.summaryOf(metric),
      freshness: answer.freshness(to),
    };
  }

  private async read(
    cuts: readonly Date[],
    level: ReadOptions['level'],
    wanted: Partial<ReadOptions> = {},
  ): Promise<Answer> {
    const options: ReadOptions = {
      plan: planSegments(cuts),
      level,
      safeDelaySeconds: this.options.safeDelaySeconds,
      freshFrom: 0,
      peaks: false,
      hourByHour: false,
      ...wanted,
    };
    // Built before its turn, mostly: others wait while it has it.
    const believed = this.defined.believed();
    const statement = believed === null ? null : readPieces(believed, options);
    return new Answer(
      await this.transactions.run(async (manager) =>
        selectRows<ReadRow>(manager, statement ?? readPieces(await this.defined.current(manager), options)),
      ),
    );
  }
}

function levelOf({ platform, groupId }: LevelFilter): LevelFilter {
  return { ...(platform !== undefined && { platform }), ...(groupId !== undefined && { groupId }) };
}

function scopeOf({ from, to, platform, groupId }: RangeQuery): Scope {
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    platform: platform ?? null,
    groupId: groupId ?? null,
  };
}
