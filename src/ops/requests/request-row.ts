import type { RequestKind } from './filters.js';
import type { OpsRequest } from './requests.schemas.js';
import { shownMessage } from './shown-message.js';

type Success = Extract<OpsRequest, { kind: 'success' }>;
type Failure = Extract<OpsRequest, { kind: 'error' }>;

/** A row of a page: what both kinds have, and what only one of them has, NULL in the other. */
export type RequestRow = { readonly kind: RequestKind } & Readonly<
  Omit<Success, 'kind' | 'outputTokensPerSecond'> & Omit<Failure, 'kind'>
>;

export function requestOf(row: RequestRow): OpsRequest {
  const { id, createdAt, requestId, platform, groupId, groupName, model, userId, apiKeyId, accountId } = row;
  const common = {
    id,
    createdAt,
    requestId,
    platform,
    groupId,
    groupName,
    model,
    userId,
    apiKeyId,
    accountId,
  };
  if (row.kind === 'error') {
    return {
      kind: row.kind,
      ...common,
      statusCode: row.statusCode,
      upstreamStatusCode: row.upstreamStatusCode,
      errorOwner: row.errorOwner,
      errorPhase: row.errorPhase,
      errorType: row.errorType,
      severity: row.severity,
      isBusinessLimited: row.isBusinessLimited,
      message: row.message === null ? null : shownMessage(row.message),
    };
  }
  return {
    kind: row.kind,
    ...common,
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    cacheCreationTokens: row.cacheCreationTokens,
    cacheReadTokens: row.cacheReadTokens,
    totalCost: row.totalCost,
    actualCost: row.actualCost,
    stream: row.stream,
    durationMs: row.durationMs,
    firstTokenMs: row.firstTokenMs,
    outputTokensPerSecond: outputSpeed(row),
  };
}

/** Of requests that have both latencies, some time between them and output. */
function outputSpeed({ outputTokens, durationMs, firstTokenMs }: RequestRow): number | null {
  const milliseconds = durationMs === null || firstTokenMs === null ? 0 : durationMs - firstTokenMs;
  return milliseconds > 0 && outputTokens > 0 ? (outputTokens * 1000) / milliseconds : null;
}
