import type { Distribution } from './distribution.js';
import type { HistogramBin } from './read.schemas.js';

/** From here on, up to the next power of two, stored latencies are multiples of 2, then of 4, and so on. */
const ROUNDED_FROM = 128;

/**
 * The bins are whole milliseconds up to 8, then four to each doubling: 8, 10, 12, 14, 16, 20, … Of a stored latency
 * from 128 ms on only 7 significant bits are known, so a bin begins at the smallest latency that is rounded to its
 * nominal start or above: half a step below it, where the tie goes up, to the even multiple (at 159 for 160, whose
 * lower neighbour is 158). So each bin has exactly the latencies that its borders say, whether they were stored
 * rounded or not.
 */
function border(index: number): number {
  if (index < 8) {
    return index;
  }
  const exponent = 3 + Math.floor((index - 8) / 4);
  const nominal = 2 ** exponent * (1 + ((index - 8) % 4) / 4);
  // A power of two is the end of the doubling before it, whose step is half as wide.
  const stepBelow = 2 ** ((index - 8) % 4 === 0 ? exponent - 7 : exponent - 6);
  return nominal <= ROUNDED_FROM ? nominal : nominal - stepBelow / 2;
}

/** The bin of a latency. Negative ones, which only a wrong clock can give, share the bin before 0. */
function binOf(latency: number): number {
  if (latency < 8) {
    return Math.max(Math.floor(latency), -1);
  }
  const exponent = 31 - Math.clz32(latency);
  const nominal = 8 + (exponent - 3) * 4 + Math.floor((latency / 2 ** exponent - 1) * 4);
  return latency >= border(nominal + 1) ? nominal + 1 : nominal;
}

/** At or below every latency that may have been rounded to this negative one. */
function below(negative: number): number {
  const exponent = 31 - Math.clz32(-negative);
  return negative - (-negative < ROUNDED_FROM ? 0 : 2 ** (exponent - 7));
}

/** Contiguous bins from the first to the last that has a sample; empty without any. */
export function histogram(distribution: Distribution): HistogramBin[] {
  const entries = distribution.entries();
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) {
    return [];
  }
  const start = binOf(first[0]);
  const bins = Array.from({ length: binOf(last[0]) - start + 1 }, (_, index) => ({
    from: index + start < 0 ? below(first[0]) : border(index + start),
    to: border(index + start + 1),
    count: 0,
  }));
  for (const [value, count] of entries) {
    const bin = bins[binOf(value) - start];
    if (bin !== undefined) {
      bin.count += count;
    }
  }
  return bins;
}
