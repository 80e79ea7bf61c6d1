import {
  DISTRIBUTED,
  PERCENTILES,
  SPEED_UNIT,
  TOKEN_COLUMNS,
  type Distributed,
} from '../definitions/definitions.js';
import { HOUR_MS } from '../common/utc.js';
import { DistributionAdder } from './distribution-adder.js';
import type { Distribution } from './distribution.js';
import type { PieceLatencies } from './known-rows.js';
import type { LatencySummary, Measures, Slower, SpeedSummary, Unsplit } from './measures.schemas.js';
import { MoneySum } from './money-sum.js';
import type { LatencyMetric } from './read-query.schemas.js';
import type { PieceRow } from './sql/piece-row.js';
import { safeCount, WholeSum } from './whole-sum.js';

const FRACTIONS = PERCENTILES.map(([, fraction]) => fraction);
/** Slow is bad here: of the speed the lower ones are the tail. */
const SPEED_FRACTIONS = [0.05, 0.1, 0.5, 0.9];

/** How long the bucket of a row is, in milliseconds. */
const BUCKET_MS: Readonly<Record<PieceRow['source'], number>> = {
  day: 24 * HOUR_MS,
  hour: HOUR_MS,
  minute: 60_000,
  raw: 0,
};

/** The rows that do not know the sums that came later: how many requests, and from when to when. */
class UnsplitAdder {
  private readonly success = new WholeSum('successful requests');
  private from = Infinity;
  private to = -Infinity;

  public add({ unsplit_from: from, source, success_count: success }: PieceRow): void {
    if (from !== null) {
      this.success.add(success);
      this.from = Math.min(this.from, Date.parse(from));
      this.to = Math.max(this.to, Date.parse(from) + BUCKET_MS[source]);
    }
  }

  /** What is left lacks what either lacks. */
  public subtract(part: UnsplitAdder): void {
    this.success.subtract(part.success);
    this.from = Math.min(this.from, part.from);
    this.to = Math.max(this.to, part.to);
  }

  public answer(): Unsplit {
    return this.to < this.from
      ? null
      : {
          successCount: this.success.count(),
          from: new Date(this.from).toISOString(),
          to: new Date(this.to).toISOString(),
        };
  }
}

/** Adds up the pieces of one answer: counts, sums, maxima and distributions. */
export class MeasuresAdder {
  private readonly distributed = {
    duration: new DistributionAdder(),
    ttft: new DistributionAdder(),
    output_speed: new DistributionAdder(),
  };
  private readonly success = new WholeSum('successful requests');
  private readonly errors = new WholeSum('errors');
  private readonly businessLimited = new WholeSum('business-limited errors');
  private readonly errorsSla = new WholeSum('errors that count against the SLA');
  private readonly upstreamOther = new WholeSum('provider errors');
  private readonly upstream429 = new WholeSum('provider errors 429');
  private readonly upstream529 = new WholeSum('provider errors 529');
  private readonly tokens = new WholeSum('tokens');
  private readonly tokensByKind = TOKEN_COLUMNS.map((column) => new WholeSum(column.replaceAll('_', ' ')));
  private readonly totalCost = new MoneySum();
  private readonly actualCost = new MoneySum();
  private readonly unsplit = new UnsplitAdder();

  public add(row: PieceRow, latencies: PieceLatencies): void {
    this.success.add(row.success_count);
    this.errors.add(row.error_count_total);
    this.businessLimited.add(row.business_limited_count);
    this.errorsSla.add(row.error_count_sla);
    this.upstreamOther.add(row.upstream_error_count_excl_429_529);
    this.upstream429.add(row.upstream_429_count);
    this.upstream529.add(row.upstream_529_count);
    this.tokens.add(row.token_consumed);
    TOKEN_COLUMNS.forEach((column, index) => this.tokensByKind[index]?.add(row[column] ?? '0'));
    if (row.unsplit_from === null) {
      this.totalCost.add(row.total_cost);
      this.actualCost.add(row.actual_cost);
    }
    this.unsplit.add(row);
    for (const [name] of DISTRIBUTED) {
      this.distributed[name].add(row, name, latencies[name]);
    }
  }

