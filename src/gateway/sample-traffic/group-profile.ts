import { PLATFORM_MODELS } from './catalog.js';
import type { ModelProfile, SampleGroup } from './catalog.js';
import { GroupWeather, hashName } from './group-weather.js';
import type { HourWeather } from './group-weather.js';
import { hashUniform, mix32 } from './random.js';
import { Weighted } from './weighted.js';

/** A group of the sample traffic with the id that the database gave it (bigint as a string). */
export interface StoredSampleGroup extends SampleGroup {
  readonly id: string;
}

/** What is constant about a group. */
export interface GroupProfile {
  readonly group: StoredSampleGroup;
  readonly weather: GroupWeather;
  readonly models: Weighted<ModelProfile>;
  /** Own speed: multiplies the latency of its models. */
  readonly speed: number;
  /** Spread of its latencies: sigma of the log-normal. */
  readonly sigma: number;
  readonly streamShare: number;
  /** What it pays of the list price. */
  readonly discount: number;
  /** Its users have ids from here on. */
  readonly firstUserId: number;
}

/** A request of the sample traffic before it is known how it ends. */
export interface SampledRequest {
  readonly profile: GroupProfile;
  readonly model: ModelProfile;
  readonly weather: HourWeather;
}

/** What the seed makes of a group. */
export function profileOf(group: StoredSampleGroup, seed: number): GroupProfile {
  const key = mix32(seed, hashName(group.name));
  return {
    group,
    weather: new GroupWeather(seed, group.name, group.platform),
    models: new Weighted<ModelProfile>(PLATFORM_MODELS[group.platform], (model) => model.weight),
    speed: 0.7 + 0.8 * hashUniform(key, 1),
    sigma: 0.45 + 0.4 * hashUniform(key, 2),
    streamShare: 0.35 + 0.6 * hashUniform(key, 3),
    discount: 0.6 + 0.5 * hashUniform(key, 4),
    firstUserId: 1_000 + (hashName(group.name) >>> 16) * 100,
  };
}
