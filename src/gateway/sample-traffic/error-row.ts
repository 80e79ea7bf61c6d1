import type { NewErrorLog } from '../raw-log.types.js';
import { sampleActors } from './actors.js';
import type { ErrorKind } from './error-catalog.js';
import type { SampledRequest } from './group-profile.js';
import type { Random } from './random.js';

/** The log row of a request that failed in this way; what was not known yet at that point is null. */
export function errorRow(
  { profile, model }: SampledRequest,
  kind: ErrorKind,
  random: Random,
  createdAt: string | null,
): NewErrorLog {
  const actors = sampleActors(profile, random);
  const identified = kind.routed !== 'none';
  return {
    requestId: actors.requestId,
    userId: identified ? actors.userId : null,
    apiKeyId: identified ? actors.apiKeyId : null,
    accountId: kind.routed === 'group' ? actors.accountId : null,
    groupId: kind.routed === 'group' ? profile.group.id : null,
    platform: identified ? profile.group.platform : null,
    model: identified ? model.name : null,
    errorPhase: kind.phase,
    errorType: kind.type,
    severity: kind.severity,
    statusCode: kind.status,
    upstreamStatusCode: kind.upstream,
    errorOwner: kind.owner,
    isBusinessLimited: kind.limited,
    errorMessage: kind.message,
    createdAt,
  };
}
