import { beforeAll, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import type { SqlStatement } from '../../src/ops/sql/sql-statement.js';
import { resolveOptions } from '../../src/ops/options/ops.options.js';
import { retentionHours } from '../../src/ops/invalidation/sql/floors.sql.js';
import { dailyDimensionDifferences, dimensionDifferences } from '../../src/ops/verify/sql/dimensions.sql.js';
import { dailyDifferences, rawDifferences } from '../../src/ops/verify/sql/verify.sql.js';
import { workOf } from '../support/read/plan-work.js';
import { resetScene } from '../support/refresh-scene.js';
import { DatabaseScene } from '../support/database-scene.js';

const START = '2026-03-01T00:00:00.000Z';
const HOURS = 3;
const PLATFORMS = 5;
const GROUPS = [100, 1_000, 10_000] as const;

const range = { start: START, end: '2026-03-02T00:00:00.000Z', limit: 1_000, distributions: true };
const STATEMENTS: readonly (readonly [name: string, statement: SqlStatement])[] = [
  ...(['hour', 'minute'] as const).map(
    (tier) =>
      [
        `${tier}s`,
        rawDifferences(OPS_TABLES, tier, { ...range, retention: retentionHours(resolveOptions()) }),
      ] as const,
  ),
  ['days', dailyDifferences(OPS_TABLES, range)],
  [
    'hours of the dimensions',
    dimensionDifferences(OPS_TABLES, {
      ...range,
      retention: retentionHours(resolveOptions()),
      unjudged: [{ bucket: START, usage: null, errors: 'held_back' }],
    }),
  ],
  ['days of the dimensions', dailyDimensionDifferences(OPS_TABLES, range)],
];

describe('the work of verify', () => {
  const scene = new DatabaseScene('verify_growth');
  /** By the name of a statement: its work for each of GROUPS. */
  const work = new Map<string, number[]>(STATEMENTS.map(([name]) => [name, []]));

  beforeAll(async () => {
    for (const groups of GROUPS) {
      await fill(groups);
      for (const [name, statement] of STATEMENTS) {
        work.get(name)?.push((await workOf(scene.dataSource, statement)).rows);
      }
    }
  }, 180_000);

  /** Two requests and an error per group and hour, on some platforms, and what is stored of them at every level. */
  async function fill(groups: number): Promise<void> {
    const { dataSource } = scene;
    await resetScene(dataSource);
    await dataSource.query('DELETE FROM groups');
    await dataSource.query(
      `INSERT INTO groups (id, name, platform) SELECT n, 'group ' || n, 'platform ' || n % $2 FROM generate_series(1, $1) AS n`,
      [groups, PLATFORMS],
    );
    const hours = `generate_series(0, ${HOURS - 1}) AS hour`;
    await dataSource.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, first_token_ms, created_at)
       SELECT 1, 1, g.id, 'model ' || g.id, g.id, 100 * n, 10, $1::timestamptz + hour * interval '1 hour'
         FROM groups g, ${hours}, generate_series(1, 2) AS n`,
      [START],
    );
    await dataSource.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, platform, group_id, status_code, created_at)
       SELECT 'upstream', 'timeout', g.platform, g.id, 504, $1::timestamptz + hour * interval '1 hour'
         FROM groups g, ${hours}`,
      [START],
    );
    const store = (table: string, bucket: string, at: string): Promise<unknown> =>
      dataSource.query(
        `INSERT INTO ops_metrics_${table} (${bucket}, platform, group_id, success_count, duration_samples,
                                           duration_values, duration_counts)
         SELECT ${at}, platform, id, 2 * count(*), 2 * count(*), '{100,200}', ARRAY[count(*), count(*)]
           FROM groups, ${hours}
          GROUP BY ${at}, GROUPING SETS ((), (platform), (platform, id))`,
      );
    for (const table of ['hourly', 'minutely']) {
      await store(table, 'bucket_start', `'${START}'::timestamptz + hour * interval '1 hour'`);
    }
    await dataSource.query(`INSERT INTO ops_metrics_live (minutes_from, live_through) VALUES ($1, now())`, [
      START,
    ]);
    await store('daily', 'bucket_date', `'${START}'::date`);
    // As many keys as groups.
    const storeKeys = (table: string, bucket: string, at: string): Promise<unknown> =>
      dataSource.query(
        `INSERT INTO ops_metrics_dimension_${table} (${bucket}, dimension, key, success_count, duration_samples, duration_values)
         SELECT ${at}, dimension, dimension || ' ' || id, 2 * count(*), 2 * count(*), '{100,200}'
           FROM groups, ${hours}, unnest(ARRAY['model', 'account']) AS dimension
          GROUP BY ${at}, dimension, id`,
      );
    await storeKeys('hourly', 'bucket_start', `'${START}'::timestamptz + hour * interval '1 hour'`);
    await storeKeys('daily', 'bucket_date', `'${START}'::date`);
    await dataSource.query('ANALYZE');
  }

  it.each(STATEMENTS.map(([name]) => name))(
    'grows with the groups and keys and not with their square: %s',
    (name) => {
      const [small = NaN, ...larger] = (work.get(name) ?? []).map(
        (rows, index) => rows / (GROUPS[index] ?? NaN),
      );
      expect(small).toBeGreaterThan(1);
      expect(larger).toHaveLength(GROUPS.length - 1);
      for (const perGroup of larger) {
        expect(perGroup).toBeLessThan(1.5 * small);
      }
    },
  );
});
