import type { NewErrorLog, NewUsageLog } from '../raw-log.types.js';
import { MODELS, SAMPLE_REQUEST_PREFIX, type ModelProfile, type SAMPLE_GROUPS } from './catalog.js';
import { ERROR_KINDS } from './error-kinds.js';
import { hashName, hashUniform, mix32, Random, weighted } from './random.js';
import { conditions, type Conditions } from './shape.js';

const HOUR_MS = 3_600_000;
/** Sizes follow Zipf's law with this exponent: the first of 40 groups takes about a quarter of the traffic. */
const ZIPF_EXPONENT = 1.05;
const USERS_PER_GROUP = 60;
const ACCOUNTS_PER_GROUP = 8;
/** Share of successful requests that were logged without their group, their duration, or their first token. */
const UNGROUPED_SHARE = 0.006;
const NO_DURATION_SHARE = 0.003;
const NO_FIRST_TOKEN_SHARE = 0.005;
/** The gateway gives up on a request after ten minutes. */
const LONGEST_MS = 600_000;
/** Prices of cached input relative to fresh input. */
const CACHE_READ_PRICE = 0.1;
const CACHE_WRITE_PRICE = 1.25;

/** A group of the sample traffic with the id that the database gave it (bigint as a string). */
export type StoredSampleGroup = (typeof SAMPLE_GROUPS)[number] & { readonly id: string };

/** Rows to be written together. */
export interface TrafficBatch {
  readonly usage: NewUsageLog[];
  readonly errors: NewErrorLog[];
}

/** What the seed makes of a group. */
interface Profile {
  readonly group: StoredSampleGroup;
  readonly drawModel: (random: Random) => ModelProfile;
  /** Own speed: multiplies the latency of its models. */
  readonly speed: number;
  /** Spread of its latencies: sigma of the log-normal. */
  readonly sigma: number;
  readonly streamShare: number;
  /** What it pays of the list price. */
  readonly discount: number;
  /** Its users have ids from here on. */
  readonly firstUserId: number;
  /** An hour's conditions are worked out once: that costs as much as a whole row. */
  hour: number;
  now: Conditions;
}

/**
 * What one request of the sample traffic looks like. Everything about a group or an hour comes from the seed, the
 * rest from a generator of its own; no clock is read.
 */
export class TrafficModel {
  private readonly drawProfile: (random: Random) => Profile;
  private readonly drawUsualError = weighted(ERROR_KINDS, ({ weight }) => weight);
  private readonly drawIncidentError = weighted(ERROR_KINDS, ({ incidentWeight }) => incidentWeight);

  /** @param groups largest first */
  constructor(
    groups: readonly StoredSampleGroup[],
    private readonly seed: number,
    private readonly random = new Random(seed),
  ) {
    const profiles = groups.map((group) => profileOf(group, seed));
    this.drawProfile = weighted(profiles, (_profile, index) => (index + 1) ** -ZIPF_EXPONENT);
  }

  /**
   * Adds a request that succeeds at `epochMs`, and those that fail on the way there.
   *
   * @param createdAt of the rows; null leaves it to the database's now()
   */
  add(batch: TrafficBatch, epochMs: number, createdAt: string | null): void {
    const profile = this.drawProfile(this.random);
    const hour = Math.floor(epochMs / HOUR_MS);
    if (profile.hour !== hour) {
      profile.hour = hour;
      profile.now = conditions(this.seed, profile.group, hour);
    }
    const model = profile.drawModel(this.random);
    while (this.random.chance(profile.now.errorRate))
      batch.errors.push(this.failure(profile, model, createdAt));
    batch.usage.push(this.success(profile, model, createdAt));
  }

