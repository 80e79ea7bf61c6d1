import type { ErrorOwner } from '../raw-log.types.js';

/** A kind of failure, as it is logged. */
export interface ErrorKind {
  readonly owner: ErrorOwner | null;
  /** Share of the errors in an ordinary hour, and in one with an incident, when it is the provider that fails. */
  readonly weight: number;
  readonly incidentWeight: number;
  readonly phase: string;
  readonly type: string;
  /** What the client was told; 200 where a retry succeeded, null where nothing could be said any more. */
  readonly status: number | null;
  readonly upstream: number | null;
  readonly message: string | null;
  readonly limited: boolean;
  /** How far the request got: 'none' has no platform and no group, 'platform' has no group. */
  readonly routed: 'none' | 'platform' | 'group';
}

type Tuple = [
  weight: number,
  phase: string,
  type: string,
  status: number | null,
  upstream: number | null,
  message: string | null,
  extra?: 'limited' | 'none' | 'platform',
];

function kinds(owner: ErrorOwner | null, incidentFactor: number, ...tuples: readonly Tuple[]): ErrorKind[] {
  return tuples.map(([weight, phase, type, status, upstream, message, extra]) => ({
    ...{ owner, weight, incidentWeight: weight * incidentFactor, phase, type, status, upstream, message },
    ...{ limited: extra === 'limited', routed: extra === 'none' || extra === 'platform' ? extra : 'group' },
  }));
}

/** Every owner, every status that a metric treats in its own way, with and without an upstream status. */
export const ERROR_KINDS: readonly ErrorKind[] = [
  ...kinds(
    'provider',
    6,
    [5, 'upstream', 'rate_limit_error', 429, 429, 'Rate limit reached for requests'],
    [2, 'upstream', 'rate_limit_error', 503, 429, 'All accounts are rate limited'],
    [3, 'upstream', 'overloaded_error', 529, 529, 'Overloaded'],
    [1.5, 'upstream', 'overloaded_error', 503, 529, 'Upstream overloaded'],
    [3, 'upstream', 'upstream_error', 502, 500, 'Internal server error'],
    [1, 'upstream', 'upstream_error', 500, 500, 'Internal server error'],
    [1.5, 'upstream', 'upstream_error', 503, 503, 'Service unavailable'],
    [1.5, 'network', 'connection_error', 502, null, 'connect ECONNREFUSED'],
    [2, 'upstream', 'timeout_error', 504, 504, 'Gateway timeout'],
    [1, 'network', 'timeout_error', 504, null, 'No answer within the timeout'],
    [0.5, 'upstream', 'authentication_error', 502, 401, 'Account credentials rejected'],
    [0.5, 'upstream', 'permission_error', 502, 403, 'Account suspended'],
    [1, 'upstream', 'insufficient_quota', 429, 429, 'Exceeded the current quota', 'limited'],
    // Recovered: a retry on another account answered, the client saw 200.
    [12, 'upstream', 'rate_limit_error', 200, 429, 'Rate limited, retried'],
    [6, 'upstream', 'overloaded_error', 200, 529, 'Overloaded, retried'],
    [5, 'upstream', 'upstream_error', 200, 500, 'Internal server error, retried'],
    [4, 'upstream', 'upstream_error', 200, 503, 'Service unavailable, retried'],
    // The stream broke off after its headers: no status is left to tell the client.
    [1.5, 'stream', 'stream_error', null, 500, 'Stream ended unexpectedly'],
    [1, 'stream', 'stream_error', null, null, 'Connection reset by peer'],
  ),
  ...kinds(
    'client',
    0.5,
    [4, 'upstream', 'invalid_request_error', 400, 400, 'max_tokens is too large'],
    [2, 'request', 'invalid_request_error', 400, null, 'Malformed JSON body', 'none'],
    [3, 'auth', 'authentication_error', 401, null, 'Invalid API key', 'none'],
    [1, 'auth', 'permission_error', 403, null, 'API key may not use this group'],
    [1, 'routing', 'not_found_error', 404, null, 'Unknown model', 'platform'],
    [1, 'request', 'request_timeout', 408, null, 'Body not received in time', 'none'],
    [1, 'upstream', 'request_too_large', 413, 413, 'Prompt is too long'],
    [1, 'upstream', 'invalid_request_error', 422, 422, 'Unprocessable tool schema'],
    [4, 'stream', 'client_closed', 499, null, 'Client closed the request'],
    [5, 'billing', 'insufficient_balance', 402, null, 'Balance is used up', 'limited'],
    [2, 'billing', 'subscription_expired', 403, null, 'Subscription has expired', 'limited'],
    [8, 'billing', 'quota_exceeded', 429, null, 'Daily quota is used up', 'limited'],
  ),
  ...kinds(
    'platform',
    1,
    [1, 'routing', 'no_available_account', 503, null, 'No account is available'],
    [1, 'internal', 'internal_error', 500, null, 'Unexpected error'],
    [1, 'routing', 'concurrency_limit', 429, null, 'Too many concurrent requests'],
    [1, 'internal', 'gateway_timeout', 504, null, 'Queue wait exceeded', 'platform'],
  ),
  ...kinds(
    null,
    1,
    [1, 'internal', 'unclassified', 500, null, null],
    [1, 'upstream', 'unclassified', 502, 502, null],
    [0.8, 'request', 'unclassified', null, null, null, 'none'],
  ),
];
