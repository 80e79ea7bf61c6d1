/** Below 1 ms a logarithmic axis has no end: what is there stands at 1 ms less a quarter of a doubling. */
export function logScale(low: number, high: number, left: number, right: number): (value: number) => number {
  const log = (value: number): number => Math.log2(Math.max(value, 0.84));
  const span = Math.max(1e-9, log(high) - log(low));
  return (value) => {
    const share = (log(value) - log(low)) / span;
    return Math.round((left + Math.min(1, Math.max(0, share)) * (right - left)) * 10) / 10;
  };
}

/** Round in the unit that they are shown in: 1 min 40 s would be none. */
const ROUND = (
  [
    [1, [1, 2, 5, 10, 20, 50, 100, 200, 500]],
    [1000, [1, 2, 5, 10, 20]],
    [60_000, [1, 2, 5, 10, 20]],
    [3_600_000, [1, 2, 5, 10, 24]],
  ] as const
).flatMap(([unit, numbers]) => numbers.map((n) => n * unit));

/** Round values, in milliseconds, with where they stand, each at least 64 pixels after the one before. */
export function ticks(
  low: number,
  high: number,
  x: (value: number) => number,
  width: number,
): [number, number][] {
  const result: [number, number][] = [];
  for (const value of ROUND) {
    const at = x(value);
    const apart = at - (result.at(-1)?.[1] ?? -99) >= 64;
    if (value >= low && value <= high && at > 20 && at < width - 24 && apart) {
      result.push([value, at]);
    }
  }
  return result;
}