  /** Takes away a part of what was added, exactly; of what is left no maximum is known. */
  public subtract(part: MeasuresAdder): void {
    this.success.subtract(part.success);
    this.errors.subtract(part.errors);
    this.businessLimited.subtract(part.businessLimited);
    this.errorsSla.subtract(part.errorsSla);
    this.upstreamOther.subtract(part.upstreamOther);
    this.upstream429.subtract(part.upstream429);
    this.upstream529.subtract(part.upstream529);
    this.tokens.subtract(part.tokens);
    this.tokensByKind.forEach((sum, index) => {
      sum.subtract(part.tokensByKind[index] ?? new WholeSum(''));
    });
    this.totalCost.subtract(part.totalCost);
    this.actualCost.subtract(part.actualCost);
    this.unsplit.subtract(part.unsplit);
    for (const [name] of DISTRIBUTED) {
      this.distributed[name].subtract(part.distributed[name]);
    }
  }

  public distributionOf(metric: Distributed): Distribution {
    return this.distributed[metric].distribution;
  }

  public summaryOf(metric: LatencyMetric): LatencySummary {
    const adder = this.distributed[metric];
    const [p50 = null, p90 = null, p95 = null, p99 = null] = adder.percentiles(FRACTIONS) ?? [];
    return {
      p50,
      p90,
      p95,
      p99,
      avg: adder.mean,
      max: adder.max,
      samples: adder.samples,
      percentilesComplete: adder.isComplete,
    };
  }

  /** How many requests took longer; null where no threshold is given. */
  public slower(thanMs: number | undefined): Slower {
    return thanMs === undefined ? null : this.distributed.duration.slower(thanMs);
  }

  private outputSpeed(): SpeedSummary {
    const adder = this.distributed.output_speed;
    const perSecond = (hundredths: number | null): number | null =>
      hundredths === null ? null : hundredths / SPEED_UNIT;
    const [p5 = null, p10 = null, p50 = null, p90 = null] = (adder.merged(SPEED_FRACTIONS) ?? []).map(
      perSecond,
    );
    return {
      p5,
      p10,
      p50,
      p90,
      avg: perSecond(adder.mean),
      samples: adder.samples,
      percentilesComplete: adder.isMerged,
    };
  }

  /**
   * @param seconds length of the period, as far as it has passed
   * @throws OpsSumOutOfRangeError for tokens past 64 bits, or a count that is no safe integer
   */
  public measures(seconds: number): Measures {
    const per = (count: number, whole: number): number | null => (whole > 0 ? count / whole : null);
    const [success, errors, errorsSla] = [this.success.count(), this.errors.count(), this.errorsSla.count()];
    const upstream = [
      this.upstreamOther.count(),
      this.upstream429.count(),
      this.upstream529.count(),
    ] as const;
    const total = safeCount('requests', success + errors);
    const sla = safeCount('requests', success + errorsSla);
    const tokens = this.tokens.exact();
    const [input = 0, output = 0, cacheCreation = 0, cacheRead = 0] = this.tokensByKind.map((sum) =>
      sum.exact(),
    );
    const unsplit = this.unsplit.answer();
    return {
      successCount: success,
      errorCountTotal: errors,
      businessLimitedCount: this.businessLimited.count(),
      errorCountSla: errorsSla,
      upstreamErrorCountExcl429529: upstream[0],
      upstream429Count: upstream[1],
      upstream529Count: upstream[2],
      tokenConsumed: tokens,
      requestCountTotal: total,
      requestCountSla: sla,
      sla: per(success, sla),
      errorRate: per(errors, total),
      upstreamErrorRate: per(upstream[0] + upstream[1] + upstream[2], total),
      requestsPerSecond: per(total, seconds),
      tokensPerSecond: per(Number(tokens), seconds),
      inputTokens: input,
      outputTokens: output,
      cacheCreationTokens: cacheCreation,
      cacheReadTokens: cacheRead,
      cacheHitRate: per(Number(cacheRead), Number(input) + Number(cacheCreation) + Number(cacheRead)),
      totalCost: this.totalCost.exact(),
      actualCost: this.actualCost.exact(),
      actualCostPerRequest: this.actualCost.per(success - (unsplit?.successCount ?? 0)),
      unsplit,
      outputSpeed: this.outputSpeed(),
      duration: this.summaryOf('duration'),
      ttft: this.summaryOf('ttft'),
    };
  }
}

/** Errors of providers, those that a retry hid from the client included. */
export const upstreamErrors = (
  of: Pick<Measures, 'upstreamErrorCountExcl429529' | 'upstream429Count' | 'upstream529Count'>,
): number => of.upstreamErrorCountExcl429529 + of.upstream429Count + of.upstream529Count;
