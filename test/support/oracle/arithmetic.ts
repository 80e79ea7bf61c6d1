/** A number's nearest integer, halves to the even neighbour: C's rint(), with which PostgreSQL casts float8 to int. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const fraction = value - below;
  if (fraction < 0.5) return below;
  if (fraction > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** percentile_cont: linear interpolation at rank p*(n-1) of the ascending values, in double; null without a value. */
export function percentileCont(values: readonly number[], p: number): number | null {
  const ascending = values.toSorted((a, b) => a - b);
  const rank = p * (ascending.length - 1);
  const low = ascending[Math.floor(rank)];
  const high = ascending[Math.ceil(rank)];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** The mean in double; null without a value. Sums of int4 stay exact: 2^53 holds four million of the largest. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The largest; null without a value. */
export function largest(values: readonly number[]): number | null {
  return values.reduce<number | null>((max, value) => (max === null || value > max ? value : max), null);
}

/** A value and how many requests stand behind it. */
export interface Weighted {
  readonly value: number;
  readonly weight: bigint;
}

/** Weighted mean of integers, rounded half to even; exact, for the quotient never becomes a double. Null at weight 0. */
export function weightedMeanRounded(samples: readonly Weighted[]): number | null {
  const weight = samples.reduce((sum, sample) => sum + sample.weight, 0n);
  if (weight === 0n) return null;
  const total = samples.reduce((sum, sample) => sum + BigInt(sample.value) * sample.weight, 0n);
  // BigInt division truncates towards zero: make it a floor, so that a negative mean is rounded like a positive one.
  const below = total / weight - (total % weight < 0n ? 1n : 0n);
  const doubledRest = 2n * (total - below * weight);
  const isUp = doubledRest > weight || (doubledRest === weight && below % 2n !== 0n);
  return Number(isUp ? below + 1n : below);
}

/** Weighted mean in double, summed in the given order; null at weight 0. */
export function weightedMean(samples: readonly Weighted[]): number | null {
  const weight = samples.reduce((sum, sample) => sum + sample.weight, 0n);
  if (weight === 0n) return null;
  return samples.reduce((sum, sample) => sum + sample.value * Number(sample.weight), 0) / Number(weight);
}
