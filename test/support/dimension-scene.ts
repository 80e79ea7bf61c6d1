import { expect } from '@jest/globals';
import {
  COUNT_COLUMNS,
  ERROR_COLUMNS,
  SAMPLE_COLUMNS,
  SPLIT_COLUMNS,
} from '../../src/ops/definitions/columns.js';
import { OpsScene } from './ops-scene.js';
import { hoursBeforeNoon } from './rollup-check.js';

const GRAINS = [
  ['hourly', 'bucket_start'],
  ['daily', 'bucket_date'],
] as const;

type Grain = (typeof GRAINS)[number][0];

/** A request: what it is sliced by, and what distinguishes its sums. */
export interface Sliced {
  readonly at: Date;
  readonly model?: string;
  readonly account?: number;
  readonly group?: number | null;
  readonly count?: number;
  readonly cost?: string;
}

const SUMMED = [...COUNT_COLUMNS, ...SAMPLE_COLUMNS, ...SPLIT_COLUMNS];

/** Sets that are stored in a bucket and do not come to its overall row, or within groups to the rows of the groups. */
function notAddingUp([grain, bucket]: (typeof GRAINS)[number]): string {
  const [dimensions, levels] = [`ops_metrics_dimension_${grain}`, `ops_metrics_${grain}`];
  const sums = SUMMED.map((column) => `sum(${column}) AS ${column}`).join(', ');
  const differ = (columns: readonly string[]): string =>
    columns.map((column) => `d.${column} IS DISTINCT FROM COALESCE(m.${column}, 0)`).join(' OR ');
  return `SELECT '${grain} ' || d.dimension || ' ' || d.${bucket}::text || ' ' || d.group_key AS set
FROM (SELECT ${bucket}, dimension, COALESCE(group_id, 0) AS group_key, ${sums} FROM ${dimensions} GROUP BY 1, 2, 3) d
LEFT JOIN (SELECT ${bucket}, COALESCE(group_id, 0) AS group_key, ${sums} FROM ${levels}
  WHERE platform IS NULL OR group_id IS NOT NULL GROUP BY 1, 2) m USING (${bucket}, group_key)
WHERE CASE WHEN d.dimension = 'error' THEN ${differ(ERROR_COLUMNS)} ELSE ${differ(SUMMED)} END`;
}

/** What the raw rows give for each key of a set, in the buckets that are stored; no set here has more keys than are kept. */
function expected([grain, bucket]: (typeof GRAINS)[number], name: string, column: string): string {
  const of =
    grain === 'hourly' ? `date_trunc('hour', created_at, 'UTC')` : `(created_at AT TIME ZONE 'UTC')::date`;
  const key = `COALESCE(left(${column}::text, 255), '(none)')`;
  return `SELECT ${of} AS bucket, '${name}' AS dimension, ${key} AS key, sum(success)::bigint AS success_count, sum(failed)::bigint AS error_count_total,
    sum(input)::bigint AS input_tokens, sum(cost) AS actual_cost, COALESCE(sum(ms), 0)::bigint AS duration_sum_ms, count(ms) AS duration_samples
  FROM (
    SELECT created_at, ${column}, 1 AS success, 0 AS failed, input_tokens AS input, actual_cost AS cost, duration_ms AS ms
    FROM usage_logs WHERE group_id IN (SELECT id FROM groups WHERE id <> 0)
    UNION ALL
    SELECT created_at, ${column}, 0, CASE WHEN status_code >= 400 THEN 1 ELSE 0 END, 0, 0, NULL FROM ops_error_logs
  ) r
  WHERE ${of} IN (SELECT ${bucket} FROM ops_metrics_${grain}) GROUP BY 1, 2, 3`;
}

const stored = ([grain, bucket]: (typeof GRAINS)[number], names: readonly string[]): string =>
  `SELECT ${bucket} AS bucket, dimension, key, success_count, error_count_total, input_tokens, actual_cost,
    duration_sum_ms, duration_samples
  FROM ops_metrics_dimension_${grain}
  WHERE group_id IS NULL AND dimension IN (${names.map((name) => `'${name}'`).join(', ')})`;

