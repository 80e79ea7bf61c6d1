import {
  DEFAULT_DIMENSIONS,
  READY_MADE_DIMENSIONS,
  type DimensionOptions,
} from '../options/dimension-options.js';

/** Key of the rows without a value. */
export const NO_KEY = '(none)';

/** Key of all keys of a bucket that are not among the busiest. */
export const OTHER_KEYS = '(other)';

/** Where the words for the keys of a set are, as SQL. */
export interface DimensionLabels {
  /** The table, quoted. */
  readonly table: string;
  /** Columns of it, quoted. */
  readonly id: string;
  readonly label: string;
  /** Type of the id. */
  readonly idType: string;
}

/** A set of keys by which requests are sliced. */
export interface Dimension {
  readonly name: string;
  /** The value of a usage row `u`, in a type that can be grouped; null where usage rows have none: only errors are in it. */
  readonly usage: string | null;
  /** The value of an error row `e`, likewise. */
  readonly error: string;
  /** Whether it is also kept within each group. */
  readonly withinGroups: boolean;
  /** How many keys of a bucket are kept by name. */
  readonly maxKeys: number;
  readonly labels: DimensionLabels | null;
}

/** A key cannot be longer: the index would refuse it. */
export const MOST_KEY_CHARACTERS = 255;

/** `429` and `529` are classes of their own: a limit and an overload are no failures like others. */
const statusClass = (status: string): string =>
  `CASE WHEN ${status} IN (429, 529) THEN ${status}::text ELSE (${status} / 100) || 'xx' END`;

/** Columns of an error log that not every gateway has. */
export const ERROR_WORDS = ['error_phase', 'error_type'] as const;
export type ErrorWord = (typeof ERROR_WORDS)[number];

/**
 * The kinds of errors: always kept. What an error is, as a JSON list of five texts, each null where nobody knows: class of
 * what the client was told, class of what the provider answered, owner, phase, type.
 *
 * @param has whether the error log has the column
 */
export function errorDimension(has: (word: ErrorWord) => boolean): Dimension {
  const word = (column: string): string => `left(e.${column}::text, 64)`;
  const kind = [
    statusClass('e.status_code'),
    statusClass('e.upstream_status_code'),
    word('error_owner'),
    ...ERROR_WORDS.map((column) => (has(column) ? word(column) : 'NULL::text')),
  ];
  return {
    name: 'error',
    usage: null,
    error: `jsonb_build_array(${kind.join(', ')})::text`,
    withinGroups: false,
    maxKeys: READY_MADE_DIMENSIONS.model.maxKeys,
    labels: null,
  };
}

export const ERROR_DIMENSION = errorDimension(() => true);

/** Types that are grouped as they are; others are grouped as text, and cut. */
const GROUPED_AS_THEY_ARE = /^(?:smallint|integer|bigint|uuid|boolean)$/;
const SHORT_TEXT = /^character varying\((?:\d\d?|1\d\d|2[0-4]\d|25[0-5])\)$/;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A raw column as a value to group by. A text that reads like the key of the rows without one is one with them. */
function valueOf(column: string, type: string): string {
  if (GROUPED_AS_THEY_ARE.test(type)) {
    return column;
  }
  const text = SHORT_TEXT.test(type) ? column : `left(${column}::text, ${MOST_KEY_CHARACTERS})`;
  return `NULLIF(${text}, '${NO_KEY}')`;
}

/** A set whose columns are there, with their types as format_type gives them. */
export function dimensionOf(
  { name, usageColumn, errorColumn, label, withinGroups, maxKeys }: DimensionOptions,
  types: { readonly usage: string; readonly error: string },
  labels: { readonly table: string; readonly idType: string } | null,
): Dimension {
  return {
    name,
    usage: valueOf(`u.${quoted(usageColumn)}`, types.usage),
    error: valueOf(`e.${quoted(errorColumn)}`, types.error),
    withinGroups,
    maxKeys,
    labels:
      label === undefined || labels === null
        ? null
        : { ...labels, id: quoted(label.idColumn), label: quoted(label.labelColumn) },
  };
}

/** Of which column, what is kept: what distinguishes one set from another of its name. */
const identityOf = ({
  name,
  usageColumn,
  errorColumn,
  withinGroups,
  maxKeys,
}: DimensionOptions): unknown[] => [name, usageColumn, errorColumn, withinGroups, maxKeys];

/** What the sets mean, as a text that does not depend on their order. */
export const dimensionsIdentity = (sets: readonly DimensionOptions[]): string =>
  JSON.stringify(sets.map(identityOf).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));

/** That of the sets that are kept where nobody says otherwise. */
export const DEFAULT_IDENTITY = dimensionsIdentity(
  DEFAULT_DIMENSIONS.map((name) => READY_MADE_DIMENSIONS[name]),
);
