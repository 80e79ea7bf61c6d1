/** Latencies in ms, or the values of a distribution, with their counts. */
export class Latencies {
  public readonly samples: number;
  private bins: Binned | undefined;

  /** @param counts how often each occurs; null where each does once */
  public constructor(
    public readonly values: Int32Array,
    private readonly counts: Int32Array | null,
  ) {
    this.samples = counts === null ? values.length : counts.reduce((sum, count) => sum + count, 0);
  }

  public forEach(work: (value: number, count: number) => void): void {
    this.values.forEach((value, index) => {
      work(value, this.countAt(index));
    });
  }

  /** Rounded, by bin; made once, since most are added to many answers. */
  public get binned(): Binned {
    if (this.bins === undefined) {
      const bins: Binned = {
        bins: new Int16Array(this.values.length),
        counts: Float64Array.from(this.values, (_value, index) => this.countAt(index)),
        others: [],
      };
      this.values.forEach((value, index) => {
        const bin = binOf(rounded(value));
        bins.bins[index] = bin ?? 0;
        if (bin === null) {
          bins.others.push([rounded(value), this.countAt(index)]);
          bins.counts[index] = 0;
        }
      });
      this.bins = bins;
    }
    return this.bins;
  }

  private countAt(index: number): number {
    return this.counts === null ? 1 : (this.counts[index] ?? NaN);
  }
}

interface Binned {
  readonly bins: Int16Array;
  readonly counts: Float64Array;
  /** Values that have no bin, with their counts. */
  readonly others: [value: number, count: number][];
}

/** Up to so many samples are kept as they were, as in a stored row (sorted-latencies.ts); more are all rounded. */
const EXACT_UP_TO = 1000;

/**
 * Reads latencies from the text of int arrays: `{1,2}`.
 *
 * @param counts how often each of the values occurs; empty where each does once; null for the latencies of raw rows
 */
export function latenciesOf(values: string, counts: string | null): Latencies {
  return new Latencies(numbersOf(values), counts ? numbersOf(counts) : null);
}

/**
 * How often each latency occurred; of more than 1,000 the values are rounded to 7 significant bits (exact below 128 ms,
 * within 2^-7 above). Distributions add up, so any range has one.
 */
export class Distribution {
  /** By bin: nearly every value is one of few thousand, and a Map took ten times as long. */
  private bins = new Float64Array(0);
  /** The other values: negative ones, and such as are not rounded. */
  private readonly others = new Map<number, number>();
  private total = 0;
  private isRounded = false;

  /** How many samples have been added. */
  public get samples(): number {
    return this.total;
  }

  /** Adds latencies, each as often as it occurs. */
  public add(latencies: Latencies): void {
    this.total += latencies.samples;
    if (!this.isRounded && this.total <= EXACT_UP_TO) {
      latencies.forEach((value, count) => {
        this.put(value, count);
      });
      return;
    }
    this.round();
    const { bins, counts, others } = latencies.binned;
    for (let index = 0; index < bins.length; index += 1) {
      const bin = bins[index] ?? 0;
      this.bins[bin] = (this.bins[bin] ?? 0) + (counts[index] ?? 0);
    }
    for (const [value, count] of others) this.put(value, count);
  }

  /** Takes away a part of what was added. Both are rounded before: either may have been in a row of more than 1,000. */
  public subtract(part: Distribution): void {
    if (part.total === 0) {
      return;
    }
    this.round();
    this.total -= part.total;
    for (const [value, count] of part.entries()) this.put(rounded(value), -count);
  }

  private round(): void {
    if (this.isRounded) {
      return;
    }
    this.isRounded = true;
    const [bins, others] = [this.bins, [...this.others]];
    this.bins = new Float64Array(BINS);
    this.bins.set(bins);
    this.others.clear();
    for (const [value, count] of others) this.put(rounded(value), count);
  }

  private put(value: number, count: number): void {
    const bin = binOf(value);
    if (bin === null) {
      this.others.set(value, (this.others.get(value) ?? 0) + count);
      return;
    }
    if (bin >= this.bins.length) {
      const larger = new Float64Array(Math.min(BINS, 256 * Math.ceil((bin + 1) / 256)));
      larger.set(this.bins);
      this.bins = larger;
    }
    this.bins[bin] = (this.bins[bin] ?? 0) + count;
  }

  /** How many samples are greater than a threshold. */
  public above(threshold: number): number {
    let above = 0;
    for (const [value, count] of this.entries()) {
      above += value > threshold ? count : 0;
    }
    return above;
  }

  /** The distinct values, ascending, with their counts. */
  public entries(): readonly (readonly [value: number, count: number])[] {
    const entries = [...this.others].filter(([, count]) => count > 0);
    this.bins.forEach((count, bin) => {
      if (count > 0) entries.push([valueOf(bin), count]);
    });
    return this.others.size === 0 ? entries : entries.sort(([a], [b]) => a - b);
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

/** 128 whole numbers, and 64 to each of the 24 doublings from there to 2^31. */
const BINS = 128 + 24 * 64;

/**
 * The bin of a value of 7 significant bits, of which 128 are whole numbers, then 64 to each doubling; null for any other
 * value, and for negative ones.
 */
function binOf(value: number): number | null {
  if (value < 128) {
    return value < 0 ? null : value;
  }
  const shift = 25 - Math.clz32(value);
  const leading = value >>> shift;
  return leading << shift === value ? shift * 64 + leading : null;
}

function valueOf(bin: number): number {
  const shift = Math.max(0, Math.floor(bin / 64) - 1);
  return (bin - shift * 64) * 2 ** shift;
}

/** 2^46 + 1: c - (c - v) with c = v * SPLITTER has the 7 leading bits of v, as in SQL (distribution-bins.ts). */
const SPLITTER = 70_368_744_177_665;
const INT_MAX = 2_147_483_647;

function rounded(value: number): number {
  const scaled = value * SPLITTER;
  return Math.min(scaled - (scaled - value), INT_MAX);
}

/**
 * Digit by digit, because a range has tens of thousands of numbers: split and Number took five times as long, and the
 * driver's own parser ten times.
 */
function numbersOf(text: string): Int32Array {
  let numbers = new Int32Array(256);
  let length = 0;
  for (let at = 1; at < text.length - 1; at += 1) {
    const isNegative = text.charCodeAt(at) === MINUS;
    at += isNegative ? 1 : 0;
    let number = 0;
    for (
      let digit = text.charCodeAt(at) - ZERO;
      digit >= 0 && digit <= 9;
      digit = text.charCodeAt(at) - ZERO
    ) {
      number = number * 10 + digit;
      at += 1;
    }
    if (length === numbers.length) {
      const larger = new Int32Array(2 * length);
      larger.set(numbers);
      numbers = larger;
    }
    numbers[length] = isNegative ? -number : number;
    length += 1;
  }
  return numbers.slice(0, length);
}

const ZERO = 48;
const MINUS = 45;
