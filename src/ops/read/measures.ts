import { LATENCIES, PERCENTILES } from '../metrics/definitions.js';
import { Distribution } from './distribution.js';
import type { LatencyMetric, LatencySummary, Measures } from './read.types.js';
import type { PieceRow } from './sql/piece-row.js';

const FRACTIONS = PERCENTILES.map(([, fraction]) => fraction);

/** Adds up the latency of pieces. */
class LatencyAdder {
  public readonly distribution = new Distribution();
  private samples = 0;
  private sum = 0;
  private max: number | null = null;
  private known = true;
  private exact: readonly (number | null)[] | null = null;

  public add(row: PieceRow, name: LatencyMetric): void {
    this.samples += Number(row[`${name}_samples`]);
    this.sum += Number(row[`${name}_sum_ms`]);
    const max = row[`${name}_max_ms`];
    this.max = max === null || (this.max !== null && this.max >= max) ? this.max : max;
    this.known &&= row[`${name}_known`];
    const [values, counts, exact] = [
      row[`${name}_values`],
      row[`${name}_counts`],
      row[`${name}_percentiles`],
    ];
    if (values !== null) {
      this.distribution.add(values, counts);
    }
    if (exact !== null) {
      this.exact = exact
        .slice(1, -1)
        .split(',')
        .map((value) => (value === 'NULL' ? null : Number(value)));
    }
  }

  public summary(): LatencySummary {
    const merged = this.known && this.distribution.samples === this.samples;
    const percentiles = (merged ? this.distribution.percentiles(FRACTIONS) : this.exact) ?? [];
    const complete = merged || this.exact !== null;
    const [p50 = null, p90 = null, p95 = null, p99 = null] = percentiles;
    const avg = this.known && this.samples > 0 ? this.sum / this.samples : null;
    return { p50, p90, p95, p99, avg, max: this.max, samples: this.samples, percentilesComplete: complete };
  }
}

/** Adds up the pieces of one answer: counts, sums, maxima, distributions and the busiest whole hour. */
export class MeasuresAdder {
  private readonly latencies = {
    duration: new LatencyAdder(),
    ttft: new LatencyAdder(),
  };
  private success = 0;
  private errors = 0;
  private businessLimited = 0;
  private errorsSla = 0;
  private upstreamOther = 0;
  private upstream429 = 0;
  private upstream529 = 0;
  private tokens = 0;

  public add(row: PieceRow): void {
    this.success += Number(row.success_count);
    this.errors += Number(row.error_count_total);
    this.businessLimited += Number(row.business_limited_count);
    this.errorsSla += Number(row.error_count_sla);
    this.upstreamOther += Number(row.upstream_error_count_excl_429_529);
    this.upstream429 += Number(row.upstream_429_count);
    this.upstream529 += Number(row.upstream_529_count);
    this.tokens += Number(row.token_consumed);
    for (const [name] of LATENCIES) {
      this.latencies[name].add(row, name);
    }
  }

  public get requests(): number {
    return this.success + this.errors;
  }

  public distributionOf(metric: LatencyMetric): Distribution {
    return this.latencies[metric].distribution;
  }

  public summaryOf(metric: LatencyMetric): LatencySummary {
    return this.latencies[metric].summary();
  }

  /** @param seconds length of the period, as far as it has passed */
  public measures(seconds: number): Measures {
    const per = (count: number, whole: number): number | null => (whole > 0 ? count / whole : null);
    const total = this.success + this.errors;
    const sla = this.success + this.errorsSla;
    return {
      successCount: this.success,
      errorCountTotal: this.errors,
      businessLimitedCount: this.businessLimited,
      errorCountSla: this.errorsSla,
      upstreamErrorCountExcl429529: this.upstreamOther,
      upstream429Count: this.upstream429,
      upstream529Count: this.upstream529,
      tokenConsumed: this.tokens,
      requestCountTotal: total,
      requestCountSla: sla,
      sla: per(this.success, sla),
      errorRate: per(this.errors, total),
      upstreamErrorRate: per(this.upstreamOther + this.upstream429 + this.upstream529, total),
      requestsPerSecond: per(total, seconds),
      tokensPerSecond: per(this.tokens, seconds),
      duration: this.summaryOf('duration'),
      ttft: this.summaryOf('ttft'),
    };
  }
}
