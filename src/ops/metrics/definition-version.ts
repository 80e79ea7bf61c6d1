/**
 * The version of what a metrics row means. Raise it with every change of a column's definition: rows of an older
 * version are then noted for recomputation, in the background, where their raw rows still exist.
 */
export const DEFINITION_VERSION = 2;
