import type { ReadService } from '../../../src/ops/index.js';
import { LATENCIES, PERCENTILES, USAGE_GROUP_JOIN } from '../../../src/ops/definitions/definitions.js';
import type { Scene } from '../support/scene.js';
import type { AccuracyRange } from './accuracy-ranges.js';

/** Both latencies' p50, p90, p95, p99, in that order: milliseconds, null without a sample. */
export type Percentiles = readonly (number | null)[];

/** Bound: start, end (ISO), platform or null, group id or null. */
const boundOf = ({ from, to, level }: AccuracyRange): unknown[] => [
  from.toISOString(),
  to.toISOString(),
  level.platform ?? null,
  level.groupId ?? null,
];

const EXACT = `SELECT ${LATENCIES.map(
  ([name, column]) =>
    `percentile_cont(ARRAY[${PERCENTILES.map(([, fraction]) => fraction).join(', ')}]::float8[])
      WITHIN GROUP (ORDER BY u.${column}) AS ${name}`,
).join(', ')}
FROM usage_logs u JOIN groups g ON ${USAGE_GROUP_JOIN}
WHERE u.created_at >= $1 AND u.created_at < $2
  AND ($3::text IS NULL OR g.platform = $3) AND ($4::bigint IS NULL OR g.id = $4)`;

/** percentile_cont over the raw rows. */
export async function exact({ client }: Scene, range: AccuracyRange): Promise<Percentiles> {
  const { rows } = await client.query<Record<'duration' | 'ttft', (number | null)[] | null>>(
    EXACT,
    boundOf(range),
  );
  const none = PERCENTILES.map(() => null);
  return LATENCIES.flatMap(([name]) => rows[0]?.[name] ?? none);
}

const weightedMean = (column: string): string =>
  `sum(${column} * success_count) FILTER (WHERE ${column} IS NOT NULL)
    / NULLIF(sum(success_count) FILTER (WHERE ${column} IS NOT NULL), 0)`;

/** p50 and p90 as means weighted by requests, p95 and p99 as maxima: what the daily columns do with their hours. */
const RULE = `SELECT ARRAY[${LATENCIES.flatMap(([name]) =>
  PERCENTILES.map(([label]) => {
    const column = `${name}_${label}_ms`;
    return label === 'p50' || label === 'p90' ? weightedMean(column) : `max(${column})`;
  }),
).join(', ')}]::float8[] AS percentiles
FROM ops_metrics_daily
WHERE bucket_date >= ($1::timestamptz AT TIME ZONE 'UTC')::date AND bucket_date < ($2::timestamptz AT TIME ZONE 'UTC')::date
  AND CASE WHEN $4::bigint IS NOT NULL THEN group_id = $4
    ELSE group_id IS NULL AND platform IS NOT DISTINCT FROM $3::text END`;

/** The weighted-mean and maximum rule, over whole UTC days. */
export async function byRule({ client }: Scene, range: AccuracyRange): Promise<Percentiles> {
  const { rows } = await client.query<{ percentiles: (number | null)[] }>(RULE, boundOf(range));
  return rows[0]?.percentiles ?? [];
}

/** What the module answers. */
export async function ours(reads: ReadService, { from, to, level }: AccuracyRange): Promise<Percentiles> {
  const answer = await reads.overview({ from, to, ...level });
  return LATENCIES.flatMap(([name]) => PERCENTILES.map(([label]) => answer[name][label]));
}
