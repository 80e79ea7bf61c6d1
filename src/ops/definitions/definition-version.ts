import { createHash } from 'node:crypto';

/**
 * The version of what a metrics row means. Raise it with every change of a column's definition: rows of an older
 * version are then noted for recomputation, in the background, where their raw rows still exist.
 */
export const DEFINITION_VERSION = 4;

/** What distinguishes definitions of one version: what counts here, and what else is filled. Above any version. */
const VARIANT_UNIT = 1_000;
const VARIANTS = 2 ** 20;

/**
 * The number that a row is stored under: the version alone, or with a variant, a hash of what is special here. Fits an
 * int.
 */
export function definitionNumber(specials: readonly string[]): number {
  if (specials.length === 0) {
    return DEFINITION_VERSION;
  }
  const hash = createHash('sha256').update(JSON.stringify(specials)).digest().readUInt32BE(0) % VARIANTS;
  return DEFINITION_VERSION + VARIANT_UNIT * (1 + hash);
}

/**
 * Whether a row stored under such a number is to be recomputed: those of a newer version are left alone, as it may be
 * about to be deployed.
 *
 * @param stored and `current`: SQL of two numbers
 */
export const isOldDefinition = (stored: string, current: string): string =>
  `(${stored} <> ${current} AND ${stored} % ${VARIANT_UNIT} <= ${DEFINITION_VERSION})`;

/**
 * The definition by which a stored row was computed, in the words of its index; 0 where another program wrote it last.
 *
 * @param alias of the metrics row
 */
export const storedVersion = (alias: string): string =>
  `(CASE WHEN ${alias}.written_at IS DISTINCT FROM ${alias}.computed_at THEN 0 ELSE ${alias}.definition_version END)`;
