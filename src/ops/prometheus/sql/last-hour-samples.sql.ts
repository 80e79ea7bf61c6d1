import { COST_COLUMNS, TOKEN_COLUMNS } from '../../definitions/definitions.js';
import { OTHER_KEYS } from '../../definitions/dimensions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { closedThrough } from '../../sql/sql-time.js';

/** How many closed hours back the last one is looked for that is rolled up. */
const HOURS_BACK = 3;

/** What the platforms beyond the largest ones count under, one of that name included. */
const OTHER = 'other';

/** The dimension that is told of. */
const MODEL = 'model';

const PERCENTILES = ['p50', 'p95', 'p99'] as const;

const percentiles = (latency: string): string[] =>
  PERCENTILES.map(
    (percentile) =>
      `('${latency}_seconds', '{"percentile": "${percentile}"}', ${latency}_${percentile}_ms / 1000.0)`,
  );

const SPLIT = [...TOKEN_COLUMNS, ...COST_COLUMNS];

/** Name, labels and value of each kind of token of a row. */
const TOKEN_KINDS = TOKEN_COLUMNS.map(
  (column) => `('tokens_by_kind', '{"kind": "${column.replace(/_tokens$/, '')}"}', ${column})`,
).join(', ');

/**
 * The models of the hour, the busiest by name; the others are added to those that the rollup has not kept by name. Bound:
 * of the statement around.
 */
function models(tables: OpsTables): string {
  const sums = [
    'success_count',
    'error_count_sla',
    'business_limited_count',
    'error_count_total',
    ...TOKEN_COLUMNS,
  ];
  return `UNION ALL
SELECT 'ops_gateway_last_hour_model_' || v.name, v.labels::jsonb || jsonb_build_object('model', model), v.value::float8
FROM (
  SELECT CASE WHEN rank <= $2::int THEN key ELSE '${OTHER_KEYS}' END AS model,
    ${[...sums, 'actual_cost'].map((column) => `sum(${column}) AS ${column}`).join(', ')}
  FROM (
    SELECT m.*, row_number() OVER (
      PARTITION BY m.key = '${OTHER_KEYS}' ORDER BY m.success_count + m.error_count_total DESC, m.key COLLATE "C"
    ) AS rank
    FROM hour JOIN ${tables.dimensionHourly} m
      ON m.bucket_start = hour.starts AND m.dimension = '${MODEL}' AND COALESCE(m.group_id, 0) = 0
  ) ranked
  GROUP BY 1
) model CROSS JOIN LATERAL (VALUES
  ('requests', '{}', success_count + error_count_total),
  ('errors', '{"kind": "sla"}', error_count_sla),
  ('errors', '{"kind": "business_limited"}', business_limited_count),
  ${TOKEN_KINDS},
  ('actual_cost', '{}', actual_cost)
) AS v(name, labels, value)
WHERE v.value IS NOT NULL`;
}

/**
 * The last closed hour that is rolled up: detection has run since it closed, and it is not stale. Percentiles do not
 * add up, so that "other" has none.
 *
 * Bound: safe delay in seconds, how many platforms and models are told by name.
 */
export function lastHourSamples(tables: OpsTables, safeDelaySeconds: number, maxNames: number): SqlStatement {
  const columns = ['duration', 'ttft'].flatMap((latency) => PERCENTILES.map((p) => `${latency}_${p}_ms`));
  return {
    text: `WITH detected AS (
  SELECT min(closed_through) AS through FROM ${tables.detectState}
),
hour AS MATERIALIZED (
  SELECT through - back * interval '1 hour' AS starts
  FROM detected, generate_series(1, ${HOURS_BACK}) AS back
  WHERE through > ${closedThrough('$1')} - interval '${HOURS_BACK} hours'
    AND NOT EXISTS (SELECT 1 FROM ${tables.invalidations} i WHERE i.tier = 'hour' AND i.bucket_start = through - back * interval '1 hour')
  ORDER BY 1 DESC LIMIT 1
),
ranked AS (
  SELECT m.*, row_number() OVER (
    PARTITION BY m.platform IS NULL OR m.platform = '${OTHER}'
    ORDER BY m.success_count + m.error_count_total DESC, m.platform
  ) AS rank
  FROM hour JOIN ${tables.hourly} m ON m.bucket_start = hour.starts AND m.group_id IS NULL
),
level AS (
  SELECT platform IS NULL AS overall, CASE WHEN rank <= $2::int THEN platform ELSE '${OTHER}' END AS platform,
    sum(success_count) AS success, sum(error_count_total) AS errors, sum(error_count_sla) AS sla_errors,
    sum(business_limited_count) AS business_limited, sum(token_consumed) AS tokens,
    sum(upstream_429_count) AS upstream_429, sum(upstream_529_count) AS upstream_529,
    sum(upstream_error_count_excl_429_529) AS upstream_other,
    ${SPLIT.map((column) => `sum(${column}) AS ${column}`).join(', ')},
    ${columns.map((column) => `min(${column}) FILTER (WHERE rank <= $2::int AND platform IS DISTINCT FROM '${OTHER}') AS ${column}`).join(',\n    ')}
  FROM ranked GROUP BY 1, 2
  UNION ALL
  SELECT true, NULL, 0, 0, 0, 0, 0, 0, 0, 0, ${SPLIT.map(() => '0').join(', ')}, ${columns.map(() => 'NULL').join(', ')}
  FROM hour WHERE NOT EXISTS (SELECT 1 FROM ranked WHERE platform IS NULL)
)
SELECT 'ops_gateway_last_hour_timestamp_seconds' AS metric, '{}'::jsonb AS labels,
  extract(epoch FROM starts)::float8 AS value FROM hour
UNION ALL
SELECT CASE WHEN overall THEN 'ops_gateway_last_hour_overall_' ELSE 'ops_gateway_last_hour_' END || v.name,
  v.labels::jsonb || CASE WHEN overall THEN '{}' ELSE jsonb_build_object('platform', platform) END, v.value::float8
FROM level CROSS JOIN LATERAL (VALUES
  ('requests', '{}', success + errors),
  ('errors', '{"kind": "sla"}', sla_errors),
  ('errors', '{"kind": "business_limited"}', business_limited),
  ('upstream_errors', '{"kind": "429"}', upstream_429),
  ('upstream_errors', '{"kind": "529"}', upstream_529),
  ('upstream_errors', '{"kind": "other"}', upstream_other),
  ('sla_ratio', '{}', success / NULLIF(success + sla_errors, 0)),
  ('tokens', '{}', tokens),
  ${TOKEN_KINDS},
  ${COST_COLUMNS.map((column) => `('${column}', '{}', ${column})`).join(', ')},
  ${[...percentiles('duration'), ...percentiles('ttft')].join(',\n  ')}
) AS v(name, labels, value)
WHERE v.value IS NOT NULL
${tables.dimensions.some(({ name }) => name === MODEL) ? models(tables) : ''}`,
    values: [safeDelaySeconds, maxNames],
  };
}
