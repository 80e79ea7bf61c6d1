import type { DataSource } from 'typeorm';
import type { OneOrMore } from '../../../src/ops/common/schemas.js';
import type { LevelFilter } from '../../../src/ops/read/read-query.schemas.js';
import { mean, percentileCont, roundHalfEven } from '../oracle/arithmetic.js';

/** A raw row that counts. */
export interface CountedRow {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly platform: string;
  readonly groupId: string | null;
  /** That of the group, as it is now. */
  readonly groupPlatform: string | null;
  readonly model: string;
  readonly success: number;
  readonly failed: number;
  readonly failedSla: number;
  readonly upstream: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheCreation: number;
  readonly cost: number;
  readonly duration: number | null;
  readonly ttft: number | null;
}

/** All raw rows of the database, those of no group that are successes left out. */
export async function countedRows(dataSource: DataSource): Promise<CountedRow[]> {
  return dataSource.query<CountedRow[]>(
    `SELECT (extract(epoch FROM u.created_at) * 1000)::float8 AS at, g.platform, g.id::text AS "groupId", g.platform AS "groupPlatform",
       COALESCE(model, '(none)') AS model, 1 AS success, 0 AS failed, 0 AS "failedSla", 0 AS upstream, input_tokens AS input,
       output_tokens AS output, cache_read_tokens AS "cacheRead", cache_creation_tokens AS "cacheCreation",
       actual_cost::float8 AS cost, duration_ms AS duration, first_token_ms AS ttft
     FROM usage_logs u JOIN groups g ON g.id = u.group_id
     UNION ALL
     SELECT (extract(epoch FROM e.created_at) * 1000)::float8, COALESCE(e.platform, 'unknown'), e.group_id::text, g.platform,
       COALESCE(e.model, '(none)'), 0, (status_code >= 400)::int, (status_code >= 400 AND is_business_limited IS NOT TRUE)::int,
       COALESCE(error_owner = 'provider' AND is_business_limited IS NOT TRUE, false)::int, 0, 0, 0, 0, 0, NULL, NULL
     FROM ops_error_logs e LEFT JOIN groups g ON g.id = e.group_id`,
  );
}

/** Whether the row is of the level, or of the keys of a set. */
export function isOf(
  row: CountedRow,
  { platform, groupId, dimension, key }: LevelFilter,
  ofSet = false,
): boolean {
  const among = (value: string | null, asked: OneOrMore | undefined): boolean =>
    asked === undefined || [asked].flat().includes(value ?? 'none');
  const isOfSet = ofSet || dimension !== undefined;
  return (
    among(isOfSet ? row.groupPlatform : row.platform, platform) &&
    among(row.groupId, groupId) &&
    among(row.model, key)
  );
}

type Column = {
  [Name in keyof CountedRow]: CountedRow[Name] extends number ? Name : never;
}[keyof CountedRow];

/** What rows come to, of whatever is asked for in the tests, in the words of the answers. */
export function sumOf(rows: readonly CountedRow[], seconds: number): Record<string, number | null> {
  const sum = (column: Column): number => rows.reduce((total, row) => total + row[column], 0);
  const per = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const [success, failed, sla] = [sum('success'), sum('failed'), sum('failedSla')];
  const [input, read, creation] = [sum('input'), sum('cacheRead'), sum('cacheCreation')];
  const samples = (of: 'duration' | 'ttft'): number[] => rows.flatMap((row) => row[of] ?? []);
  const speeds = rows.flatMap(({ output, duration, ttft }) =>
    duration === null || ttft === null || output === 0 || duration <= ttft
      ? []
      : roundHalfEven((output * 100_000) / (duration - ttft)) / 100,
  );
  return {
    requestCountTotal: success + failed,
    errorCountTotal: failed,
    errorCountSla: sla,
    sla: per(success, success + sla),
    errorRate: per(failed, success + failed),
    upstreamErrorCount: sum('upstream'),
    upstreamErrorRate: per(sum('upstream'), success + failed),
    requestsPerSecond: (success + failed) / seconds,
    tokensPerSecond: (input + sum('output') + read + creation) / seconds,
    actualCost: sum('cost'),
    inputTokens: input,
    outputTokens: sum('output'),
    cacheReadTokens: read,
    cacheCreationTokens: creation,
    cacheHitRate: per(read, input + read + creation),
    'duration.p50': percentileCont(samples('duration'), 0.5),
    'duration.p95': percentileCont(samples('duration'), 0.95),
    'duration.p99': percentileCont(samples('duration'), 0.99),
    'ttft.p50': percentileCont(samples('ttft'), 0.5),
    'ttft.p95': percentileCont(samples('ttft'), 0.95),
    'ttft.p99': percentileCont(samples('ttft'), 0.99),
    'outputSpeed.avg': mean(speeds),
  };
}

/** Percentiles within 0.79 %, everything else up to the rounding of doubles. */
export const isNear = (measure: string, given: unknown, right: number | null | undefined): boolean => {
  if (given === null || right == null) {
    return given === (right ?? null);
  }
  const allowed = measure.includes('.p') ? 0.0079 : 1e-9;
  return Math.abs(Number(given) - right) <= allowed * Math.abs(right) + 1e-12;
};
