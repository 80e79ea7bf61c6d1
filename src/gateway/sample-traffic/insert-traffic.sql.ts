import { ERROR_KINDS, MODELS, SAMPLE_GROUPS, SAMPLE_REQUEST_PREFIX } from './catalog.js';
import { MINUTES, conditions, draw, logNormal } from './shape.sql.js';

/** Requests of a whole range, or of a part of it. */
export interface TrafficPlan {
  /** First moment, included. */
  readonly from: Date;
  /** Last moment, excluded. */
  readonly to: Date;
  /** Successful requests; errors come on top (about 1 % of all requests). */
  readonly rows: number;
  /** A whole number. */
  readonly seed: number;
}

/** Users, keys and accounts of a group; few users send most requests, which squaring makes. */
const user = (hash: string): string => `1000 + 100 * rank + floor(60 * ${draw(hash, 'user')} ^ 2)::bigint`;
const caller = (hash: string) => ({
  requestId: `'${SAMPLE_REQUEST_PREFIX}' || lpad(to_hex(${hash}), 16, '0')`,
  userId: user(hash),
  apiKeyId: `10 * (${user(hash)}) + floor(3 * ${draw(hash, 'key')})::bigint`,
  accountId: `1000 + 100 * rank + floor(8 * ${draw(hash, 'account')})::bigint`,
});
const [OF_SUCCESS, OF_FAILURE] = [caller('hash'), caller('e.failure')];

/** Thresholds of width_bucket, which then draws the rows of a relation by their weights; its answers count from 0. */
const upTo = (weight: string, order: string): string =>
  `sum(${weight}) OVER (ORDER BY ${order}) / sum(${weight}) OVER ()`;

const GROUPS = `(VALUES ${SAMPLE_GROUPS.map(
  ({ name, platform }, index) => `(${index + 1}, '${name}', '${platform}')`,
).join(', ')}) AS s (rank, name, platform)`;

