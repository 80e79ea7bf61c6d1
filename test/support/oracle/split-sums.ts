import type { RawUsage, SplitSums } from './types.js';

const INT_MAX = 2_147_483_647n;

/** Hundredths of a token per second of generation, rounded half to even in whole numbers; null where there is none. */
export function outputSpeed({ outputTokens, durationMs, firstTokenMs }: RawUsage): number | null {
  if (outputTokens === null || durationMs === null || firstTokenMs === null) return null;
  if (outputTokens <= 0 || durationMs <= firstTokenMs) return null;
  const [hundredths, ms] = [BigInt(outputTokens) * 100_000n, BigInt(durationMs) - BigInt(firstTokenMs)];
  const [below, rest] = [hundredths / ms, hundredths % ms];
  const isUp = 2n * rest > ms || (2n * rest === ms && below % 2n === 1n);
  const speed = below + (isUp ? 1n : 0n);
  return Number(speed > INT_MAX ? INT_MAX : speed);
}

/** The values that rows have of something. */
export const samplesOf = (usage: readonly RawUsage[], of: (row: RawUsage) => number | null): number[] =>
  usage.flatMap((row) => {
    const value = of(row);
    return value === null ? [] : [value];
  });

export const sumOf = (values: readonly (number | bigint | null)[]): bigint =>
  values.reduce<bigint>((sum, value) => sum + BigInt(value ?? 0), 0n);

/** The sums that came later, of raw rows. */
export function splitSums(usage: readonly RawUsage[]): SplitSums {
  const speeds = samplesOf(usage, outputSpeed);
  return {
    input_tokens: sumOf(usage.map((row) => row.inputTokens)),
    output_tokens: sumOf(usage.map((row) => row.outputTokens)),
    cache_creation_tokens: sumOf(usage.map((row) => row.cacheCreationTokens)),
    cache_read_tokens: sumOf(usage.map((row) => row.cacheReadTokens)),
    output_speed_sum: sumOf(speeds),
    output_speed_samples: BigInt(speeds.length),
    total_cost: sumOf(usage.map((row) => row.totalCost)),
    actual_cost: sumOf(usage.map((row) => row.actualCost)),
  };
}
