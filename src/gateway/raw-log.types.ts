/** A group to look up or create by its name. */
export interface NewGroup {
  readonly name: string;
  readonly platform: string;
}

/**
 * A successful request to be logged. Ids are decimal strings (bigint), costs are decimal strings (numeric),
 * durations are milliseconds. `createdAt` is an ISO 8601 string with its offset ('Z'), microseconds allowed;
 * without it the database's now() is taken. What is left out takes the column's default.
 */
export interface NewUsageLog {
  readonly userId: string;
  readonly apiKeyId: string;
  readonly accountId: string;
  readonly model: string;
  readonly requestId?: string | null;
  readonly groupId?: string | null;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheCreationTokens?: number;
  readonly cacheReadTokens?: number;
  readonly totalCost?: string;
  readonly actualCost?: string;
  readonly stream?: boolean;
  readonly durationMs?: number | null;
  readonly firstTokenMs?: number | null;
  readonly createdAt?: string | null;
}

export type ErrorOwner = 'provider' | 'client' | 'platform';

/** A failed or recovered request to be logged; same conventions as {@link NewUsageLog}. */
export interface NewErrorLog {
  readonly errorPhase: string;
  readonly errorType: string;
  readonly requestId?: string | null;
  readonly userId?: string | null;
  readonly apiKeyId?: string | null;
  readonly accountId?: string | null;
  readonly groupId?: string | null;
  readonly platform?: string | null;
  readonly model?: string | null;
  readonly severity?: string;
  readonly statusCode?: number | null;
  readonly upstreamStatusCode?: number | null;
  readonly errorOwner?: ErrorOwner | null;
  readonly isBusinessLimited?: boolean;
  readonly errorMessage?: string | null;
  readonly createdAt?: string | null;
}
