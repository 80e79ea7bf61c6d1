import { hashName, hashUniform, mix32 } from './random.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BURST_SALT = 0x62757273;
const NOISE_SALT = 0x6e6f6973;
const PLATFORM_SALT = 0x706c6174;
/** One in so many minutes starts a burst: about four a day. */
const BURST_CHANCE = 1 / 350;
const LONGEST_BURST_MINUTES = 8;
/** Chance that an hour starts an incident: of one group alone, and of a whole platform. */
const GROUP_INCIDENT_CHANCE = 0.001;
const PLATFORM_INCIDENT_CHANCE = 0.0015;
const LONGEST_INCIDENT_HOURS = 3;

/** Relative load of every UTC hour of a working day: office hours of Europe and America, quiet nights. */
const LOAD_BY_HOUR = [
  ...[0.3, 0.24, 0.2, 0.18, 0.2, 0.28, 0.42, 0.62, 0.82, 0.95, 1, 0.97],
  ...[0.92, 1, 1.08, 1.1, 1.05, 0.95, 0.84, 0.74, 0.64, 0.54, 0.46, 0.38],
] as const;
/** From Thursday on, as 1970 began. */
const LOAD_BY_DAY = [1, 1, 0.48, 0.42, 1, 1, 1] as const;
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
const MEAN_LOAD = mean(LOAD_BY_HOUR) * mean(LOAD_BY_DAY);

/** The load at this moment (epoch milliseconds), interpolated between hours; 1 is the mean of a week. */
function load(epochMs: number): number {
  const hourOfDay = (epochMs % DAY_MS) / HOUR_MS;
  const hour = Math.floor(hourOfDay);
  const here = LOAD_BY_HOUR[hour] ?? 1;
  const next = LOAD_BY_HOUR[(hour + 1) % 24] ?? 1;
  const ofDay = LOAD_BY_DAY[Math.floor(epochMs / DAY_MS) % 7] ?? 1;
  return ((here + (next - here) * (hourOfDay - hour)) * ofDay) / MEAN_LOAD;
}

/** How many times the usual rate arrives in this minute: 1, or 3 to 8 within a burst of 1 to 8 minutes. */
export function burstFactor(seed: number, minute: number): number {
  let factor = 1;
  for (let age = 0; age < LONGEST_BURST_MINUTES; age += 1) {
    // Below the threshold the draw is uniform again once it is scaled: it gives length and height.
    const draw = hashUniform(seed ^ BURST_SALT, minute - age) / BURST_CHANCE;
    if (draw < 1 && age < 1 + draw * LONGEST_BURST_MINUTES)
      factor = Math.max(factor, 3 + 5 * ((draw * 97) % 1));
  }
  return factor;
}

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** Requests expected in it, where one a second is the mean of a week without bursts. */
  readonly expected: number;
}

/**
 * The arrivals of [fromMs, toMs), minute by minute: rhythm of day and week, bursts, and each minute's own noise
 * (±40 %). Of a moment it says the same whatever range is asked for, so that ranges that touch continue each other.
 */
export function* arrivals(seed: number, fromMs: number, toMs: number): Generator<Stretch> {
  for (let minute = Math.floor(fromMs / MINUTE_MS); minute * MINUTE_MS < toMs; minute += 1) {
    const at = Math.max(minute * MINUTE_MS, fromMs);
    const end = Math.min((minute + 1) * MINUTE_MS, toMs);
    const noise = 0.6 + 0.8 * hashUniform(seed ^ NOISE_SALT, minute);
    const rate = load(minute * MINUTE_MS) * burstFactor(seed, minute) * noise;
    yield { fromMs: at, toMs: end, expected: (rate * (end - at)) / SECOND_MS };
  }
}

/** How many requests arrive in [fromMs, toMs), at one a second on average over a week. */
export function expectedArrivals(seed: number, fromMs: number, toMs: number): number {
  let sum = 0;
  for (const { expected } of arrivals(seed, fromMs, toMs)) sum += expected;
  return sum;
}

/** How a group fares during one hour. */
export interface Conditions {
  readonly incident: boolean;
  /** Multiplies its usual latency. */
  readonly latencyFactor: number;
  /** Chance that a request fails. */
  readonly errorRate: number;
}

/** Is this hour within an incident of 1 to 3 hours? Depends on the key and the hour alone. */
function inIncident(key: number, hour: number, chance: number): boolean {
  return Array.from({ length: LONGEST_INCIDENT_HOURS }, (_, age) => {
    const draw = hashUniform(key, hour - age) / chance;
    return draw < 1 && age < 1 + Math.floor(draw * LONGEST_INCIDENT_HOURS);
  }).includes(true);
}

/**
 * A group's latency drifts over days and rises with the load; now and then the group or its whole platform has an
 * incident, with latency times two and a half and many errors.
 *
 * @param hour whole hours since the epoch
 */
export function conditions(
  seed: number,
  { name, platform }: { name: string; platform: string },
  hour: number,
): Conditions {
  const key = mix32(seed, hashName(name));
  const incident =
    inIncident(key, hour, GROUP_INCIDENT_CHANCE) ||
    inIncident(mix32(seed, hashName(platform) ^ PLATFORM_SALT), hour, PLATFORM_INCIDENT_CHANCE);
  const driftDays = 6 + 16 * hashUniform(key, -1);
  const drift = Math.exp(0.25 * Math.sin(2 * Math.PI * (hour / 24 / driftDays + hashUniform(key, -2))));
  return {
    incident,
    latencyFactor: drift * (0.9 + 0.1 * load(hour * HOUR_MS)) * (incident ? 2.5 : 1),
    errorRate: (0.004 + 0.006 * hashUniform(key, -3)) * (incident ? 30 : 1),
  };
}
