import { HOUR_MS } from '../../../src/ops/common/utc.js';
import type { Scenario } from '../oracle/arbitraries.js';

/** As many closed hours that are not rolled up are counted from raw rows. */
const LIVE_HOURS = 3;

/** Whole minutes. */
export interface KeptMinutes {
  readonly from: Date;
  readonly to: Date;
}

export interface KnownRows {
  /** The rows without those of missing hours. */
  readonly raw: Scenario;
  /** Starts of the missing hours within the last of the segments, ascending. */
  readonly missing: readonly number[];
}

/**
 * What an answer about consecutive segments can know where everything before an instant is rolled up, and nothing
 * after it, and minutes are kept of a range: whole hours inside a segment that have a row that counts and whose minutes are
 * not kept, but for the newest three, are missing.
 */
export function knownRows(
  raw: Scenario,
  cuts: readonly Date[],
  { rolledUpBefore, kept }: { readonly rolledUpBefore: Date; readonly kept: KeptMinutes | null },
): KnownRows {
  const groups = new Set(raw.groups.map(({ id }) => id).filter((id) => id !== 0));
  const times = [...raw.usage.filter(({ groupId }) => groups.has(groupId ?? 0)), ...raw.errors].map(
    ({ createdAt }) => Date.parse(createdAt),
  );
  const hourOf = (time: number): number => Math.floor(time / HOUR_MS) * HOUR_MS;
  const isWhole = (hour: number): boolean =>
    cuts.slice(1).some((end, segment) => {
      const start = cuts[segment]?.getTime() ?? NaN;
      return hour >= start && hour + HOUR_MS <= end.getTime();
    });
  const isKept = (hour: number): boolean =>
    kept !== null && hour >= kept.from.getTime() && hour + HOUR_MS <= kept.to.getTime();
  const gaps = [...new Set(times.map(hourOf))]
    .filter((hour) => hour >= rolledUpBefore.getTime() && isWhole(hour) && !isKept(hour))
    .toSorted((a, b) => a - b);
  const missing = gaps.slice(0, Math.max(0, gaps.length - LIVE_HOURS));
  const isKnown = ({ createdAt }: { createdAt: string }): boolean =>
    !missing.includes(hourOf(Date.parse(createdAt)));
  return {
    raw: { ...raw, usage: raw.usage.filter(isKnown), errors: raw.errors.filter(isKnown) },
    missing: missing.filter((hour) => hour >= (cuts.at(-2)?.getTime() ?? NaN)),
  };
}
