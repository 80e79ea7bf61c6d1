import type { NewUsageLog } from '../raw-log.types.js';
import { sampleActors } from './actors.js';
import type { ModelProfile } from './catalog.js';
import type { SampledRequest } from './group-profile.js';
import type { Random } from './random.js';

/** Share of successful requests that were logged without their group. */
const UNGROUPED_SHARE = 0.006;
/** A few requests end without a measured duration, a few streams without a measured first token. */
const NO_DURATION_SHARE = 0.003;
const NO_FIRST_TOKEN_SHARE = 0.005;
/** The gateway gives up on a request after ten minutes. */
const LONGEST_MS = 600_000;
/** Prices of cached input relative to fresh input. */
const CACHE_READ_PRICE = 0.1;
const CACHE_WRITE_PRICE = 1.25;

/** The log row of a successful request: model, tokens, cost and latency. */
export function usageRow(request: SampledRequest, random: Random, createdAt: string | null): NewUsageLog {
  const { profile, model } = request;
  const actors = sampleActors(profile, random);
  const groupId = random.chance(UNGROUPED_SHARE) ? null : profile.group.id;
  const tokens = sampleTokens(model, random);
  const cost = listPrice(model, tokens);
  const stream = model.streams && random.chance(profile.streamShare);
  const latency = sampleLatency(request, stream, random);
  // Field by field: spreading the parts together took four times as long as drawing them.
  return {
    userId: actors.userId,
    apiKeyId: actors.apiKeyId,
    accountId: actors.accountId,
    requestId: actors.requestId,
    model: model.name,
    groupId,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cacheCreationTokens: tokens.cacheCreation,
    cacheReadTokens: tokens.cacheRead,
    totalCost: cost.toFixed(10),
    actualCost: (cost * profile.discount).toFixed(10),
    stream,
    durationMs: latency.durationMs,
    firstTokenMs: latency.firstTokenMs,
    createdAt,
  };
}

interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cacheCreation: number;
  readonly cacheRead: number;
}

/** US dollars. */
function listPrice(model: ModelProfile, tokens: Tokens): number {
  const prompt =
    tokens.input + tokens.cacheRead * CACHE_READ_PRICE + tokens.cacheCreation * CACHE_WRITE_PRICE;
  return (model.inputPrice * prompt + model.outputPrice * tokens.output) / 1e6;
}

/** Log-normal prompt and answer; a third of the prompts come mostly from the cache, a few fill it. */
function sampleTokens(model: ModelProfile, random: Random): Tokens {
  const prompt = Math.ceil(random.logNormal(model.inputTokens, 1));
  const output = model.outputTokens === 0 ? 0 : Math.ceil(random.logNormal(model.outputTokens, 0.9));
  const cached = model.caches && random.chance(0.35);
  const cacheRead = cached ? Math.floor(prompt * (0.4 + 0.55 * random.uniform())) : 0;
  const cacheCreation = cached && random.chance(0.25) ? Math.floor((prompt - cacheRead) * 0.8) : 0;
  return { input: prompt - cacheRead - cacheCreation, output, cacheCreation, cacheRead };
}

function sampleLatency({ profile, model, weather }: SampledRequest, stream: boolean, random: Random) {
  const median = model.medianMs * profile.speed * weather.latencyFactor;
  // At least 2 ms, so that a first token fits strictly between start and end.
  const durationMs = Math.min(Math.max(Math.round(random.logNormal(median, profile.sigma)), 2), LONGEST_MS);
  const firstTokenMs = stream && !random.chance(NO_FIRST_TOKEN_SHARE) ? firstToken(durationMs, random) : null;
  return random.chance(NO_DURATION_SHARE) ? { durationMs: null, firstTokenMs } : { durationMs, firstTokenMs };
}

/** The first token takes log-normally some 18 % of the whole request, and always comes before its end. */
function firstToken(durationMs: number, random: Random): number {
  const share = random.logNormal(0.18, 0.5);
  return Math.min(Math.max(Math.round(durationMs * share), 1), durationMs - 1);
}
