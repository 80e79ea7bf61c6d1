import type { Distributed } from '../definitions/definitions.js';
import { Distribution, type Latencies } from './distribution.js';
import type { Slower } from './measures.schemas.js';
import type { PieceRow } from './sql/piece-row.js';
import { WholeSum } from './whole-sum.js';

/** Adds up what is distributed of the pieces of one answer. */
export class DistributionAdder {
  public readonly distribution = new Distribution();
  private readonly count = new WholeSum('samples');
  private sum = 0;
  private largest: number | null = null;
  private known = true;
  private exact: readonly (number | null)[] | null = null;

  public add(row: PieceRow, name: Distributed, samples: Latencies | null): void {
    this.count.add(row[`${name}_samples`]);
    this.sum += Number(row[`${name}_sum`]);
    const max = row[`${name}_max`];
    this.largest = max === null || (this.largest !== null && this.largest >= max) ? this.largest : max;
    this.known &&= row[`${name}_known`];
    const exact = row[`${name}_percentiles`];
    if (samples !== null) {
      this.distribution.add(samples);
    }
    if (exact !== null) {
      this.exact = exact
        .slice(1, -1)
        .split(',')
        .map((value) => (value === 'NULL' ? null : Number(value)));
    }
  }

  /** Takes away a part of what was added; the maximum of the others is not known. */
  public subtract(part: DistributionAdder): void {
    this.distribution.subtract(part.distribution);
    this.count.subtract(part.count);
    this.sum -= part.sum;
    this.known &&= part.known;
    this.largest = null;
    this.exact = null;
  }

  public get samples(): number {
    return this.count.count();
  }

  /** Null without a sample, or where not all are known. */
  public get mean(): number | null {
    return this.known && this.samples > 0 ? this.sum / this.samples : null;
  }

  public get max(): number | null {
    return this.largest;
  }

  /** Whether the distribution has every sample. */
  public get isMerged(): boolean {
    return this.known && this.distribution.samples === this.samples;
  }

  /** Whether there are percentiles, if only those of the one row. */
  public get isComplete(): boolean {
    return this.isMerged || this.exact !== null;
  }

  /** Those of the merged distribution; null where it is not whole, or empty. */
  public merged(fractions: readonly number[]): readonly number[] | null {
    return this.isMerged ? this.distribution.percentiles(fractions) : null;
  }

  /** The same, or those of the row as they stand. */
  public percentiles(fractions: readonly number[]): readonly (number | null)[] | null {
    return this.isMerged ? this.merged(fractions) : this.exact;
  }

  public slower(thanMs: number): Slower {
    const count = this.isMerged ? this.distribution.above(thanMs) : null;
    const { samples } = this.distribution;
    return { thanMs, count, share: count === null || samples === 0 ? null : count / samples };
  }
}
