import { beforeEach, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { upsertBuckets } from '../../src/ops/rollup/sql/upsert-buckets.sql.js';
import { selectRow } from '../../src/ops/sql/sql-runner.js';
import { cellsOf, cellsOfStored, readDistributions } from '../support/distributions.js';
import * as rows from '../support/raw-rows.js';
import { RollupScene } from '../support/rollup-scene.js';

const START = new Date('2026-03-29T10:00:00Z');

/** So many that the rows above the groups are selected from, and not sorted. */
const ROWS = 9000;

/** The groups of row `i`: one that has most, one that has few, two platforms and a platform ''. */
const GROUPS = [
  { id: 1, name: 'most', platform: 'openai' },
  { id: 2, name: 'some', platform: 'openai' },
  { id: 3, name: 'half', platform: 'gemini' },
  { id: 4, name: 'few', platform: 'gemini' },
  { id: 5, name: 'nameless', platform: '' },
];
const GROUP =
  'CASE WHEN i % 500 = 0 THEN 4 WHEN i % 90 = 0 THEN 5 WHEN i % 7 = 0 THEN 2 WHEN i % 3 = 0 THEN 3 ELSE 1 END';

/** A latency of row `i`, as SQL. */
const LATENCIES = {
  'spread over all octaves': 'floor(power(2, (i * 0.618034)::numeric % 30))::int',
  'all the same': '700',
  'two values': 'CASE WHEN i % 20 = 0 THEN 90000 ELSE 12 END',
  'ascending by group': `i + 100000 * (${GROUP})`,
  'the largest ones, and negative ones': 'CASE WHEN i % 10 = 0 THEN 2147483647 - i ELSE -i END',
  'none but a few': 'CASE WHEN i % 800 = 0 THEN i END',
};

const percentilesOf = (column: string): string =>
  [0.5, 0.9, 0.95, 0.99]
    .map((p) => `percentile_cont(${p}) WITHIN GROUP (ORDER BY ${column})::int`)
    .join(', ');

/** Every level by the aggregate of the standard, from raw rows. */
const EXPECTED = `SELECT COALESCE(g.platform, '') AS platform, COALESCE(g.id, 0)::int AS "group",
    ARRAY[${percentilesOf('u.duration_ms')}] AS duration, ARRAY[${percentilesOf('u.first_token_ms')}] AS ttft,
    count(u.duration_ms)::int AS samples
  FROM usage_logs u JOIN groups g ON g.id = u.group_id
  GROUP BY GROUPING SETS ((), (g.platform), (g.platform, g.id))
  HAVING GROUPING(g.platform) = 1 OR g.platform <> ''
  ORDER BY 1, 2`;

const stored = (latency: string): string =>
  ['p50', 'p90', 'p95', 'p99'].map((p) => `${latency}_${p}_ms`).join(', ');

const STORED = `SELECT COALESCE(platform, '') AS platform, COALESCE(group_id, 0)::int AS "group",
    ARRAY[${stored('duration')}] AS duration, ARRAY[${stored('ttft')}] AS ttft, duration_samples::int AS samples
  FROM ops_metrics_hourly ORDER BY 1, 2`;

describe('percentiles of an hour that has many latencies', () => {
  const scene = new RollupScene('rollup_selection');
  beforeEach(async () => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.replaceRaw({ groups: GROUPS });
  });

  it.each(Object.entries(LATENCIES))(
    '%s: are those of the standard, at every level',
    async (_name, latency) => {
      await scene.dataSource.query(
        `INSERT INTO usage_logs (created_at, group_id, user_id, api_key_id, account_id, request_id, model, duration_ms, first_token_ms)
       SELECT $1::timestamptz + i * interval '300 milliseconds', ${GROUP}, 1, 1, 1, 'request-' || i, 'model', ${latency},
         CASE WHEN i % 3 > 0 THEN (${latency})::bigint / 2 END
       FROM generate_series(1, ${ROWS}) i`,
        [START.toISOString()],
      );
      const hour = {
        bucket: START.toISOString(),
        usage: 'take',
        errors: 'take',
        asked: false,
        settled: true,
      } as const;
      await selectRow(scene.dataSource, upsertBuckets(OPS_TABLES, 'hour', [hour]));
      const expected: unknown[] = await scene.dataSource.query(EXPECTED);
      expect(expected).toHaveLength(7);
      expect(await scene.dataSource.query(STORED)).toEqual(expected);

      const raw: { ms: number }[] = await scene.dataSource.query(
        'SELECT duration_ms AS ms FROM usage_logs WHERE duration_ms IS NOT NULL',
      );
      const overall = (await readDistributions(scene.dataSource, 'hourly', 'duration')).find(
        ({ platform, groupId }) => platform === null && groupId === null,
      );
      expect(overall && cellsOfStored(overall)).toEqual(cellsOf(raw.map(({ ms }) => ms)));
    },
  );
});
