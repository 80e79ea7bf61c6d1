/** What the rows of one side of a bucket come to, as far as a metrics row tells: it falls when raw rows go away. */
export const usageSize = (alias: string): string => `COALESCE(${alias}.success_count, 0)`;

/**
 * The same of the errors. A metrics row does not count them all: those that a retry hid from the client show in the
 * upstream counts alone, and are asked for where there is nothing else.
 *
 * @param stored alias of the stored row, which decides
 */
export const errorSize = (alias: string, stored: string): string =>
  `CASE WHEN ${stored}.error_count_total > 0 THEN COALESCE(${alias}.error_count_total, 0)
      ELSE COALESCE(${alias}.upstream_error_count_excl_429_529 + ${alias}.upstream_429_count + ${alias}.upstream_529_count, 0) END`;
