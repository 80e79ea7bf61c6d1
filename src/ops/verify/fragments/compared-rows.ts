import { COUNT_COLUMNS, ERROR_COLUMNS, SAMPLE_COLUMNS, SPLIT_COLUMNS } from '../../definitions/columns.js';
import { DISTRIBUTED } from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { canonicalDistribution } from './canonical-distribution.js';
import { keyColumns, type RowShape } from './row-shapes.js';

/** Of an array no more is shown than this many characters. */
const SHOWN = 120;

const DISTRIBUTIONS = DISTRIBUTED.map(([name]) => name);
const SUMMED_COLUMNS: ReadonlySet<string> = new Set([...COUNT_COLUMNS, ...SAMPLE_COLUMNS]);
const LATER_COLUMNS: ReadonlySet<string> = new Set(SPLIT_COLUMNS);

/** The name of the distribution that a column is part of. */
const distributionOf = (column: string): string | undefined =>
  /^(?<name>.+)_(?:values|counts)$/.exec(column)?.groups?.name;

type Side = 'usage' | 'errors';
const sideOf = (column: string): Side => (ERROR_COLUMNS.includes(column) ? 'errors' : 'usage');

/** CTE `stored`: the rows of a metrics table that `where` gives, with their distributions in the canonical form. */
export function storedRows(
  tables: OpsTables,
  shape: RowShape,
  from: { readonly table: string; readonly bucket: string; readonly where: string },
): string {
  const columns = [
    ...shape.key.map(([column, stored]) => `${stored} AS ${column}`),
    `${shape.isCurrent(tables)} AS is_current`,
    ...shape.columns.filter((column) => distributionOf(column) === undefined).map((column) => `m.${column}`),
    ...DISTRIBUTIONS.flatMap((name) => [
      ...['values', 'counts'].map((part) => `${name}.${name}_${part}`),
      ...['values', 'counts'].map((part) => `m.${name}_${part} AS ${name}_${part}_as_stored`),
      `${name}.${name}_malformed`,
    ]),
  ];
  return `stored AS (
  SELECT m.${from.bucket} AS bucket,
    ${columns.join(', ')}
  FROM ${from.table} m
  ${DISTRIBUTIONS.map((name) => canonicalDistribution(name, shape.ascending)).join('\n  ')}
  WHERE ${from.where}
)`;
}

/** CTE `joined`: stored and computed rows side by side; a row that one of them lacks has NULL there, also as count. */
export function joinedRows(shape: RowShape): string {
  const columns = [
    's.success_count IS NOT NULL AS is_stored',
    's.is_current',
    'c.success_count_or_error IS NOT NULL AS is_computed',
    ...shape.columns.flatMap((column) => [`s.${column} AS s_${column}`, `c.${column} AS c_${column}`]),
    ...DISTRIBUTIONS.flatMap((name) => [
      ...['values', 'counts'].map((part) => `s.${name}_${part}_as_stored`),
      `s.${name}_malformed`,
      `c.${name}_known`,
    ]),
  ];
  return `joined AS MATERIALIZED (
  SELECT ${keyColumns(shape)},
    ${columns.join(',\n    ')}
  FROM stored s FULL JOIN (
    SELECT *, COALESCE(success_count, error_count_total) AS success_count_or_error FROM computed
  ) c USING (${keyColumns(shape)})
)`;
}

const sum = (row: 's' | 'c', column: string): string => `COALESCE(${row}_${column}, 0)`;

/** Whether some count of the side is larger ('>') or smaller in the stored row than in the computed one. */
export function countsCompare(side: Side, operator: '<' | '>'): string {
  const compared = (side === 'usage' ? ['success_count'] : ERROR_COLUMNS).map(
    (column) => `${sum('s', column)} ${operator} ${sum('c', column)}`,
  );
  if (side === 'errors') {
    // A row without a request exists through error rows, also where none of them counts.
    const [there, absent, row] =
      operator === '>'
        ? (['is_stored', 'is_computed', 's'] as const)
        : (['is_computed', 'is_stored', 'c'] as const);
    compared.push(`(${there} AND NOT ${absent} AND ${sum(row, 'success_count')} = 0)`);
  }
  return compared.join(' OR ');
}

/**
 * A stored row that lacks what came later, and has to: another definition computed it, or no drain would recompute it.
 * What is NULL on the computed side is known of none of its hours.
 */
function laterDiffers(column: string): string {
  const [stored, computed] = [`s_${column}`, `c_${column}`];
  return `CASE
        WHEN is_stored AND ${stored} IS NULL THEN ${computed} IS NOT NULL AND is_current AND usage_healed
        WHEN is_computed AND ${computed} IS NULL THEN is_stored
        ELSE ${sum('s', column)} <> ${sum('c', column)}
      END`;
}

