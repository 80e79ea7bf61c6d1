import { dailyLoad } from './rhythm.js';
import { hashUniform, mix32 } from './random.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Chance that an hour starts a bad spell: of one group alone, and of a whole platform. */
const GROUP_SPELL_CHANCE = 0.004;
const PLATFORM_SPELL_CHANCE = 0.003;
const LONGEST_SPELL_HOURS = 3;

/** How a group fares during one hour. */
export interface HourWeather {
  readonly bad: boolean;
  /** Multiplies its usual latency. */
  readonly latencyFactor: number;
  /** Chance that a request fails. */
  readonly errorRate: number;
}

/** Is this hour (hours since the epoch) within a spell of 1 to 3 hours? Depends on the key and the hour alone. */
function inSpell(key: number, hour: number, chance: number): boolean {
  for (let age = 0; age < LONGEST_SPELL_HOURS; age += 1) {
    const start = hashUniform(key, hour - age);
    if (start < chance && age < 1 + Math.floor((start / chance) * LONGEST_SPELL_HOURS)) return true;
  }
  return false;
}

/** A stable 32-bit number for a name (FNV-1a). */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}

/**
 * The fortunes of one group: its latency drifts over days and rises with the load; now and then the group or its
 * whole platform has a bad spell, with latency times three and many errors.
 */
export class GroupWeather {
  private readonly groupKey: number;
  private readonly platformKey: number;
  private readonly driftDays: number;
  private readonly driftPhase: number;
  private readonly usualErrorRate: number;

  constructor(seed: number, name: string, platform: string) {
    this.groupKey = mix32(seed, hashName(name));
    this.platformKey = mix32(seed, hashName(platform) ^ 0x706c6174);
    this.driftDays = 6 + 16 * hashUniform(this.groupKey, -1);
    this.driftPhase = hashUniform(this.groupKey, -2);
    this.usualErrorRate = 0.018 + 0.03 * hashUniform(this.groupKey, -3);
  }

  /** @param hour whole hours since the epoch */
  at(hour: number): HourWeather {
    const epochMs = hour * HOUR_MS;
    const drift = Math.exp(
      0.3 * Math.sin(2 * Math.PI * (epochMs / DAY_MS / this.driftDays + this.driftPhase)),
    );
    const load = 0.9 + 0.2 * dailyLoad(epochMs);
    const bad =
      inSpell(this.groupKey, hour, GROUP_SPELL_CHANCE) ||
      inSpell(this.platformKey, hour, PLATFORM_SPELL_CHANCE);
    return {
      bad,
      latencyFactor: drift * load * (bad ? 3 : 1),
      errorRate: bad ? 0.12 + 6 * this.usualErrorRate : this.usualErrorRate,
    };
  }
}
