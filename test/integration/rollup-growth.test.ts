import { beforeAll, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import type { SqlStatement } from '../../src/ops/sql/sql-statement.js';
import { selectRow } from '../../src/ops/sql/sql-runner.js';
import { upsertDailyRange } from '../../src/ops/rollup/sql/upsert-daily.sql.js';
import { upsertHourlyRange, upsertBuckets } from '../../src/ops/rollup/sql/upsert-buckets.sql.js';
import { distributed } from '../support/distributed.js';
import { guarded } from '../support/hours-to-recompute.js';
import { workOf, type PlanWork } from '../support/read/plan-work.js';
import { truncateMetrics, truncateRaw } from '../support/raw-rows.js';
import { DatabaseScene } from '../support/database-scene.js';

const DAY = Date.parse('2026-03-01T00:00:00Z');
const HOURS = 3;
const FEW = 100;
const MANY = 1000;
/**
 * Ten times the groups and keys, the logarithms of sorts, and the keys past the 200 that are kept, which are only added up
 * where there are many; a square would be a hundred times.
 */
const ROWS_AT_MOST = 14;
/** The indexes of many rows have a level more, and a table that was empty looks at its catalogs too. */
const BLOCKS_AT_MOST = 20;

const range = { start: new Date(DAY), end: new Date(DAY + HOURS * 3_600_000) };
const day = { start: new Date(DAY), end: new Date(DAY + 86_400_000) };
const hours = Array.from({ length: HOURS }, (_, hour) => new Date(DAY + hour * 3_600_000).toISOString());

const hourly = upsertBuckets(OPS_TABLES, 'hour', guarded(hours));
const ofShards = upsertBuckets(distributed(OPS_TABLES), 'hour', guarded(hours));

/** Each with what has to be there before it. */
const STATEMENTS: readonly (readonly [name: string, before: readonly SqlStatement[], SqlStatement])[] = [
  ['the hours of a drain, new', [], hourly],
  ['the hours of a drain, again', [hourly], hourly],
  ['the hours of a drain, where Citus has distributed raw tables', [], ofShards],
  ['a window of hours', [], upsertHourlyRange(OPS_TABLES, range)],
  ['a day, new', [hourly], upsertDailyRange(OPS_TABLES, day)],
  ['a day, again', [hourly, upsertDailyRange(OPS_TABLES, day)], upsertDailyRange(OPS_TABLES, day)],
];

/** Two groups to a platform, two requests an hour in each group, of a model and an account of its own, and an error in every tenth. */
describe('ten times the groups, platforms and keys take ten times the work, no more', () => {
  const scene = new DatabaseScene('rollup_growth');
  beforeAll(async () => {
    // What statistics the planner has is up to the test.
    for (const table of [
      'groups',
      'usage_logs',
      'ops_error_logs',
      'ops_metrics_hourly',
      'ops_metrics_daily',
    ]) {
      await scene.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
    }
  });
  async function fill(groups: number): Promise<void> {
    await truncateRaw(scene.dataSource);
    await truncateMetrics(scene.dataSource);
    await scene.query(
      `INSERT INTO groups (id, name, platform) SELECT g, 'g' || g, 'p' || g / 2 FROM generate_series(1, $1::int) AS g`,
      [groups],
    );
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, first_token_ms, created_at)
        SELECT 1, 1, g, 'm' || g, g, 100 * g + n, 50 * g + n, $2::timestamptz + (n % $3::int) * interval '1 hour'
        FROM generate_series(1, $1::int) AS g, generate_series(0, 2 * $3::int - 1) AS n`,
      [groups, range.start.toISOString(), HOURS],
    );
    await scene.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, status_code, model, account_id, platform, group_id, created_at)
        SELECT 'upstream', 'timeout', 504, 'm' || g, g, 'p' || g / 2, g, $2::timestamptz
        FROM generate_series(1, $1::int, 10) AS g`,
      [groups, range.start.toISOString()],
    );
  }

  async function work(
    groups: number,
    analyzed: boolean,
    before: readonly SqlStatement[],
    statement: SqlStatement,
  ): Promise<PlanWork> {
    await fill(groups);
    for (const step of before) {
      await selectRow(scene.dataSource, step);
    }
    if (analyzed) {
      await scene.query('ANALYZE');
    }
    return workOf(scene.dataSource, statement);
  }

  describe.each([
    ['with statistics', true],
    ['with those of empty tables', false],
  ] as const)('%s', (_name, analyzed) => {
    beforeAll(async () => {
      await truncateRaw(scene.dataSource);
      await truncateMetrics(scene.dataSource);
      await scene.query('VACUUM ANALYZE');
    });

    it.each(STATEMENTS)(
      '%s',
      async (_statement, before, statement) => {
        const few = await work(FEW, analyzed, before, statement);
        const many = await work(MANY, analyzed, before, statement);
        expect(few.rows).toBeGreaterThan(FEW);
        expect(many.rows / few.rows).toBeLessThan(ROWS_AT_MOST);
        expect(many.pages / few.pages).toBeLessThan(BLOCKS_AT_MOST);
      },
      60_000,
    );
  });
});
