import type { Random } from './random.js';
import { arrivalRate } from './rhythm.js';

const MINUTE_US = 60_000_000;
/** Bounds the memory for the rates of a long range: 100,000 minutes are 69 days, then slots get longer. */
const MOST_SLOTS = 100_000;

/** A stretch of time, in microseconds since the epoch, and how many requests arrive in it. */
export interface Slot {
  readonly startUs: number;
  readonly lengthUs: number;
  readonly arrivals: number;
}

/**
 * Shares `total` arrivals out over [fromUs, toUs) by the traffic's rate, in slots of a minute or more.
 * The shares are differences of the rounded running sum, so they add up to `total` exactly.
 */
export function* slots(fromUs: number, toUs: number, total: number, seed: number): Generator<Slot> {
  const slotUs = Math.max(MINUTE_US, Math.ceil((toUs - fromUs) / MOST_SLOTS));
  const count = Math.ceil((toUs - fromUs) / slotUs);
  const cumulative = new Float64Array(count + 1);
  for (let i = 0; i < count; i += 1) {
    const startUs = fromUs + i * slotUs;
    // The last slot may be shorter: it gets its part of the rate.
    const part = (Math.min(startUs + slotUs, toUs) - startUs) / slotUs;
    cumulative[i + 1] = (cumulative[i] ?? 0) + part * arrivalRate(seed, startUs / 1000);
  }
  const weight = cumulative[count] ?? 1;
  let done = 0;
  for (let i = 0; i < count; i += 1) {
    const startUs = fromUs + i * slotUs;
    const upTo = i + 1 === count ? total : Math.round((total * (cumulative[i + 1] ?? 0)) / weight);
    yield { startUs, lengthUs: Math.min(slotUs, toUs - startUs), arrivals: upTo - done };
    done = upTo;
  }
}

/**
 * The arrival times of a slot, ascending. Drawn in order, one by one (the smallest of k uniform draws on what is
 * left), so that a slot of any size needs no list to sort.
 */
export function* arrivalTimes(slot: Slot, random: Random): Generator<number> {
  let remaining = 1;
  for (let left = slot.arrivals; left > 0; left -= 1) {
    remaining *= (1 - random.uniform()) ** (1 / left);
    // (1 - remaining) rounds up to 1 at the very end of a crowded slot.
    yield slot.startUs + Math.min(Math.floor((1 - remaining) * slot.lengthUs), slot.lengthUs - 1);
  }
}

/** Microseconds since the epoch as ISO 8601 in UTC with six decimals; a Date holds only milliseconds. */
export function isoMicros(epochUs: number): string {
  const ms = Math.floor(epochUs / 1000);
  const micros = epochUs - ms * 1000;
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}
