import type { NewErrorLog, NewUsageLog } from '../raw-log.types.js';
import { ERROR_KINDS } from './error-catalog.js';
import type { ErrorKind } from './error-catalog.js';
import { errorRow } from './error-row.js';
import { profileOf } from './group-profile.js';
import type { GroupProfile, SampledRequest, StoredSampleGroup } from './group-profile.js';
import type { HourWeather } from './group-weather.js';
import type { Random } from './random.js';
import { usageRow } from './usage-row.js';
import { Weighted } from './weighted.js';

const HOUR_MS = 3_600_000;
/** Sizes follow Zipf's law with this exponent: the first of 40 groups takes about a quarter of the traffic. */
const ZIPF_EXPONENT = 1.05;

/**
 * What one request of the sample traffic looks like. Everything random comes from the given generator, everything
 * about a group or an hour from the seed; no clock is read.
 */
export class TrafficModel {
  private readonly profiles: Weighted<GroupProfile>;
  private readonly usualErrors = new Weighted<ErrorKind>(ERROR_KINDS, (kind) => kind.weight);
  private readonly badErrors = new Weighted<ErrorKind>(ERROR_KINDS, (kind) => kind.badWeight);
  private hour = NaN;
  private readonly weatherOfHour = new Map<GroupProfile, HourWeather>();

  /** @param groups largest first */
  constructor(groups: readonly StoredSampleGroup[], seed: number) {
    const rank = new Map(groups.map((group, index) => [group.id, index + 1]));
    this.profiles = new Weighted(
      groups.map((group) => profileOf(group, seed)),
      ({ group }) => (rank.get(group.id) ?? 1) ** -ZIPF_EXPONENT,
    );
  }

  /** Draws a request that arrives at `epochMs`. */
  request(epochMs: number, random: Random): SampledRequest {
    const profile = this.profiles.draw(random);
    return { profile, model: profile.models.draw(random), weather: this.weather(profile, epochMs) };
  }

  /** Does one more request of this kind fail? Asked until it does not, it gives the hour's error rate. */
  fails(request: SampledRequest, random: Random): boolean {
    return random.chance(request.weather.errorRate);
  }

  /** The log row of a request that succeeded; without `createdAt` the database's now() is its time. */
  success(request: SampledRequest, random: Random, createdAt: string | null = null): NewUsageLog {
    return usageRow(request, random, createdAt);
  }

  /** The log row of a request that failed, or that a retry recovered; likewise. */
  failure(request: SampledRequest, random: Random, createdAt: string | null = null): NewErrorLog {
    const kinds = request.weather.bad ? this.badErrors : this.usualErrors;
    return errorRow(request, kinds.draw(random), random, createdAt);
  }

  /** An hour's weather is worked out once per group: it costs as much as a whole row. */
  private weather(profile: GroupProfile, epochMs: number): HourWeather {
    const hour = Math.floor(epochMs / HOUR_MS);
    if (hour !== this.hour) {
      this.hour = hour;
      this.weatherOfHour.clear();
    }
    let weather = this.weatherOfHour.get(profile);
    if (weather === undefined) {
      weather = profile.weather.at(hour);
      this.weatherOfHour.set(profile, weather);
    }
    return weather;
  }
}
