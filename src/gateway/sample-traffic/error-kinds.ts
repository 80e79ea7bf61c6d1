import type { ErrorOwner } from '../raw-log.types.js';

type Tuple = [
  /** Share of the errors in an ordinary hour. */
  weight: number,
  phase: string,
  type: string,
  /** What the client was told; 200 where a retry succeeded, null where nothing could be said any more. */
  status: number | null,
  upstream: number | null,
  message: string | null,
  /** Business-limited; or not routed yet, so that the group, or platform and group, are not known. */
  extra?: 'limited' | 'no platform' | 'no group',
];

/** @param incidentFactor how many times as many there are of them, among all errors, in an hour with an incident */
function kinds(owner: ErrorOwner | null, incidentFactor: number, ...tuples: readonly Tuple[]) {
  return tuples.map(([weight, phase, type, status, upstream, message, extra]) => {
    const routed = {
      identified: extra !== 'no platform',
      grouped: extra === undefined || extra === 'limited',
    };
    const outcome = { phase, type, status, upstream, message, limited: extra === 'limited', ...routed };
    return { owner, weight, incidentWeight: weight * incidentFactor, ...outcome };
  });
}

/** A kind of failure, as it is logged. */
export type ErrorKind = ReturnType<typeof kinds>[number];

/** Every owner, every status that a metric treats in its own way, with and without an upstream status. */
export const ERROR_KINDS: readonly ErrorKind[] = [
  ...kinds(
    'provider',
    6,
    [7, 'upstream', 'rate_limit_error', 429, 429, 'Rate limit reached for requests'],
    [3, 'upstream', 'overloaded_error', 529, 529, 'Overloaded'],
    [1.5, 'upstream', 'overloaded_error', 503, 529, 'Upstream overloaded'],
    [3, 'upstream', 'upstream_error', 502, 500, 'Internal server error'],
    [1, 'upstream', 'upstream_error', 500, 500, 'Internal server error'],
    [1.5, 'upstream', 'upstream_error', 503, 503, 'Service unavailable'],
    [1.5, 'network', 'connection_error', 502, null, 'connect ECONNREFUSED'],
    [3, 'upstream', 'timeout_error', 504, 504, 'Gateway timeout'],
    [0.5, 'upstream', 'authentication_error', 502, 401, 'Account credentials rejected'],
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
    [2, 'request', 'invalid_request_error', 400, null, 'Malformed JSON body', 'no platform'],
    [3, 'auth', 'authentication_error', 401, null, 'Invalid API key', 'no platform'],
    [1, 'auth', 'permission_error', 403, null, 'API key may not use this group'],
    [1, 'routing', 'not_found_error', 404, null, 'Unknown model', 'no group'],
    [1, 'request', 'request_timeout', 408, null, 'Body not received in time', 'no platform'],
    [1, 'upstream', 'invalid_request_error', 422, 422, 'Unprocessable tool schema'],
    [4, 'stream', 'client_closed', 499, null, 'Client closed the request'],
    [7, 'billing', 'insufficient_balance', 402, null, 'Balance is used up', 'limited'],
    [8, 'billing', 'quota_exceeded', 429, null, 'Daily quota is used up', 'limited'],
  ),
  ...kinds(
    'platform',
    1,
    [1, 'routing', 'no_available_account', 503, null, 'No account is available'],
    [1, 'internal', 'internal_error', 500, null, 'Unexpected error'],
    [1, 'routing', 'concurrency_limit', 429, null, 'Too many concurrent requests'],
    [1, 'internal', 'gateway_timeout', 504, null, 'Queue wait exceeded', 'no group'],
  ),
  ...kinds(
    null,
    1,
    [1, 'internal', 'unclassified', 500, null, null],
    [0.8, 'request', 'unclassified', null, null, null, 'no platform'],
  ),
];
