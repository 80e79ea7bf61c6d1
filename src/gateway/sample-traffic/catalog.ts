/** Marks the rows of the sample traffic, in both raw tables: how they are told from anybody else's. */
export const SAMPLE_REQUEST_PREFIX = 'sample-traffic-';

/** The platform of each group in order of size: most of them, and the largest ones, on the popular platforms. */
const PLATFORM_BY_RANK = [
  'anthropic openai gemini openai anthropic azure bedrock anthropic openai gemini',
  'anthropic deepseek openai azure anthropic gemini bedrock openai anthropic openai',
  'azure gemini anthropic bedrock openai anthropic deepseek gemini azure openai',
  'anthropic bedrock gemini openai anthropic azure bedrock openai gemini anthropic',
].flatMap((platforms) => platforms.split(' '));

/** The 40 groups of the sample traffic, largest first. The prefix keeps them apart from a gateway's own groups. */
export const SAMPLE_GROUPS = PLATFORM_BY_RANK.map((platform, rank) => ({
  name: `sample-${platform}-${String(rank + 1).padStart(2, '0')}`,
  platform,
}));

/**
 * The models behind every platform, a relation for a FROM clause: share of its platform's requests, median of the whole
 * request in milliseconds, median prompt and answer in tokens (an embedding has no answer, and neither streams nor
 * caches), US dollars per million tokens of prompt and answer, in round figures.
 */
export const MODELS = `(VALUES
  ('openai', 'gpt-4.1', 30, 3200, 1400, 320, 2, 8),
  ('openai', 'gpt-4.1-mini', 28, 1600, 900, 220, 0.4, 1.6),
  ('openai', 'gpt-4o', 20, 2700, 1100, 280, 2.5, 10),
  ('openai', 'o4-mini', 10, 7500, 1800, 900, 1.1, 4.4),
  ('openai', 'text-embedding-3-large', 12, 90, 600, 0, 0.13, 0),
  ('anthropic', 'claude-sonnet-4-5', 60, 5200, 4500, 480, 3, 15),
  ('anthropic', 'claude-haiku-4-5', 28, 2100, 2200, 300, 1, 5),
  ('anthropic', 'claude-opus-4-1', 12, 9800, 6000, 650, 15, 75),
  ('gemini', 'gemini-2.5-flash', 55, 1900, 1500, 300, 0.3, 2.5),
  ('gemini', 'gemini-2.5-pro', 30, 6400, 2800, 620, 1.25, 10),
  ('gemini', 'gemini-2.5-flash-lite', 15, 900, 800, 160, 0.1, 0.4),
  ('bedrock', 'anthropic.claude-sonnet-4-20250514-v1:0', 55, 5900, 3800, 450, 3, 15),
  ('bedrock', 'amazon.nova-pro-v1:0', 25, 2600, 1200, 260, 0.8, 3.2),
  ('bedrock', 'meta.llama3-3-70b-instruct-v1:0', 20, 2300, 900, 240, 0.72, 0.72),
  ('azure', 'gpt-4.1', 45, 3500, 1300, 310, 2, 8),
  ('azure', 'gpt-4o', 40, 2900, 1000, 270, 2.5, 10),
  ('azure', 'text-embedding-3-small', 15, 90, 600, 0, 0.02, 0),
  ('deepseek', 'deepseek-chat', 70, 4300, 1600, 380, 0.27, 1.1),
  ('deepseek', 'deepseek-reasoner', 30, 14000, 2000, 1500, 0.55, 2.19)
) AS models (platform, model, share, median_ms, prompt_median, answer_median, prompt_price, answer_price)`;

/**
 * Every kind of failure as it is logged, a relation for a FROM clause: every owner, every status that a metric treats in
 * its own way, with and without an upstream status. `weight` is its share among the errors of an ordinary hour, `surge`
 * how many times as many there are in an incident, `known` what was known when the request failed: nothing yet, the
 * caller and the platform, or the group too. The status is 200 where a retry succeeded, and NULL where the stream broke
 * off after its headers: nothing could be told to the client any more.
 */
