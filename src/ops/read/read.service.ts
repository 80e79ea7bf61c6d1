import { Inject, Injectable, Optional } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRows } from '../sql/sql-runner.js';
import type { SqlStatement } from '../sql/sql-statement.js';
import { validated } from '../common/validated.js';
import { OpsOptions } from '../options/ops.options.js';
import { Answer } from './answer.js';
import { breakdownItems, errorItems } from './breakdown.js';
import { checkSets, LEVELS } from './check-sets.js';
import { histogram } from './histogram.js';
import { KnownRows } from './known-rows.js';
import { MeasuresAdder } from './measures.js';
import { BUCKET_TIER, planSegments } from './read-plan.js';
import { ReadTransactions } from './read-transactions.js';
import {
  BY_ERROR,
  breakdownQuerySchema,
  latencyDistributionQuerySchema,
  overviewQuerySchema,
  trendQuerySchema,
  type BreakdownQuery,
  type LatencyDistributionQuery,
  type OverviewQuery,
  type scopeQuerySchema,
  type TrendQuery,
} from './read-query.schemas.js';
import type { Breakdown, LatencyDistribution, Overview, Scope, Trend } from './read.schemas.js';
import type { ReadRow } from './sql/piece-row.js';
import { readPieces, type ReadOptions } from './sql/read-pieces.sql.js';
import { seriesQuerySchema, type Series, type SeriesQuery } from './series.schemas.js';
import { distributionsOf, seriesOf } from './series.js';
import { autoBucket, minutesFrom, trendCuts, type TrendBucket } from './trend-buckets.js';

/**
 * Answers for any range of time: whole UTC days from daily rows, whole hours from hourly rows, and the rest, the
 * ragged ends and what is stale or not rolled up yet, from minutes where these are kept, else from raw rows, by the same
 * definitions. While minutes are up to date the answer is as of them, at most 60 s ago. The answers of adjacent
 * ranges add up to that of the whole, exactly for counts and sums, as long as no hour in them is stale or missing: of
 * closed hours that neither hour nor minutes answer only the newest three are counted live, and the freshness says how
 * many are left out. Where raw rows have been purged, ragged ends without minutes are empty; ask for whole hours there.
 *
 * Percentiles are those of merged distributions, within 0.79 % of percentile_cont over the raw rows. The hours and
 * minutes of a trend have the exact ones, rounded to whole milliseconds.
 *
 * All methods throw OpsInputError naming the first field of the query that is wrong, OpsBusyError where too many reads
 * wait for their turn (`maxConcurrentReads`), OpsReadTimeoutError where the database takes too long (`readTimeoutMs`),
 * OpsSumOutOfRangeError where tokens are past 64 bits, and QueryFailedError as the database gives it. A range may end in
 * the future, where there is simply nothing yet.
 */
@Injectable()
export class ReadService {
  private readonly rows = new KnownRows();

