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
   * Adds samples that are given as the text of int arrays: `{1,2}`.
   *
   * @param counts how often each of the values occurs; null for values that are single samples, not rounded yet
   */
  public add(values: string, counts: string | null): void {
    const value = new IntReader(values);
    const count = counts === null ? null : new IntReader(counts);
    while (value.next()) {
      if (count === null) {
        this.addCount(rounded(value.current), 1);
      } else {
        count.next();
        this.addCount(value.current, count.current);
      }
    }
  }

  public addCount(value: number, count: number): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + count);
    this.total += count;
  }

  /** How many samples are greater than a threshold. */
  public above(threshold: number): number {
    let above = 0;
    for (const [value, count] of this.counts) {
      above += value > threshold ? count : 0;
    }
    return above;
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

/** 2^46 + 1: c - (c - v) with c = v * SPLITTER has the 7 leading bits of v, as in SQL (distribution-bins.ts). */
const SPLITTER = 70_368_744_177_665;
const INT_MAX = 2_147_483_647;

function rounded(value: number): number {
  const scaled = value * SPLITTER;
  return Math.min(scaled - (scaled - value), INT_MAX);
}

/**
 * Reads the text of an int array, digit by digit, because a range has tens of thousands of numbers: split and Number
 * took five times as long, and the driver's own parser ten times.
 */
class IntReader {
  public current = 0;
  private at = 1;

  public constructor(private readonly text: string) {}

  /** Moves on to the next number; false at the end. */
  public next(): boolean {
    const { text } = this;
    if (this.at >= text.length - 1) {
      return false;
    }
    const isNegative = text.charCodeAt(this.at) === MINUS;
    let at = isNegative ? this.at + 1 : this.at;
    let number = 0;
    for (
      let digit = text.charCodeAt(at) - ZERO;
      digit >= 0 && digit <= 9;
      digit = text.charCodeAt(at) - ZERO
    ) {
      number = number * 10 + digit;
      at += 1;
    }
    this.at = at + 1;
    this.current = isNegative ? -number : number;
    return true;
  }
}

const ZERO = 48;
const MINUS = 45;
