/**
 * UTC time as SQL. date_bin counts from the epoch and intervals of hours are absolute, so nothing here depends on
 * the session's TimeZone; date_trunc('day') and intervals of days would.
 */
export const EPOCH = "timestamptz '1970-01-01 00:00:00Z'";

export const minuteOf = (timestamptz: string): string =>
  `date_bin(interval '1 minute', ${timestamptz}, ${EPOCH})`;

export const hourOf = (timestamptz: string): string =>
  `date_bin(interval '1 hour', ${timestamptz}, ${EPOCH})`;

export const dayOf = (timestamptz: string): string =>
  `date_bin(interval '24 hours', ${timestamptz}, ${EPOCH})`;

/** ISO 8601 with Z, whatever the session's DateStyle. */
export const isoUtc = (timestamptz: string): string =>
  `to_char(${timestamptz} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * Hours that ended before here are closed: their end is at least `safeDelay` ago by the database's clock.
 *
 * @param safeDelaySeconds placeholder of a bound number of seconds, `$1` for example
 */
export const closedThrough = (safeDelaySeconds: string): string =>
  hourOf(`clock_timestamp() - make_interval(secs => ${safeDelaySeconds}::float8)`);

/**
 * Whether a row dated so has a bucket: in the years 1 to 9999, those that ISO 8601 writes with four digits. Dates
 * that only a broken clock gives, infinity included, have none: they could not be passed on, or overflow date_bin.
 */
export const hasBucket = (timestamptz: string): string =>
  `${timestamptz} >= timestamptz '0001-01-01 00:00:00Z' AND ${timestamptz} < timestamptz '10000-01-01 00:00:00Z'`;
