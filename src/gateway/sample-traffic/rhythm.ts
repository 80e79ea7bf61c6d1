import { hashUniform } from './random.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const BURST_SALT = 0x62757273;
const NOISE_SALT = 0x6e6f6973;
/** One in so many minutes starts a burst: about four a day. */
const BURST_CHANCE = 1 / 350;
const LONGEST_BURST_MINUTES = 8;

/** Relative load of every UTC hour of a working day: office hours of Europe and America, quiet nights. */
const LOAD_BY_HOUR = [
  ...[0.3, 0.24, 0.2, 0.18, 0.2, 0.28, 0.42, 0.62, 0.82, 0.95, 1, 0.97],
  ...[0.92, 1, 1.08, 1.1, 1.05, 0.95, 0.84, 0.74, 0.64, 0.54, 0.46, 0.38],
] as const;

/** The load of the day at this moment (epoch milliseconds), interpolated between hours; 1 is a weekday morning. */
export function dailyLoad(epochMs: number): number {
  const hourOfDay = ((((epochMs % DAY_MS) + DAY_MS) % DAY_MS) / DAY_MS) * 24;
  const hour = Math.floor(hourOfDay);
  const here = LOAD_BY_HOUR[hour] ?? 1;
  const next = LOAD_BY_HOUR[(hour + 1) % 24] ?? 1;
  return (here + (next - here) * (hourOfDay - hour)) * weekdayFactor(epochMs);
}

/** 1970-01-01 was a Thursday, so that (day + 4) % 7 is 0 on Sundays; no Date, no time zone. */
function weekdayFactor(epochMs: number): number {
  const day = (((Math.floor(epochMs / DAY_MS) + 4) % 7) + 7) % 7;
  return day === 0 ? 0.42 : day === 6 ? 0.48 : 1;
}

/** How many times the usual rate arrives in this minute: 1, or 3 to 8 within a burst of 1 to 8 minutes. */
export function burstFactor(seed: number, epochMs: number): number {
  const minute = Math.floor(epochMs / MINUTE_MS);
  let factor = 1;
  for (let age = 0; age < LONGEST_BURST_MINUTES; age += 1) {
    const start = hashUniform(seed ^ BURST_SALT, minute - age);
    if (start >= BURST_CHANCE) continue;
    // Below the threshold the draw is uniform again once it is scaled: it gives length and height.
    const draw = start / BURST_CHANCE;
    if (age < 1 + Math.floor(draw * LONGEST_BURST_MINUTES))
      factor = Math.max(factor, 3 + 5 * ((draw * 97) % 1));
  }
  return factor;
}

/** Relative arrival rate at this moment: daily rhythm, bursts and the minute's own noise (±40 %). */
export function arrivalRate(seed: number, epochMs: number): number {
  const noise = 0.6 + 0.8 * hashUniform(seed ^ NOISE_SALT, Math.floor(epochMs / MINUTE_MS));
  return dailyLoad(epochMs) * burstFactor(seed, epochMs) * noise;
}
