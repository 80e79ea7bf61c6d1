/** Below 1 ms a logarithmic axis has no end: what is there stands at 1 ms less a quarter of a doubling. */
export function logScale(low: number, high: number, left: number, right: number): (value: number) => number {
  const log = (value: number): number => Math.log2(Math.max(value, 0.84));
  const span = Math.max(1e-9, log(high) - log(low));
  return (value) => {
    const share = (log(value) - log(low)) / span;
    return Math.round((left + Math.min(1, Math.max(0, share)) * (right - left)) * 10) / 10;
  };
}

/** In milliseconds, round in the unit that they are shown in: 1 min 40 s would be none. */
const ROUND = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 20].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 20].map((minutes) => minutes * 60_000),
  ...[1, 2, 5, 10, 24].map((hours) => hours * 3_600_000),
];

/** Round values with where they stand, each 64 pixels or more after the one before. What is outside stands at an edge. */
export function ticks(x: (value: number) => number, width: number): [number, number][] {
  const result: [number, number][] = [];
  for (const value of ROUND) {
    const at = x(value);
    if (at > 20 && at < width - 24 && at - (result.at(-1)?.[1] ?? -99) >= 64) {
      result.push([value, at]);
    }
  }
  return result;
}
