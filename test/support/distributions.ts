import type { DataSource } from 'typeorm';

export type Grain = 'hourly' | 'daily';

/** What the rollup stored for one latency of one level. */
export interface StoredDistribution {
  bucket: string;
  platform: string | null;
  groupId: string | null;
  values: number[] | null;
  counts: number[] | null;
  sumMs: string;
  samples: string;
}

const BUCKET = { hourly: 'bucket_start', daily: "bucket_date::timestamp AT TIME ZONE 'UTC'" } as const;

export async function readDistributions(
  dataSource: DataSource,
  grain: Grain,
  latency: 'duration' | 'ttft',
): Promise<StoredDistribution[]> {
  return dataSource.query<StoredDistribution[]>(
    `SELECT to_char(${BUCKET[grain]} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"') AS bucket, platform,
            group_id AS "groupId", ${latency}_values AS values, ${latency}_counts AS counts,
            ${latency}_sum_ms AS "sumMs", ${latency}_samples AS samples
       FROM ops_metrics_${grain} ORDER BY 1, 2 NULLS FIRST, 3 NULLS FIRST`,
  );
}

/** Rounded to 7 significant bits: JavaScript's numbers are PostgreSQL's double precision. */
export function roundLatency(latency: number): number {
  const scaled = latency * (2 ** 46 + 1);
  return Math.min(scaled - (scaled - latency), 2_147_483_647);
}

/** Latencies as a distribution by rounded value, ascending: what a merge of stored ones must give. */
export function cellsOf(latencies: readonly number[]): [value: number, count: number][] {
  const cells = new Map<number, number>();
  for (const latency of latencies) {
    const value = roundLatency(latency);
    cells.set(value, (cells.get(value) ?? 0) + 1);
  }
  return [...cells].sort(([a], [b]) => a - b);
}

/** A stored distribution by rounded value, ascending. */
export function cellsOfStored({ values, counts }: StoredDistribution): [value: number, count: number][] {
  return cellsOf((values ?? []).flatMap((value, index) => Array<number>(counts?.[index] ?? 0).fill(value)));
}