  public constructor(
    @InjectDataSource() dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) tables: OpsTables,
    private readonly options: OpsOptions,
    @Optional() private readonly defined: DefinedTables = new DefinedTables(dataSource, tables),
    @Optional() private readonly transactions: ReadTransactions = new ReadTransactions(dataSource, options),
  ) {}

  /** Totals, rates and percentiles of a range, beside those of the period of equal length before it. */
  public async overview(given: OverviewQuery): Promise<Overview> {
    const query = validated(overviewQuerySchema, given, 'query');
    const { from, to, slowerThanMs } = query;
    const before = new Date(2 * from.getTime() - to.getTime());
    const answer = await this.read([before, from, to], query, { rates: true, freshFrom: 1 });
    return {
      ...scopeOf(query),
      ...answer.period(1, from, to, slowerThanMs),
      previous: {
        ...answer.period(0, before, from, slowerThanMs),
        missingHours: answer.missingBefore,
        unslicedRequests: answer.unslicedBefore,
      },
      current: answer.current(1),
      freshness: answer.freshness(to),
    };
  }

  /** One point for each bucket, without gaps, up to now. */
  public async trend(given: TrendQuery): Promise<Trend> {
    const query = validated(trendQuerySchema, given, 'query');
    const { from, to, slowerThanMs } = query;
    const bucket = this.bucketOf(query, query.dimension !== undefined);
    const cuts = trendCuts(from, to, bucket);
    const answer = await this.read(cuts, query, {
      // Slow requests are counted in distributions, which its buckets then come with.
      bucketByBucket: slowerThanMs === undefined ? (BUCKET_TIER[bucket] ?? null) : null,
    });
    const adders = answer.bySegment();
    const points = cuts.slice(1).flatMap((end, segment) => {
      const start = cuts[segment] ?? from;
      if (start >= answer.asOf) {
        return [];
      }
      const adder = adders.get(segment) ?? new MeasuresAdder();
      const measures = adder.measures(answer.seconds(start, end));
      const slower = adder.slower(slowerThanMs);
      return [{ from: start.toISOString(), to: end.toISOString(), ...measures, slower }];
    });
    return { ...scopeOf(query), bucket, points, freshness: answer.freshness(to) };
  }

  /**
   * The same measures for each platform, group, or key of a set, most requests first; by error, the kinds of errors, beside
   * how often they were in the period before.
   */
  public async breakdown(given: BreakdownQuery): Promise<Breakdown> {
    const query = validated(breakdownQuerySchema, given, 'query');
    const { from, to, by } = query;
    if (by === BY_ERROR) {
      return this.errors(query);
    }
    const answer = await this.read([from, to], query);
    const { keys: total, requests } = answer.total;
    return {
      ...rangeOf(query),
      by,
      total,
      items: breakdownItems(by, { requests, keys: answer.byKey() }, answer.seconds(from, to)),
      errors: [],
      freshness: answer.freshness(to),
    };
  }

  /** Measures over time of the busiest keys of a range, and of all others together: both of one snapshot. */
  public async series(given: SeriesQuery): Promise<Series> {
    const query = validated(seriesQuerySchema, given, 'query');
    const { from, to, by, measures } = query;
    const bucket = this.bucketOf(query, !LEVELS.includes(by));
    const cuts = trendCuts(from, to, bucket);
    const answer = await this.read(
      cuts,
      { ...query, withTotal: true },
      { distributions: distributionsOf(measures) },
    );
    return {
      ...scopeOf(query),
      by,
      bucket,
      total: answer.total.keys,
      ...seriesOf(answer, cuts, query),
      freshness: answer.freshness(to),
    };
  }

  /** By this process's clock: it is good enough for choosing a width. */
  private bucketOf({ bucket, from, to }: z.output<typeof trendQuerySchema>, ofSet: boolean): TrendBucket {
    const since = minutesFrom(Date.now(), this.options.minuteRetentionHours, ofSet);
    return bucket === 'auto' ? autoBucket(from, to, since) : bucket;
  }

  private async errors(query: z.output<typeof breakdownQuerySchema>): Promise<Breakdown> {
    const { from, to, limit } = query;
    const before = new Date(2 * from.getTime() - to.getTime());
    const answer = await this.read([before, from, to], { ...query, limit: MOST_KINDS }, { freshFrom: 1 });
    const { total, errors } = errorItems(answer.byKey(1), answer.byKey(0), limit);
    return { ...rangeOf(query), by: BY_ERROR, total, items: [], errors, freshness: answer.freshness(to) };
  }

  /** A histogram of one latency, with the percentiles to mark in it. */
  public async latencyDistribution(given: LatencyDistributionQuery): Promise<LatencyDistribution> {
    const query = validated(latencyDistributionQuerySchema, given, 'query');
    const { from, to, metric } = query;
    const answer = await this.read([from, to], query);
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
    const name = nameOf(level, wanted.distributions);
    const known = this.rows.of(name);
    const options: ReadOptions = {
      plan: planSegments(cuts),
      level,
      safeDelaySeconds: this.options.safeDelaySeconds,
      freshFrom: 0,
      rates: false,
      bucketByBucket: null,
      known: known.keys(),
      ...wanted,
    };
    // Built before its turn, mostly: others wait while it has it.
    const believed = this.defined.believed();
    const statement = believed === null ? null : pieces(believed, options);
    const rows = await this.transactions.run(async (manager) =>
      selectRows<ReadRow>(manager, statement ?? pieces(await this.defined.current(manager), options)),
    );
    const answer = new Answer(rows, known);
    this.rows.keep(name, answer.rows);
    return answer;
  }
}

/** More kinds of errors than the hours of a year keep by name, mostly; which are frequent is decided over all of them. */
const MOST_KINDS = 5_000;

function pieces(tables: OpsTables, options: ReadOptions): SqlStatement {
  checkSets(tables, options.level);
  return readPieces(tables, options);
}

/** Answers of one level are made of the same rows, of which the same is wanted. */
const nameOf = (
  { by, platform, groupId, dimension, key, withTotal }: ReadOptions['level'],
  distributions: ReadOptions['distributions'],
): string => JSON.stringify([by, platform, groupId, dimension, key, withTotal, distributions]);

type Asked = z.output<typeof scopeQuerySchema>;

const rangeOf = ({ from, to, platform, groupId }: Pick<Asked, 'from' | 'to' | 'platform' | 'groupId'>) => ({
  from: from.toISOString(),
  to: to.toISOString(),
  platform: platform ?? null,
  groupId: groupId ?? null,
});

const scopeOf = (query: Asked): Scope => ({
  ...rangeOf(query),
  dimension: query.dimension ?? null,
  key: query.key ?? null,
});
