import type { Distribution } from './distribution.js';
import type { HistogramBin } from './read.types.js';

/**
 * Lower border of the bin of a value: whole milliseconds up to 8, then four bins to each doubling (8, 10, 12, 14,
 * 16, 20, …). All borders are values of 7 significant bits, so no stored value lies across one. Negative latencies,
 * which only a wrong clock can give, share the bin before 0.
 */
function borderIndex(value: number): number {
  if (value < 8) {
    return Math.max(Math.floor(value), -1);
  }
  const exponent = 31 - Math.clz32(value);
  return 8 + (exponent - 3) * 4 + Math.floor((value / 2 ** exponent - 1) * 4);
}

function border(index: number): number {
  if (index < 8) {
    return index;
  }
  const exponent = 3 + Math.floor((index - 8) / 4);
  return 2 ** exponent * (1 + ((index - 8) % 4) / 4);
}

/** Contiguous bins from the first to the last that has a sample; empty without any. */
export function histogram(distribution: Distribution): HistogramBin[] {
  const entries = distribution.entries();
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) {
    return [];
  }
  const start = borderIndex(first[0]);
  const bins = Array.from({ length: borderIndex(last[0]) - start + 1 }, (_, index) => ({
    from: index + start < 0 ? first[0] : border(index + start),
    to: border(index + start + 1),
    count: 0,
  }));
  for (const [value, count] of entries) {
    const bin = bins[borderIndex(value) - start];
    if (bin !== undefined) {
      bin.count += count;
    }
  }
  return bins;
}
