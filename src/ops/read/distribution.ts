/**
 * How often each latency occurred: values rounded to 7 significant bits (exact below 128 ms, within 2^-7 above),
 * with their counts. Distributions add up, so any range has one.
 */
export class Distribution {
  private readonly counts = new Map<number, number>();
  private total = 0;

  /** How many samples have been added. */
  public get samples(): number {
    return this.total;
  }

  /**
   * Adds the samples of a stored distribution, given as the text of two int arrays of one length: `{1,2}`. Read here,
   * digit by digit, because a range has tens of thousands of numbers: split and Number took five times as long.
   */
  public add(values: string, counts: string): void {
    let at = 1;
    let countAt = 1;
    while (at < values.length - 1) {
      let sign = 1;
      if (values.charCodeAt(at) === MINUS) {
        sign = -1;
        at += 1;
      }
      let value = 0;
      for (let code = values.charCodeAt(at); isDigit(code); code = values.charCodeAt(at)) {
        value = value * 10 + code - ZERO;
        at += 1;
      }
      let count = 0;
      for (let code = counts.charCodeAt(countAt); isDigit(code); code = counts.charCodeAt(countAt)) {
        count = count * 10 + code - ZERO;
        countAt += 1;
      }
      at += 1;
      countAt += 1;
      this.addCount(sign * value, count);
    }
  }

  public addCount(value: number, count: number): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + count);
    this.total += count;
  }

  /** The distinct values, ascending, with their counts. */
  public entries(): readonly (readonly [value: number, count: number])[] {
    return [...this.counts].sort(([a], [b]) => a - b);
  }

  /**
   * Continuous percentiles as percentile_cont defines them: the value at rank fraction * (n - 1), interpolated
   * between the two samples around it. Within 0.79 % of that of the unrounded samples.
   *
   * @param fractions ascending, each from 0 to 1
   * @returns one value for each fraction, or null without a sample
   */
  public percentiles(fractions: readonly number[]): number[] | null {
    if (this.total === 0) {
      return null;
    }
    const entries = this.entries();
    let index = 0;
    let below = 0;
    const valueAt = (rank: number): number => {
      let entry = entries[index];
      while (entry !== undefined && below + entry[1] <= rank && index < entries.length - 1) {
        below += entry[1];
        index += 1;
        entry = entries[index];
      }
      return entry?.[0] ?? NaN;
    };
    return fractions.map((fraction) => {
      const rank = fraction * (this.total - 1);
      const lowRank = Math.floor(rank);
      const low = valueAt(lowRank);
      const [lowIndex, lowBelow] = [index, below];
      const high = valueAt(Math.ceil(rank));
      [index, below] = [lowIndex, lowBelow]; // two percentiles may lie between the same two samples
      return low + (high - low) * (rank - lowRank);
    });
  }
}

const ZERO = 48;
const MINUS = 45;
const isDigit = (code: number): boolean => code >= ZERO && code <= 57;
