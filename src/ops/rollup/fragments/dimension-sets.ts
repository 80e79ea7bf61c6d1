import { NO_KEY, type Dimension } from '../../definitions/dimensions.js';

/** How rows `r` are grouped by the key of each dimension beside their levels, as SQL. */
interface DimensionSets {
  /** More of the select list that makes `r`: the keys, as `k0`, `k1`, … */
  readonly values: string;
  /** More grouping sets. */
  readonly sets: readonly string[];
  /** In the grouped rows: the dimension's name and the key; both NULL in those of the levels. */
  readonly name: string;
  readonly key: string;
}

/**
 * @param value the key of a row in a dimension
 * @param group columns of `r` that a dimension within groups is grouped by too
 */
export function dimensionSets(
  dimensions: readonly Dimension[],
  value: (dimension: Dimension) => string,
  group: string,
): DimensionSets {
  const numbered = dimensions.map((dimension, index) => ({ dimension, column: `k${index}` }));
  const caseOf = (then: (one: (typeof numbered)[number]) => string): string =>
    numbered.length === 0
      ? 'NULL::text'
      : // As the tables have them, or they could not be compared.
        `(CASE ${numbered.map((one) => `WHEN GROUPING(r.${one.column}) = 0 THEN ${then(one)}`).join(' ')} END) COLLATE "C"`;
  return {
    values: numbered.map(({ dimension, column }) => `, ${value(dimension)} AS ${column}`).join(''),
    sets: numbered.flatMap(({ dimension, column }) => [
      `(r.${column})`,
      ...(dimension.withinGroups ? [`(${group}, r.${column})`] : []),
    ]),
    name: caseOf(({ dimension }) => `'${dimension.name}'`),
    key: caseOf(({ column }) => `COALESCE(r.${column}::text, '${NO_KEY}')`),
  };
}
