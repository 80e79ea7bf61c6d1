import {
  COUNT_COLUMNS,
  DISTRIBUTION_COLUMNS,
  METRIC_COLUMNS,
  SAMPLE_COLUMNS,
} from '../../definitions/columns.js';
import { ERROR_COUNTS, LATENCIES } from '../../definitions/definitions.js';
import { canonicalDistribution } from './canonical-distribution.js';

/** Of an array no more is shown than this many characters. */
const SHOWN = 120;

const PLAIN_COLUMNS = [...METRIC_COLUMNS, ...SAMPLE_COLUMNS];
const COMPARED_COLUMNS = [...PLAIN_COLUMNS, ...DISTRIBUTION_COLUMNS];
const SUMMED_COLUMNS: ReadonlySet<string> = new Set([...COUNT_COLUMNS, ...SAMPLE_COLUMNS]);
const ERROR_COLUMNS: readonly string[] = ERROR_COUNTS.map(([column]) => column);

type Side = 'usage' | 'errors';
const sideOf = (column: string): Side => (ERROR_COLUMNS.includes(column) ? 'errors' : 'usage');

/** CTE `stored`: the rows of a metrics table that `where` gives, with their distributions in the canonical form. */
export function storedRows(table: string, bucket: string, where: string): string {
  const latencies = LATENCIES.map(([latency]) => latency);
  const columns = [
    ...PLAIN_COLUMNS.map((column) => `m.${column}`),
    ...latencies.flatMap((latency) => [
      ...['values', 'counts'].map((part) => `${latency}.${latency}_${part}`),
      ...['values', 'counts'].map((part) => `m.${latency}_${part} AS ${latency}_${part}_as_stored`),
      `${latency}.${latency}_malformed`,
    ]),
  ];
  return `stored AS (
  SELECT m.${bucket} AS bucket, COALESCE(m.platform, '') AS platform_key, COALESCE(m.group_id, 0) AS group_key,
    ${columns.join(', ')}
  FROM ${table} m
  ${latencies.map((latency) => canonicalDistribution(latency)).join('\n  ')}
  WHERE ${where}
)`;
}

/** CTE `joined`: stored and computed rows side by side; a row that one of them lacks has NULL there, also as count. */
export function joinedRows(): string {
  const columns = [
    's.success_count IS NOT NULL AS is_stored',
    'c.success_count_or_error IS NOT NULL AS is_computed',
    ...COMPARED_COLUMNS.flatMap((column) => [`s.${column} AS s_${column}`, `c.${column} AS c_${column}`]),
    ...DISTRIBUTION_COLUMNS.map((column) => `s.${column}_as_stored`),
    ...LATENCIES.flatMap(([latency]) => [`s.${latency}_malformed`, `c.${latency}_known`]),
  ];
  return `joined AS MATERIALIZED (
  SELECT bucket, platform_key, group_key,
    ${columns.join(',\n    ')}
  FROM stored s FULL JOIN (
    SELECT *, COALESCE(success_count, error_count_total) AS success_count_or_error FROM computed
  ) c USING (bucket, platform_key, group_key)
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

/** Means are doubles, summed in another order here: they may differ in the last digits. */
function differs(column: string, distributionRequired: string): string {
  const [stored, computed] = [`s_${column}`, `c_${column}`];
  if (SUMMED_COLUMNS.has(column)) {
    return `${sum('s', column)} <> ${sum('c', column)}`;
  }
  const latency = /^(?<latency>.+)_(?:values|counts)$/.exec(column)?.groups?.latency;
  if (latency !== undefined) {
    return `${latency}_malformed IS TRUE OR (${latency}_known IS NOT FALSE AND ${stored} IS DISTINCT FROM ${computed}
        AND (${stored} IS NOT NULL OR (${distributionRequired})))`;
  }
  return column.endsWith('_avg_ms')
    ? `(${stored} IS NULL) <> (${computed} IS NULL)
        OR abs(${stored} - ${computed}) > 1e-9 * greatest(abs(${stored}), abs(${computed}))`
    : `${stored} IS DISTINCT FROM ${computed}`;
}

function shown(column: string): { stored: string; computed: string } {
  if (!DISTRIBUTION_COLUMNS.includes(column)) {
    return { stored: `s_${column}::text`, computed: `c_${column}::text` };
  }
  const short = (array: string): string =>
    `CASE WHEN length(${array}::text) > ${SHOWN}
        THEN left(${array}::text, ${SHOWN}) || '… of ' || cardinality(${array}) ELSE ${array}::text END`;
  const malformed = column.replace(/_(values|counts)$/, '_malformed');
  return {
    stored: `CASE WHEN ${malformed} THEN ${short(`${column}_as_stored`)} || ' (malformed)' ELSE ${short(`s_${column}`)} END`,
    computed: short(`c_${column}`),
  };
}

/**
 * CTE `compared`: one row per difference, from `joined` and from `judgements` (bucket, usage_reason, errors_reason: why
 * a side of the bucket is not judged, or NULL; usage_healed, errors_healed: whether a drain would recompute it).
 *
 * @param distributionRequired condition over `joined` under which samples must have a distribution
 */
export function comparedRows(distributionRequired: string): string {
  const columns = COMPARED_COLUMNS.map((column) => ({ column, side: sideOf(column) }));
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
  SELECT j.bucket, NULLIF(j.platform_key, '') AS platform, NULLIF(j.group_key, 0) AS group_id, d.*
  FROM joined j JOIN judgements USING (bucket)
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

/**
 * The statement's answer: one row.
 *
 * @param limit placeholder: differences to return; some of every bucket, so that none that has one is left out early
 * @param bucketText the bucket `b.bucket` as text
 * @param isPending condition over `b.bucket`
 */
export function answer(limit: string, bucketText: string, isPending: string): string {
  return `SELECT
  (SELECT count(*)::int FROM compared) AS total,
  COALESCE((
    SELECT json_agg(json_build_object('bucket', ${bucketText}, 'platform', b.platform, 'groupId', b.group_id::text,
      'column', b.column_name, 'stored', b.stored, 'computed', b.computed, 'pending', ${isPending})
      ORDER BY b.bucket, b.platform NULLS FIRST, b.group_id NULLS FIRST)
    FROM (
      SELECT c.*, row_number() OVER (PARTITION BY c.bucket) AS nth FROM compared c ORDER BY nth LIMIT ${limit}::int
    ) b
  ), '[]') AS differences,
  COALESCE((
    SELECT json_agg(json_build_object('bucket', ${bucketText}, 'usage', b.usage_reason, 'errors', b.errors_reason)
      ORDER BY b.bucket)
    FROM judgements b WHERE b.usage_reason IS NOT NULL OR b.errors_reason IS NOT NULL
  ), '[]') AS unjudged,
  COALESCE((
    SELECT json_agg(${bucketText} ORDER BY b.bucket)
    FROM (SELECT DISTINCT bucket FROM compared WHERE is_healed) b
  ), '[]') AS to_note`;
}
