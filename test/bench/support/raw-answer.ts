import {
  ERROR_COUNTS,
  ERROR_GROUP,
  LATENCIES,
  PERCENTILES,
  TOKENS,
  USAGE_GROUP_JOIN,
} from '../../../src/ops/definitions/definitions.js';

const FRACTIONS = `ARRAY[${PERCENTILES.map(([, fraction]) => fraction).join(', ')}]::float8[]`;

const latencies = LATENCIES.map(
  ([name, column]) => `percentile_cont(${FRACTIONS}) WITHIN GROUP (ORDER BY u.${column}) AS ${name},
    avg(u.${column})::float8 AS ${name}_avg, max(u.${column}) AS ${name}_max, count(u.${column}) AS ${name}_samples`,
).join(',\n    ');

const errorCounts = ERROR_COUNTS.map(([column, rows]) => `count(*) FILTER (WHERE ${rows}) AS ${column}`).join(
  ',\n    ',
);

/** A row of an answer from raw rows; counts are bigint, as strings. */
export interface RawAnswerRow {
  readonly key: string | number | boolean | null;
  readonly success_count: string | null;
  readonly duration: readonly (number | null)[] | null;
  readonly ttft: readonly (number | null)[] | null;
}

/** How the rows are split: the key of a usage row and of an error row, as SQL over the aliases u, g and e. */
export interface RawKey {
  readonly usage: string;
  readonly errors: string;
}

/** Overview: the period itself (true), and the one of equal length before it. Bound as $3: the period's start. */
export const BY_PERIOD: RawKey = {
  usage: 'u.created_at >= $3::timestamptz',
  errors: 'e.created_at >= $3::timestamptz',
};

const bucket = (column: string): string =>
  `date_bin($3::interval, ${column}, timestamptz '1970-01-01 00:00:00Z')`;

/** Trend. Bound as $3: the length of a bucket. */
export const BY_BUCKET: RawKey = { usage: bucket('u.created_at'), errors: bucket('e.created_at') };

/** Breakdown; $3 is only there to be bound in every case. */
export const BY_GROUP: RawKey = {
  usage: `u.group_id + $3::int`,
  errors: `NULLIF(${ERROR_GROUP}, 0) + $3::int`,
};

/** Breakdown by model. */
export const BY_MODEL: RawKey = { usage: 'u.model', errors: 'e.model' };

/**
 * One plain statement for what an endpoint answers: counts, tokens and percentiles from raw rows, with a single sort
 * per latency for all percentiles (kinder than one percentile_cont for each). Without the busiest hour of the overview.
 *
 * Bound: start, end (ISO), and what the key needs.
 */
export function rawAnswer({ usage, errors }: RawKey): string {
  return `WITH usage_side AS (
  SELECT ${usage} AS key, count(*) AS success_count, sum(${TOKENS}) AS token_consumed,
    ${latencies}
  FROM usage_logs u JOIN groups g ON ${USAGE_GROUP_JOIN}
  WHERE u.created_at >= $1 AND u.created_at < $2
  GROUP BY 1
),
error_side AS (
  SELECT ${errors} AS key,
    ${errorCounts}
  FROM ops_error_logs e
  WHERE e.created_at >= $1 AND e.created_at < $2
  GROUP BY 1
)
SELECT * FROM usage_side FULL JOIN error_side USING (key)`;
}
