import type { ErrorOwner } from '../raw-log.types.js';

/** A kind of failure, as it is logged. */
export interface ErrorKind {
  /** Share of the errors in an ordinary hour. */
  readonly weight: number;
  /** Share in a bad hour, when it is the provider that fails. */
  readonly badWeight: number;
  readonly phase: string;
  readonly type: string;
  readonly severity: string;
  readonly owner: ErrorOwner | null;
  /** What the client was told; 200 where a retry succeeded, null where nothing could be said any more. */
  readonly status: number | null;
  readonly upstream: number | null;
  readonly limited: boolean;
  /** How far the request got: 'none' has no platform and no group, 'platform' has no group. */
  readonly routed: 'none' | 'platform' | 'group';
  readonly message: string | null;
}

type Extra = Partial<Pick<ErrorKind, 'badWeight' | 'severity' | 'limited' | 'routed'>>;

function kinds(owner: ErrorOwner | null, badFactor: number) {
  return (
    weight: number,
    phase: string,
    type: string,
    status: number | null,
    upstream: number | null,
    message: string | null,
    extra: Extra = {},
  ): ErrorKind => ({
    ...{ weight, badWeight: weight * badFactor, phase, type, severity: 'P2', owner, status, upstream },
    ...{ limited: false, routed: 'group', message },
    ...extra,
  });
}

const provider = kinds('provider', 4);
const client = kinds('client', 0.5);
const platform = kinds('platform', 1);
const unowned = kinds(null, 1);

const LIMITED: Extra = { limited: true, severity: 'P3' };
const UNROUTED: Extra = { routed: 'none', severity: 'P3' };

/** Every owner, every status that a metric treats in its own way, with and without an upstream status. */
export const ERROR_KINDS: readonly ErrorKind[] = [
  provider(12, 'upstream', 'rate_limit_error', 429, 429, 'Rate limit reached for requests'),
  provider(4, 'upstream', 'rate_limit_error', 503, 429, 'All accounts are rate limited'),
  provider(6, 'upstream', 'overloaded_error', 529, 529, 'Overloaded'),
  provider(2, 'upstream', 'overloaded_error', 503, 529, 'Upstream overloaded'),
  provider(5, 'upstream', 'upstream_error', 502, 500, 'Internal server error'),
  provider(2, 'upstream', 'upstream_error', 500, 500, 'Internal server error', { severity: 'P1' }),
  provider(3, 'upstream', 'upstream_error', 503, 503, 'Service unavailable'),
  provider(2.5, 'network', 'connection_error', 502, null, 'connect ECONNREFUSED', { severity: 'P1' }),
  provider(2.5, 'upstream', 'timeout_error', 504, 504, 'Gateway timeout'),
  provider(2, 'network', 'timeout_error', 504, null, 'No answer within the timeout'),
  provider(1, 'upstream', 'authentication_error', 502, 401, 'Account credentials rejected', {
    severity: 'P1',
  }),
  provider(1, 'upstream', 'permission_error', 502, 403, 'Account suspended', { severity: 'P0' }),
  provider(1, 'upstream', 'insufficient_quota', 429, 429, 'Exceeded the current quota', LIMITED),
  // Recovered: a retry on another account answered, the client saw 200.
  provider(6, 'upstream', 'rate_limit_error', 200, 429, 'Rate limited, retried', { severity: 'P3' }),
  provider(3, 'upstream', 'overloaded_error', 200, 529, 'Overloaded, retried', { severity: 'P3' }),
  provider(2.5, 'upstream', 'upstream_error', 200, 500, 'Internal server error, retried', { severity: 'P3' }),
  provider(2, 'upstream', 'upstream_error', 200, 503, 'Service unavailable, retried', { severity: 'P3' }),
  // The stream broke off after its headers: no status is left to tell the client.
  provider(1.5, 'stream', 'stream_error', null, 500, 'Stream ended unexpectedly'),
  provider(1, 'stream', 'stream_error', null, null, 'Connection reset by peer'),
  client(8, 'upstream', 'invalid_request_error', 400, 400, 'max_tokens is too large'),
  client(4, 'request', 'invalid_request_error', 400, null, 'Malformed JSON body', UNROUTED),
  client(5, 'auth', 'authentication_error', 401, null, 'Invalid API key', UNROUTED),
  client(1.5, 'auth', 'permission_error', 403, null, 'API key may not use this group'),
  client(2, 'routing', 'not_found_error', 404, null, 'Unknown model', { routed: 'platform' }),
  client(1, 'upstream', 'not_found_error', 404, 404, 'Model not found'),
  client(1, 'request', 'request_timeout', 408, null, 'Body not received in time', UNROUTED),
  client(1, 'upstream', 'request_too_large', 413, 413, 'Prompt is too long'),
  client(1.5, 'upstream', 'invalid_request_error', 422, 422, 'Unprocessable tool schema'),
  client(6, 'stream', 'client_closed', 499, null, 'Client closed the request', { severity: 'P3' }),
  client(3, 'billing', 'insufficient_balance', 402, null, 'Balance is used up', LIMITED),
  client(1.5, 'billing', 'subscription_expired', 403, null, 'Subscription has expired', LIMITED),
  client(4, 'billing', 'quota_exceeded', 429, null, 'Daily quota is used up', LIMITED),
  platform(2.5, 'routing', 'no_available_account', 503, null, 'No account is available', { severity: 'P1' }),
  platform(1.5, 'internal', 'internal_error', 500, null, 'Unexpected error', { severity: 'P0' }),
  platform(1.5, 'routing', 'concurrency_limit', 429, null, 'Too many concurrent requests'),
  platform(1, 'internal', 'gateway_timeout', 504, null, 'Queue wait exceeded', { routed: 'platform' }),
  unowned(1, 'internal', 'unclassified', 500, null, null),
  unowned(1, 'upstream', 'unclassified', 502, 502, null),
  unowned(0.8, 'request', 'unclassified', null, null, null, { routed: 'none' }),
];