  private success(profile: Profile, model: ModelProfile, createdAt: string | null): NewUsageLog {
    const { random } = this;
    const actors = this.actors(profile);
    const chat = model.outputTokens > 0;
    // Log-normal prompt and answer; a third of the prompts come mostly from the cache, a few fill it.
    const prompt = Math.ceil(random.logNormal(model.inputTokens, 1));
    const outputTokens = chat ? Math.ceil(random.logNormal(model.outputTokens, 0.9)) : 0;
    const cached = chat && random.chance(0.35);
    const cacheReadTokens = cached ? Math.floor(prompt * (0.4 + 0.55 * random.uniform())) : 0;
    const cacheCreationTokens =
      cached && random.chance(0.25) ? Math.floor((prompt - cacheReadTokens) * 0.8) : 0;
    const inputTokens = prompt - cacheReadTokens - cacheCreationTokens;
    const priced = inputTokens + cacheReadTokens * CACHE_READ_PRICE + cacheCreationTokens * CACHE_WRITE_PRICE;
    const cost = (model.inputPrice * priced + model.outputPrice * outputTokens) / 1e6;
    const stream = chat && random.chance(profile.streamShare);
    const median = model.medianMs * profile.speed * profile.now.latencyFactor;
    // At least 2 ms, so that a first token fits strictly between start and end.
    const ms = Math.min(Math.max(Math.round(random.logNormal(median, profile.sigma)), 2), LONGEST_MS);
    const firstMs = Math.min(Math.max(Math.round(ms * random.logNormal(0.18, 0.5)), 1), ms - 1);
    // Field by field: spreading the parts together took four times as long as drawing them.
    return {
      userId: actors.userId,
      apiKeyId: actors.apiKeyId,
      accountId: actors.accountId,
      requestId: actors.requestId,
      model: model.name,
      groupId: random.chance(UNGROUPED_SHARE) ? null : profile.group.id,
      inputTokens,
      outputTokens,
      cacheCreationTokens,
      cacheReadTokens,
      totalCost: cost.toFixed(10),
      actualCost: (cost * profile.discount).toFixed(10),
      stream,
      durationMs: random.chance(NO_DURATION_SHARE) ? null : ms,
      firstTokenMs: stream && !random.chance(NO_FIRST_TOKEN_SHARE) ? firstMs : null,
      createdAt,
    };
  }

  /** What was not known yet when the request failed is null. */
  private failure(profile: Profile, model: ModelProfile, createdAt: string | null): NewErrorLog {
    const kind = (profile.now.incident ? this.drawIncidentError : this.drawUsualError)(this.random);
    const actors = this.actors(profile);
    const { identified, grouped } = kind;
    return {
      requestId: actors.requestId,
      userId: identified ? actors.userId : null,
      apiKeyId: identified ? actors.apiKeyId : null,
      accountId: grouped ? actors.accountId : null,
      groupId: grouped ? profile.group.id : null,
      platform: identified ? profile.group.platform : null,
      model: identified ? model.name : null,
      errorPhase: kind.phase,
      errorType: kind.type,
      severity: kind.limited || kind.status === 200 ? 'P3' : kind.owner === 'platform' ? 'P1' : 'P2',
      statusCode: kind.status,
      upstreamStatusCode: kind.upstream,
      errorOwner: kind.owner,
      isBusinessLimited: kind.limited,
      errorMessage: kind.message,
      createdAt,
    };
  }

  private actors({ firstUserId }: Profile) {
    // Squaring makes few users send most requests.
    const user = firstUserId + Math.floor(this.random.uniform() ** 2 * USERS_PER_GROUP);
    return {
      requestId: SAMPLE_REQUEST_PREFIX + this.random.hexId(),
      userId: String(user),
      apiKeyId: String(user * 10 + this.random.below(3)),
      accountId: String(firstUserId + this.random.below(ACCOUNTS_PER_GROUP)),
    };
  }
}

function profileOf(group: StoredSampleGroup, seed: number): Profile {
  const key = mix32(seed, hashName(group.name));
  const models = MODELS.filter(({ platform }) => platform === group.platform);
  return {
    group,
    drawModel: weighted(models, ({ weight }) => weight),
    speed: 0.7 + 0.8 * hashUniform(key, 1),
    sigma: 0.45 + 0.4 * hashUniform(key, 2),
    streamShare: 0.35 + 0.6 * hashUniform(key, 3),
    discount: 0.6 + 0.5 * hashUniform(key, 4),
    firstUserId: 1_000 + (hashName(group.name) >>> 16) * 100,
    hour: NaN,
    now: { incident: false, latencyFactor: 1, errorRate: 0 },
  };
}
