/*
 * The shape of the traffic as functions of time, in SQL, where $1 and $2 are the range in epoch milliseconds, end
 * excluded, and $3 is the seed. Nothing depends on a clock, a time zone, or the order in which rows are computed.
 */

/**
 * A number in (0, 1) that depends on a 64-bit hash and the name of the draw alone. The divisor is a little more than
 * 2^64: neither 0 nor 1, and nothing within 0.0001 of them, is ever drawn.
 */
export function draw(hash: string, name: string): string {
  const salt = Array.from(name).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 0);
  return `(hashint8extended(${hash}, ${salt}) / 1.845e19::float8 + 0.5)`;
}

/** A draw of the log-normal distribution, by Box-Muller. */
export const logNormal = (median: string, sigma: number | string, hash: string, name: string): string =>
  `(${median}) * exp(${sigma} * sqrt(-2 * ln(${draw(hash, `${name} radius`)})) * cos(2 * pi() * ${draw(hash, `${name} angle`)}))`;

/**
 * The load so many hours after 1970 began, a Thursday; 1 is the mean of a week. Working days of Europe and America: busy
 * from morning to evening UTC, five times quieter at three at night, less than half on Saturday and Sunday.
 */
const load = (hours: string): string =>
  `exp(-0.85 * cos(2 * pi() * (${hours} - 3) / 24) - 0.2 * cos(4 * pi() * (${hours} - 3) / 24)) *
    CASE floor(${hours} / 24)::bigint % 7 WHEN 2 THEN 0.48 WHEN 3 THEN 0.42 ELSE 1 END`;

/**
 * The requests to expect in each minute of the range, where one a second is the mean of a week: rhythm of day and week,
 * each minute's own noise (±40 %), and about four bursts a day, of 1 to 8 minutes at 3 to 8 times the usual rate.
 */
export const EXPECTED = `SELECT starts, ends, rate * (ends - starts) / 1000 AS expected
FROM (
  SELECT GREATEST(minute * 60000, $1) AS starts, LEAST((minute + 1) * 60000, $2) AS ends,
    ${load('minute / 60.0::float8')} * (0.6 + 0.8 * ${draw('hashint8extended(minute, $3)', 'noise')}) *
    CASE WHEN ${draw('hour', 'burst')} < 1 / 6.0
      AND minute % 60 - floor(52 * ${draw('hour', 'burst start')}) BETWEEN 0 AND floor(8 * ${draw('hour', 'burst length')})
      THEN 3 + 5 * ${draw('hour', 'burst height')} ELSE 1 END AS rate
  FROM generate_series($1::bigint / 60000, ($2::bigint - 1) / 60000) AS minute,
    LATERAL (SELECT hashtextextended('hour ' || minute / 60, $3::bigint) AS hour) h
) m`;

/**
 * Where a running total of requests becomes a whole number: how many have come when each minute ends. What is left over
 * is rounded by a draw of the range's own, so that many short ranges have as many requests as a long one.
 */
export const wholeRequests = (total: string): string =>
  `ceil(${total} - ${draw('hashint8extended($1, $3)', 'rounding')})::bigint`;

/** The minutes of the range, with how many of its $4 requests come `before` and `until` the end of each. */
export const MINUTES = `SELECT starts, ends, until, lag(until, 1, 0::bigint) OVER (ORDER BY starts) AS before
FROM (
  SELECT starts, ends,
    ${wholeRequests('$4::float8 * sum(expected) OVER (ORDER BY starts) / sum(expected) OVER ()')} AS until
  FROM (${EXPECTED}) e
) w`;

/**
 * How each group of the relation fares in each hour of the range. Its latency drifts over days and rises with the load;
 * now and then the group or its whole platform has an incident of 1 to 3 hours, with latency times two and a half and
 * many errors.
 *
 * @param groups a relation with `name`, `platform`, and a hash, `own`
 */
export const conditions = (groups: string): string => `SELECT name, hour, incident,
  exp(0.25 * sin(2 * pi() * (hour / 24.0::float8 / (6 + 16 * ${draw('own', 'drift')}) + ${draw('own', 'phase')}))) *
    (0.9 + 0.1 * ${load('hour::float8')}) * CASE WHEN incident THEN 2.5 ELSE 1 END AS slowness,
  (0.004 + 0.006 * ${draw('own', 'errors')}) * CASE WHEN incident THEN 30 ELSE 1 END AS error_rate
FROM ${groups} g, generate_series($1::bigint / 3600000, ($2::bigint - 1) / 3600000) AS hour,
  LATERAL (
    SELECT bool_or(${draw('slot', 'incident')} < 0.01
      AND hour % 8 - floor(6 * ${draw('slot', 'start')}) BETWEEN 0 AND floor(3 * ${draw('slot', 'length')})) AS incident
    FROM unnest(ARRAY[name, platform]) AS affected,
      LATERAL (SELECT hashtextextended(affected || ' ' || hour / 8, $3::bigint) AS slot) s
  ) i`;
