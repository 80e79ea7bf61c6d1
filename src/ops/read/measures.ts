import { LATENCIES, PERCENTILES } from '../definitions/definitions.js';
import { Distribution, type Latencies } from './distribution.js';
import type { PieceLatencies } from './known-rows.js';
import type { LatencySummary, Measures, Slower } from './measures.schemas.js';
import type { LatencyMetric } from './read-query.schemas.js';
import type { PieceRow } from './sql/piece-row.js';
import { safeCount, WholeSum } from './whole-sum.js';

const FRACTIONS = PERCENTILES.map(([, fraction]) => fraction);

/** Adds up the latency of pieces. */
class LatencyAdder {
  public readonly distribution = new Distribution();
  private readonly samples = new WholeSum('samples');
  private sum = 0;
  private max: number | null = null;
  private known = true;
  private exact: readonly (number | null)[] | null = null;

  public add(row: PieceRow, name: LatencyMetric, latencies: Latencies | null): void {
    this.samples.add(row[`${name}_samples`]);
    this.sum += Number(row[`${name}_sum_ms`]);
    const max = row[`${name}_max_ms`];
    this.max = max === null || (this.max !== null && this.max >= max) ? this.max : max;
    this.known &&= row[`${name}_known`];
    const exact = row[`${name}_percentiles`];
    if (latencies !== null) {
      this.distribution.add(latencies);
    }
    if (exact !== null) {
      this.exact = exact
        .slice(1, -1)
        .split(',')
        .map((value) => (value === 'NULL' ? null : Number(value)));
    }
  }

  public summary(): LatencySummary {
    const samples = this.samples.count();
    const merged = this.isMerged;
    const percentiles = (merged ? this.distribution.percentiles(FRACTIONS) : this.exact) ?? [];
    const complete = merged || this.exact !== null;
    const [p50 = null, p90 = null, p95 = null, p99 = null] = percentiles;
    const avg = this.known && samples > 0 ? this.sum / samples : null;
    return { p50, p90, p95, p99, avg, max: this.max, samples, percentilesComplete: complete };
  }

  public slower(thanMs: number): Slower {
    const count = this.isMerged ? this.distribution.above(thanMs) : null;
    const { samples } = this.distribution;
    return { thanMs, count, share: count === null || samples === 0 ? null : count / samples };
  }

  /** Whether the distribution has every sample. */
  private get isMerged(): boolean {
    return this.known && this.distribution.samples === this.samples.count();
  }
}

/** Adds up the pieces of one answer: counts, sums, maxima and distributions. */
export class MeasuresAdder {
  private readonly latencies = {
    duration: new LatencyAdder(),
    ttft: new LatencyAdder(),
  };
  private readonly success = new WholeSum('successful requests');
  private readonly errors = new WholeSum('errors');
  private readonly businessLimited = new WholeSum('business-limited errors');
  private readonly errorsSla = new WholeSum('errors that count against the SLA');
  private readonly upstreamOther = new WholeSum('provider errors');
  private readonly upstream429 = new WholeSum('provider errors 429');
  private readonly upstream529 = new WholeSum('provider errors 529');
  private readonly tokens = new WholeSum('tokens');

  public add(row: PieceRow, latencies: PieceLatencies): void {
    this.success.add(row.success_count);
    this.errors.add(row.error_count_total);
    this.businessLimited.add(row.business_limited_count);
    this.errorsSla.add(row.error_count_sla);
    this.upstreamOther.add(row.upstream_error_count_excl_429_529);
    this.upstream429.add(row.upstream_429_count);
    this.upstream529.add(row.upstream_529_count);
    this.tokens.add(row.token_consumed);
    for (const [name] of LATENCIES) {
      this.latencies[name].add(row, name, latencies[name]);
    }
  }

  public distributionOf(metric: LatencyMetric): Distribution {
    return this.latencies[metric].distribution;
  }

  public summaryOf(metric: LatencyMetric): LatencySummary {
    return this.latencies[metric].summary();
  }

  /** How many requests took longer; null where no threshold is given. */
  public slower(thanMs: number | undefined): Slower {
    return thanMs === undefined ? null : this.latencies.duration.slower(thanMs);
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
      duration: this.summaryOf('duration'),
      ttft: this.summaryOf('ttft'),
    };
  }
}
