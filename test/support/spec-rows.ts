import type { RawError, RawUsage } from './oracle/types.js';

/** Keys, costs and kind of a row where they do not matter. */
const KEYS = { model: 'model', accountId: 1, apiKeyId: 1 } as const;
export const PLAIN_USAGE = { ...KEYS, totalCost: 0n, actualCost: 0n } as const;
export const PLAIN_ERROR = { ...KEYS, errorPhase: 'upstream', errorType: 'api_error' } as const;

/** A plain successful request of group 1 (openai) at 05:10. */
export const usage = (over: Partial<RawUsage> = {}): RawUsage => ({
  ...PLAIN_USAGE,
  groupId: 1,
  inputTokens: 0,
  outputTokens: 0,
  cacheCreationTokens: 0,
  cacheReadTokens: 0,
  durationMs: null,
  firstTokenMs: null,
  createdAt: '2026-03-01T05:10:00Z',
  ...over,
});

/** A failed request of group 1 (openai) at 05:10, that the client was told of by a 500. */
export const failure = (over: Partial<RawError> = {}): RawError => ({
  ...PLAIN_ERROR,
  platform: 'openai',
  groupId: 1,
  statusCode: 500,
  upstreamStatusCode: null,
  errorOwner: null,
  isBusinessLimited: false,
  createdAt: '2026-03-01T05:10:00Z',
  ...over,
});