export const ERROR_KINDS = `(VALUES
  ('provider', 7, 6, 'group', 'upstream', 'rate_limit_error', 429, 429, false, 'Rate limit reached for requests'),
  ('provider', 3, 6, 'group', 'upstream', 'overloaded_error', 529, 529, false, 'Overloaded'),
  ('provider', 1.5, 6, 'group', 'upstream', 'overloaded_error', 503, 529, false, 'Upstream overloaded'),
  ('provider', 3, 6, 'group', 'upstream', 'upstream_error', 502, 500, false, 'Internal server error'),
  ('provider', 1, 6, 'group', 'upstream', 'upstream_error', 500, 500, false, 'Internal server error'),
  ('provider', 1.5, 6, 'group', 'upstream', 'upstream_error', 503, 503, false, 'Service unavailable'),
  ('provider', 1.5, 6, 'group', 'network', 'connection_error', 502, NULL, false, 'connect ECONNREFUSED'),
  ('provider', 3, 6, 'group', 'upstream', 'timeout_error', 504, 504, false, 'Gateway timeout'),
  ('provider', 0.5, 6, 'group', 'upstream', 'authentication_error', 502, 401, false, 'Account credentials rejected'),
  ('provider', 1, 6, 'group', 'upstream', 'insufficient_quota', 429, 429, true, 'Exceeded the current quota'),
  ('provider', 12, 6, 'group', 'upstream', 'rate_limit_error', 200, 429, false, 'Rate limited, retried'),
  ('provider', 6, 6, 'group', 'upstream', 'overloaded_error', 200, 529, false, 'Overloaded, retried'),
  ('provider', 5, 6, 'group', 'upstream', 'upstream_error', 200, 500, false, 'Internal server error, retried'),
  ('provider', 4, 6, 'group', 'upstream', 'upstream_error', 200, 503, false, 'Service unavailable, retried'),
  ('provider', 1.5, 6, 'group', 'stream', 'stream_error', NULL, 500, false, 'Stream ended unexpectedly'),
  ('provider', 1, 6, 'group', 'stream', 'stream_error', NULL, NULL, false, 'Connection reset by peer'),
  ('client', 4, 0.5, 'group', 'upstream', 'invalid_request_error', 400, 400, false, 'max_tokens is too large'),
  ('client', 2, 0.5, 'nothing', 'request', 'invalid_request_error', 400, NULL, false, 'Malformed JSON body'),
  ('client', 3, 0.5, 'nothing', 'auth', 'authentication_error', 401, NULL, false, 'Invalid API key'),
  ('client', 1, 0.5, 'group', 'auth', 'permission_error', 403, NULL, false, 'API key may not use this group'),
  ('client', 1, 0.5, 'platform', 'routing', 'not_found_error', 404, NULL, false, 'Unknown model'),
  ('client', 1, 0.5, 'nothing', 'request', 'request_timeout', 408, NULL, false, 'Body not received in time'),
  ('client', 1, 0.5, 'group', 'upstream', 'invalid_request_error', 422, 422, false, 'Unprocessable tool schema'),
  ('client', 4, 0.5, 'group', 'stream', 'client_closed', 499, NULL, false, 'Client closed the request'),
  ('client', 7, 0.5, 'group', 'billing', 'insufficient_balance', 402, NULL, true, 'Balance is used up'),
  ('client', 8, 0.5, 'group', 'billing', 'quota_exceeded', 429, NULL, true, 'Daily quota is used up'),
  ('platform', 1, 1, 'group', 'routing', 'no_available_account', 503, NULL, false, 'No account is available'),
  ('platform', 1, 1, 'group', 'internal', 'internal_error', 500, NULL, false, 'Unexpected error'),
  ('platform', 1, 1, 'group', 'routing', 'concurrency_limit', 429, NULL, false, 'Too many concurrent requests'),
  ('platform', 1, 1, 'platform', 'internal', 'gateway_timeout', 504, NULL, false, 'Queue wait exceeded'),
  (NULL, 1, 1, 'group', 'internal', 'unclassified', 500, NULL, false, NULL),
  (NULL, 0.8, 1, 'nothing', 'request', 'unclassified', NULL, NULL, false, NULL)
) AS kinds (owner, weight, surge, known, phase, type, status, upstream, limited, message)`;
