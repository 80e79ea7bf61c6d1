/**
 * What the counts mean, once, as SQL: the rollup, the raw-row parts of the read queries and the tests of both use
 * these fragments and no others. Each is an expression over the alias `u` (usage_logs) or `e` (ops_error_logs).
 */

/** Platform under which an error row without one counts. It failed before it was routed. */
export const UNKNOWN_PLATFORM = 'unknown';

/** Width of the metrics tables' platform column; groups.platform may be longer, and is cut before it is grouped. */
const PLATFORM_TYPE = 'varchar(32)';

export const TOKEN_COLUMNS = [
  'input_tokens',
  'output_tokens',
  'cache_creation_tokens',
  'cache_read_tokens',
] as const;

/** The sum is taken as bigint from the first addition on: four int columns can pass 2^31 in a single row. */
export const TOKENS = `(${TOKEN_COLUMNS.map((column) => `COALESCE(u.${column}, 0)::bigint`).join(' + ')})`;

/** 0 stands for NULL in the unique index, so a group 0 is no group. */
export const USAGE_GROUP_JOIN = 'g.id = NULLIF(u.group_id, 0)';
export const USAGE_PLATFORM = `COALESCE(g.platform, '${UNKNOWN_PLATFORM}')::${PLATFORM_TYPE}`;
export const ERROR_PLATFORM = `COALESCE(e.platform, '${UNKNOWN_PLATFORM}')::${PLATFORM_TYPE}`;
export const ERROR_GROUP = 'COALESCE(e.group_id, 0)';

const IS_ERROR = 'COALESCE(e.status_code, 0) >= 400';
const IS_UPSTREAM = "e.error_owner = 'provider' AND e.is_business_limited IS NOT TRUE";
const EFFECTIVE_STATUS = 'COALESCE(e.upstream_status_code, e.status_code, 0)';

/** The six error counts: column and the rows it counts. */
export const ERROR_COUNTS = [
  ['error_count_total', IS_ERROR],
  ['business_limited_count', `${IS_ERROR} AND e.is_business_limited IS TRUE`],
  ['error_count_sla', `${IS_ERROR} AND e.is_business_limited IS NOT TRUE`],
  ['upstream_error_count_excl_429_529', `${IS_UPSTREAM} AND ${EFFECTIVE_STATUS} NOT IN (429, 529)`],
  ['upstream_429_count', `${IS_UPSTREAM} AND ${EFFECTIVE_STATUS} = 429`],
  ['upstream_529_count', `${IS_UPSTREAM} AND ${EFFECTIVE_STATUS} = 529`],
] as const;

/** The two latencies: prefix of the metrics columns and the raw column, both in milliseconds. */
export const LATENCIES = [
  ['duration', 'duration_ms'],
  ['ttft', 'first_token_ms'],
] as const;

/**
 * Output tokens per second of generation, in hundredths and whole: of rows whose answer has tokens and took time after its
 * first one. A double holds the quotient exactly enough for the cast to round it half to even.
 */
const OUTPUT_SPEED = `(CASE WHEN u.output_tokens > 0 AND u.duration_ms > u.first_token_ms
    THEN LEAST(u.output_tokens * 100000::float8 / (u.duration_ms::float8 - u.first_token_ms), 2147483647)::int END)`;

/** How many hundredths of a token per second make one. */
export const SPEED_UNIT = 100;

/**
 * What is stored with its distribution, its exact sum and its number of samples: prefix of the columns, column of the sum,
 * and the value of a usage row, an int or NULL. Some gateways' columns are bigint.
 */
export const DISTRIBUTED = [
  ['duration', 'duration_sum_ms', 'u.duration_ms::int'],
  ['ttft', 'ttft_sum_ms', 'u.first_token_ms::int'],
  ['output_speed', 'output_speed_sum', OUTPUT_SPEED],
] as const;

export type Distributed = (typeof DISTRIBUTED)[number][0];

/** What a request cost, in the gateway's currency: numeric, and never anything else. */
export const COST_COLUMNS = ['total_cost', 'actual_cost'] as const;
export type CostColumn = (typeof COST_COLUMNS)[number];

export const PERCENTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;