const TEXT = `WITH minutes AS (${MINUTES}),
-- A model of a group. The sizes of groups follow Zipf's law: the first of 40 takes about a quarter of the traffic.
routes AS MATERIALIZED (
  SELECT r.*, hashtextextended(name, $3::bigint) AS own, row_number() OVER (ORDER BY rank, model) - 1 AS route,
    ${upTo('weight', 'rank, model')} AS up_to
  FROM (
    SELECT g.id AS group_id, s.rank, s.name, models.*,
      s.rank ^ -1.05::float8 * share::float8 / sum(share::float8) OVER (PARTITION BY s.name) AS weight
    FROM ${GROUPS} JOIN groups g ON g.name = s.name JOIN ${MODELS} ON models.platform = s.platform
  ) r
),
kinds AS MATERIALIZED (
  SELECT k.*, ${upTo('weight::float8', 'kind')} AS up_to, ${upTo('weight::float8 * surge', 'kind')} AS up_to_in_incident
  FROM (SELECT *, row_number() OVER () - 1 AS kind FROM ${ERROR_KINDS}) k
),
conditions AS MATERIALIZED (${conditions('(SELECT DISTINCT name, platform, own FROM routes)')}),
arrivals AS MATERIALIZED (
  SELECT hash, starts / 3600000 AS hour,
    -- Rounded down to microseconds, or the last one could fall on the end.
    to_timestamp((starts * 1000 + floor((ends - starts) * 1000 * ${draw('hash', 'time')})) / 1e6) AS created_at,
    width_bucket(${draw('hash', 'route')}, (SELECT array_agg(up_to ORDER BY route) FROM routes)) AS route
  FROM minutes, generate_series(before + 1, until) AS n,
    LATERAL (SELECT hashtextextended(starts || ' ' || n, $3::bigint) AS hash) h
),
requests AS MATERIALIZED (SELECT * FROM arrivals JOIN routes USING (route) JOIN conditions USING (name, hour)),
usage AS (
  INSERT INTO usage_logs (request_id, user_id, api_key_id, account_id, group_id, model,
    input_tokens, output_tokens, cache_creation_tokens, cache_read_tokens, total_cost, actual_cost,
    stream, duration_ms, first_token_ms, created_at)
  SELECT ${OF_SUCCESS.requestId}, ${OF_SUCCESS.userId}, ${OF_SUCCESS.apiKeyId}, ${OF_SUCCESS.accountId},
    CASE WHEN ${draw('hash', 'ungrouped')} > 0.006 THEN group_id END, model,
    fresh, answer, written, cached, cost, cost * (0.6 + 0.5 * ${draw('own', 'discount')}),
    stream, CASE WHEN ${draw('hash', 'unmeasured')} > 0.003 THEN ms END,
    -- Strictly between start and end.
    CASE WHEN stream AND ${draw('hash', 'no first token')} > 0.005
      THEN LEAST(GREATEST(round(${logNormal('0.18 * ms', 0.5, 'hash', 'first token')}), 1), ms - 1) END,
    created_at
  FROM requests,
    LATERAL (
      SELECT ceil(${logNormal('prompt_median', 1, 'hash', 'prompt')})::int AS prompt,
        CASE WHEN answer_median > 0 THEN ceil(${logNormal('answer_median', 0.9, 'hash', 'answer')})::int ELSE 0 END AS answer,
        -- A third of the prompts come mostly from the cache, a few fill it.
        answer_median > 0 AND ${draw('hash', 'cached')} < 0.35 AS from_cache,
        answer_median > 0 AND ${draw('hash', 'stream')} < 0.35 + 0.6 * ${draw('own', 'stream share')} AS stream,
        -- Each group has a speed and a spread of its own. The gateway gives up on a request after ten minutes.
        LEAST(GREATEST(round(${logNormal(
          `median_ms * slowness * (0.7 + 0.8 * ${draw('own', 'speed')})`,
          `(0.45 + 0.4 * ${draw('own', 'spread')})`,
          'hash',
          'duration',
        )}), 2), 600000)::int AS ms
    ) a,
    LATERAL (
      SELECT CASE WHEN from_cache THEN floor(prompt * (0.4 + 0.55 * ${draw('hash', 'cache read')}))::int ELSE 0 END AS cached
    ) b,
    LATERAL (
      SELECT CASE WHEN from_cache AND ${draw('hash', 'cache write')} < 0.25
        THEN floor((prompt - cached) * 0.8)::int ELSE 0 END AS written
    ) c,
    LATERAL (
      SELECT prompt - cached - written AS fresh,
        -- Cached input is cheap to read and dear to write, relative to fresh input.
        (prompt_price * (prompt - 0.9 * cached + 0.25 * written) + answer_price * answer) / 1e6 AS cost
    ) d
  ORDER BY created_at
  RETURNING 1
),
errors AS (
  INSERT INTO ops_error_logs (request_id, user_id, api_key_id, account_id, group_id, platform, model,
    error_phase, error_type, severity, status_code, upstream_status_code, error_owner, is_business_limited,
    error_message, created_at)
  SELECT ${OF_FAILURE.requestId},
    CASE WHEN known <> 'nothing' THEN ${OF_FAILURE.userId} END,
    CASE WHEN known <> 'nothing' THEN ${OF_FAILURE.apiKeyId} END,
    CASE WHEN known = 'group' THEN ${OF_FAILURE.accountId} END,
    CASE WHEN known = 'group' THEN group_id END,
    CASE WHEN known <> 'nothing' THEN platform END,
    CASE WHEN known <> 'nothing' THEN model END,
    phase, type, CASE WHEN limited OR status = 200 THEN 'P3' WHEN owner = 'platform' THEN 'P1' ELSE 'P2' END,
    status, upstream, owner, limited, message, created_at
  FROM requests,
    -- Those that fail on the way to a success: each further one is as likely as the first.
    LATERAL (
      SELECT hashtextextended(hash || ' ' || n, $3::bigint) AS failure
      FROM generate_series(1, floor(ln(${draw('hash', 'failures')}) / ln(error_rate))::int) AS n
    ) e,
    kinds
  WHERE kind = width_bucket(${draw('failure', 'kind')}, CASE WHEN incident
    THEN (SELECT array_agg(up_to_in_incident ORDER BY kind) FROM kinds)
    ELSE (SELECT array_agg(up_to ORDER BY kind) FROM kinds) END)
  ORDER BY created_at
  RETURNING 1
)
SELECT (SELECT count(*) FROM usage)::int AS "usageRows", (SELECT count(*) FROM errors)::int AS "errorRows"`;

/** Draws and inserts the requests of the plan, the usage rows in the order of time, in one statement. */
export function insertTraffic({ from, to, rows, seed }: TrafficPlan): [text: string, values: unknown[]] {
  return [TEXT, [from.getTime(), to.getTime(), seed, rows]];
}