/** The module's services, and the rows of the sets that they keep. */
export class DimensionScene extends OpsScene {
  public readonly beforeNoon = (hours: number): Promise<Date> => hoursBeforeNoon(this.dataSource, hours);

  /** Successful requests with a latency, tokens and an output speed. */
  public async slice(...requests: readonly Sliced[]): Promise<void> {
    for (const { at, model = 'a', account = 1, group = 1, count = 1, cost = '0.1' } of requests) {
      await this.query(
        `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, output_tokens,
           total_cost, actual_cost, stream, duration_ms, first_token_ms, created_at)
         SELECT i, i, $1::bigint, $2, $3::bigint, 10 * i, 50, 2 * $4::numeric, $4::numeric, true, 1000 + i, 100, $5::timestamptz
         FROM generate_series(1, $6::int) AS i`,
        [account, model, group, cost, at, count],
      );
    }
  }

  /** Failures, each with a model and an account, or without. */
  public async fail(at: Date, model: string | null = 'a', account: number | null = 1): Promise<void> {
    await this.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, platform, group_id, status_code, error_owner, model, account_id, created_at)
       VALUES ('upstream', 'api_error', 'openai', 1, 500, 'provider', $1, $2::bigint, $3::timestamptz)`,
      [model, account, at],
    );
  }

  /** `key requests errors` of a set's rows of a bucket, in the order of keys; within a group those of the group. */
  public async keys(dimension: string, at: Date, grain: Grain = 'hourly', group = 0): Promise<string[]> {
    const rows = await this.query<{ key: string }>(
      `SELECT concat_ws(' ', key, success_count, error_count_total) AS key FROM ops_metrics_dimension_${grain}
       WHERE dimension = $1 AND COALESCE(group_id, 0) = $3::bigint
         AND ${grain === 'hourly' ? 'bucket_start = $2::timestamptz' : 'bucket_date = $2::date'}
       ORDER BY key COLLATE "C"`,
      [dimension, at, group],
    );
    return rows.map(({ key }) => key);
  }

  /** The sets that a table has, each with the number of its buckets. */
  public async sets(grain: Grain = 'hourly'): Promise<Record<string, number>> {
    const rows = await this.query<{ dimension: string; buckets: number }>(
      `SELECT dimension, count(DISTINCT ${grain === 'hourly' ? 'bucket_start' : 'bucket_date'})::int AS buckets
       FROM ops_metrics_dimension_${grain} GROUP BY 1 ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ dimension, buckets }) => [dimension, buckets]));
  }

  /** Every set that is stored comes to the rows of the levels, in every count and sum. */
  public async expectAddedUp(): Promise<void> {
    for (const grain of GRAINS) expect(await this.query(notAddingUp(grain))).toEqual([]);
  }

  /** And it is what the raw rows give, in every bucket that has rows of the levels. */
  public async expectSets(
    columns: Readonly<Record<string, string>> = { model: 'model', account: 'account_id' },
  ): Promise<void> {
    await this.expectAddedUp();
    const names = Object.keys(columns);
    for (const grain of GRAINS) {
      const [kept, given] = [
        stored(grain, names),
        names.map((name) => expected(grain, name, columns[name] ?? '')).join(' UNION ALL '),
      ];
      expect(await this.query(`(${kept}) EXCEPT (${given})`)).toEqual([]);
      expect(await this.query(`(${given}) EXCEPT (${kept})`)).toEqual([]);
    }
    // Something has been compared.
    expect(await this.sets()).toMatchObject(
      Object.fromEntries(names.map((name) => [name, expect.any(Number)])),
    );
  }

  /** Ticks until nothing is noted that could be drained. */
  public async settle(app = this.app): Promise<void> {
    await app.refresh.tick();
    await app.refresh.maintain();
    await app.refresh.tick();
  }
}
