import type { RawError, RawUsage } from './oracle/types.js';

/** A plain successful request of group 1 (openai) at 05:10. */
export const usage = (over: Partial<RawUsage> = {}): RawUsage => ({
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
  platform: 'openai',
  groupId: 1,
  statusCode: 500,
  upstreamStatusCode: null,
  errorOwner: null,
  isBusinessLimited: false,
  createdAt: '2026-03-01T05:10:00Z',
  ...over,
});
