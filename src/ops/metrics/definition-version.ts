/**
 * The version of what a metrics row means. Raise it with every change of a column's definition: rows of an older
 * version are then noted for recomputation, in the background, where their raw rows still exist.
 */
export const DEFINITION_VERSION = 3;

/**
 * The version by which a stored row was computed, in the words of its index; 0 where another program wrote it last.
 *
 * @param alias of the metrics row
 */
export const storedVersion = (alias: string): string =>
  `(CASE WHEN ${alias}.written_at IS DISTINCT FROM ${alias}.computed_at THEN 0 ELSE ${alias}.definition_version END)`;