/** Means are doubles, summed in another order here: they may differ in the last digits. */
function differs(column: string, distributionRequired: string): string {
  const [stored, computed] = [`s_${column}`, `c_${column}`];
  if (LATER_COLUMNS.has(column)) {
    return laterDiffers(column);
  }
  if (SUMMED_COLUMNS.has(column)) {
    return `${sum('s', column)} <> ${sum('c', column)}`;
  }
  const name = distributionOf(column);
  if (name !== undefined) {
    const required = LATER_COLUMNS.has(`${name}_samples`)
      ? `(${distributionRequired}) AND (s_${name}_samples IS NOT NULL OR (is_current AND usage_healed) IS NOT FALSE)`
      : distributionRequired;
    return `${name}_malformed IS TRUE OR (${name}_known IS NOT FALSE AND ${stored} IS DISTINCT FROM ${computed}
        AND (${stored} IS NOT NULL OR (${required})))`;
  }
  return column.endsWith('_avg_ms')
    ? `(${stored} IS NULL) <> (${computed} IS NULL)
        OR abs(${stored} - ${computed}) > 1e-9 * greatest(abs(${stored}), abs(${computed}))`
    : `${stored} IS DISTINCT FROM ${computed}`;
}

function shown(column: string): { stored: string; computed: string } {
  const name = distributionOf(column);
  if (name === undefined) {
    return { stored: `s_${column}::text`, computed: `c_${column}::text` };
  }
  const short = (array: string): string =>
    `CASE WHEN length(${array}::text) > ${SHOWN}
        THEN left(${array}::text, ${SHOWN}) || '… of ' || cardinality(${array}) ELSE ${array}::text END`;
  return {
    stored: `CASE WHEN ${name}_malformed THEN ${short(`${column}_as_stored`)} || ' (malformed)' ELSE ${short(`s_${column}`)} END`,
    computed: short(`c_${column}`),
  };
}

/**
 * CTE `compared`: one row per difference, from `joined` and from `judgements` (bucket, usage_reason, errors_reason: why
 * a side of the bucket is not judged, or NULL; usage_healed, errors_healed: whether a drain would recompute it).
 *
 * @param distributionRequired condition over `joined` under which samples must have a distribution
 * @param judgedBy key of `judgements`
 */
export function comparedRows(
  shape: RowShape,
  distributionRequired: string,
  judgedBy: 'bucket' | 'bucket, dimension' = 'bucket',
): string {
  const columns = shape.columns.map((column) => ({ column, side: sideOf(column) }));
  const anyOf = (side: Side): string =>
    columns
      .filter((one) => one.side === side)
      .map(({ column }) => `(${differs(column, distributionRequired)})`)
      .join(' OR ');
  const values = columns.map(
    ({ column, side }) =>
      `('${column}', ${shown(column).stored}, ${shown(column).computed}, ${side}_reason IS NULL AND (${differs(column, distributionRequired)}), ${side}_healed)`,
  );
  const bothJudged = '(usage_reason IS NULL AND errors_reason IS NULL)';
  return `compared AS MATERIALIZED (
  SELECT j.bucket, ${shape.shownKey}, d.*
  FROM joined j JOIN judgements USING (${judgedBy})
  CROSS JOIN LATERAL (
    SELECT '(row)' AS column_name, CASE WHEN is_stored THEN 'present' ELSE 'missing' END AS stored,
      CASE WHEN is_computed THEN 'present' ELSE 'missing' END AS computed, usage_healed AND errors_healed AS is_healed
    WHERE is_stored <> is_computed AND ${bothJudged}
    UNION ALL
    SELECT v.column_name, v.stored, v.computed, v.is_healed
    FROM (VALUES ${values.join(',\n      ')}) AS v(column_name, stored, computed, differs, is_healed)
    WHERE v.differs AND NOT (is_stored <> is_computed AND ${bothJudged})
  ) d
  WHERE is_stored <> is_computed
    OR (usage_reason IS NULL AND (${anyOf('usage')}))
    OR (errors_reason IS NULL AND (${anyOf('errors')}))
)`;
}

const UNJUDGED = 'SELECT * FROM judgements WHERE usage_reason IS NOT NULL OR errors_reason IS NOT NULL';

/**
 * The statement's answer: one row.
 *
 * @param limit placeholder: differences to return; some of every bucket, so that none that has one is left out early
 * @param bucketText the bucket `b.bucket` as text
 * @param isPending condition over `b.bucket`
 * @param unjudged selects bucket, usage_reason and errors_reason of what is said not to be judged
 */
export function answer(
  limit: string,
  bucketText: string,
  isPending: string,
  unjudged: string = UNJUDGED,
): string {
  return `SELECT
  (SELECT count(*)::int FROM compared) AS total,
  COALESCE((
    SELECT json_agg(json_build_object('bucket', ${bucketText}, 'platform', b.platform, 'groupId', b.group_id::text,
      'dimension', b.dimension, 'key', b.key, 'column', b.column_name, 'stored', b.stored, 'computed', b.computed,
      'pending', ${isPending})
      ORDER BY b.bucket, b.platform NULLS FIRST, b.dimension, b.group_id NULLS FIRST, b.key)
    FROM (
      SELECT c.*, row_number() OVER (PARTITION BY c.bucket) AS nth FROM compared c ORDER BY nth LIMIT ${limit}::int
    ) b
  ), '[]') AS differences,
  COALESCE((
    SELECT json_agg(json_build_object('bucket', ${bucketText}, 'usage', b.usage_reason, 'errors', b.errors_reason)
      ORDER BY b.bucket)
    FROM (${unjudged}) b
  ), '[]') AS unjudged,
  COALESCE((
    SELECT json_agg(${bucketText} ORDER BY b.bucket)
    FROM (SELECT DISTINCT bucket FROM compared WHERE is_healed) b
  ), '[]') AS to_note`;
}
