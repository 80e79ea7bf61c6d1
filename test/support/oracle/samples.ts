import type { RawError, RawGroup, RawUsage } from './types.js';

/** Two platforms, a group with the id that counts as none, and a group of the empty platform. */
export const GROUPS: RawGroup[] = [
  { id: 0, name: 'zero', platform: 'openai' },
  { id: 1, name: 'one', platform: 'openai' },
  { id: 2, name: 'two', platform: 'anthropic' },
  { id: 3, name: 'nameless', platform: '' },
];
/** The one hour that the sample rows lie in. */
export const FROM = new Date('2025-03-09T07:00:00Z');
export const TO = new Date('2025-03-09T08:00:00Z');

/** A usage row of group 1 at 07:30, empty but for what is given. */
export function usage(row: Partial<RawUsage>): RawUsage {
  return {
    groupId: 1,
    inputTokens: 0,
    outputTokens: 0,
    cacheCreationTokens: 0,
    cacheReadTokens: 0,
    durationMs: null,
    firstTokenMs: null,
    createdAt: '2025-03-09T07:30:00Z',
    ...row,
  };
}

/** An error row of platform openai and group 1 at 07:30, a plain 500 but for what is given. */
export function error(row: Partial<RawError>): RawError {
  return {
    platform: 'openai',
    groupId: 1,
    statusCode: 500,
    upstreamStatusCode: null,
    errorOwner: 'client',
    isBusinessLimited: false,
    createdAt: '2025-03-09T07:30:00Z',
    ...row,
  };
}
