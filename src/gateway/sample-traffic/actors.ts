import type { GroupProfile } from './group-profile.js';
import type { Random } from './random.js';

const USERS_PER_GROUP = 60;
const ACCOUNTS_PER_GROUP = 8;

/** Who sent a request and through which account, as logged whatever its outcome. */
export interface Actors {
  readonly requestId: string;
  readonly userId: string;
  readonly apiKeyId: string;
  readonly accountId: string;
}

export function sampleActors({ firstUserId }: GroupProfile, random: Random): Actors {
  // Squaring makes few users send most requests.
  const user = firstUserId + Math.floor(random.uniform() ** 2 * USERS_PER_GROUP);
  return {
    requestId: `req_${random.hexId()}`,
    userId: String(user),
    apiKeyId: String(user * 10 + random.below(3)),
    accountId: String(firstUserId + random.below(ACCOUNTS_PER_GROUP)),
  };
}
