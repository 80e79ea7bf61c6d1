import { describe, expect, it } from '@jest/globals';
import { DefinedTables } from '../../src/ops/definitions/defined-tables.service.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { upsertBuckets } from '../../src/ops/rollup/sql/upsert-buckets.sql.js';
import { createCitusDatabase, describeOnCitus } from '../support/citus.js';
import { distribute, layPartitioned } from '../support/citus-layouts.js';
import { DimensionScene } from '../support/dimension-scene.js';
import { guarded } from '../support/hours-to-recompute.js';
import { spoilMetrics, writeTraffic } from '../support/traffic.js';

const HOUR_MS = 3_600_000;

describeOnCitus('raw tables that Citus has distributed', () => {
  describe.each([
    ['as the migrations make them', 'before', distribute],
    ['of a gateway, partitioned by time', 'after', layPartitioned],
  ] as const)('%s', (_name, migrated, lay) => {
    const scene = new DimensionScene(
      `citus_${migrated}`,
      {},
      {
        create: () => createCitusDatabase(`citus_${migrated}`, lay, { migrated }),
      },
    );

    /** Requests and failures of the last three days, in two platforms and several keys. */
    const fill = async (): Promise<void> => {
      const hours = await Promise.all([1, 2, 3, 5, 26, 27, 49, 50, 70].map((hour) => scene.ago(hour)));
      await scene.insertRequests(hours, 7, 1);
      await scene.insertRequests(hours, 3, 3);
      await scene.insertFailures(hours, 4);
      for (const at of hours) await scene.slice({ at, model: 'b', account: 2, group: 2, count: 3 });
    };

    it('are seen in the catalogue', async () => {
      const { distributed } = await new DefinedTables(scene.dataSource, OPS_TABLES).current();
      expect(distributed).toEqual({
        usage: true,
        errors: true,
        usageIdsByNode: true,
        errorIdsByNode: true,
      });
    });

    it('are grouped on the shards', async () => {
      await fill();
      const { text, values } = upsertBuckets(
        await new DefinedTables(scene.dataSource, OPS_TABLES).current(),
        'hour',
        guarded([(await scene.ago(2)).toISOString(), (await scene.ago(26)).toISOString()]),
      );
      const plan = await scene.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN (VERBOSE, COSTS OFF) ${text}`,
        values,
      );
      const queries = plan.map((line) => line['QUERY PLAN']).filter((line) => /^\s+Query: /.test(line));
      const of = (table: string): string[] =>
        queries.filter((query) => query.includes(`.${table}_1`) && query.includes('intermediate_result'));
      const [usage, errors] = [of('usage_logs'), of('ops_error_logs')];
      expect([usage.length, errors.length]).toEqual([1, 1]);
      expect(usage[0]).toMatch(/count\(\*\) AS success_count, sum\(.* array_agg\(.* GROUP BY /);
      expect(errors[0]).toMatch(/count\(\*\) FILTER .* GROUP BY /);
    });

    it('give minutes, hours, days and sets, in late rows too, and verify agrees', async () => {
      await fill();
      await scene.settle();
      await scene.expectAllRight();
      await scene.expectSets();
      const late = await scene.ago(50);
      await scene.insertRequests([late, await scene.ago(30)], 5, 2);
      await scene.insertFailures(late, 2);
      expect(await scene.tick()).toMatchObject({ lateRows: 12, drainedHours: 2 });
      await scene.expectAllRight();
      await scene.expectSets();
      const report = await scene.app.verify.verify(await scene.ago(72), await scene.ago(0), false);
      expect(report).toMatchObject({ differences: [] });
    });

    it('are found by the audit where rows have changed, and rebuilt', async () => {
      await fill();
      await scene.settle();
      await scene.query('UPDATE usage_logs SET duration_ms = duration_ms + 1 WHERE created_at = $1', [
        await scene.ago(27),
      ]);
      expect(await scene.tick()).toMatchObject({ differingHours: 1 });
      await scene.expectAllRight();
      await scene.dataSource.transaction((manager) => spoilMetrics(manager as never));
      expect(
        await scene.rebuilt({ from: await scene.ago(71), to: await scene.ago(0), force: true }),
      ).toMatchObject({ state: 'finished', hours: { total: 71, done: 71, failed: 0 } });
      await scene.expectAllRight();
    });

    it('are read by ragged ends, and listed', async () => {
      await fill();
      await scene.settle();
      const hour = (await scene.ago(26)).getTime();
      // Half an hour before the rows of the first hour, and a minute after those of the last.
      const [from, to] = [new Date(hour - HOUR_MS / 2), new Date(+(await scene.ago(2)) + 60_000)];
      const [row] = await scene.query<{ requests: number; errors: number }>(
        `SELECT (SELECT count(*)::int FROM usage_logs WHERE created_at >= $1 AND created_at < $2) AS requests,
           (SELECT count(*)::int FROM ops_error_logs WHERE created_at >= $1 AND created_at < $2) AS errors`,
        [from, to],
      );
      expect(row).toEqual({ requests: 52, errors: 16 });
      const overview = await scene.app.reads.overview({ from, to });
      expect(overview).toMatchObject({ successCount: 52, errorCountTotal: 16 });
      const { items } = await scene.app.reads.breakdown({ from, to, by: 'model', limit: 5 });
      expect(items.map(({ key, successCount }) => [key, successCount])).toEqual([
        ['model', 40],
        ['(none)', 0],
        ['b', 12],
      ]);
      const page = await scene.app.requests.list({ from, to, limit: 100 });
      expect(page.items).toHaveLength(68);
    });

    it('take sample traffic', async () => {
      await scene.query('TRUNCATE groups, usage_logs, ops_error_logs');
      const [from, to] = [await scene.ago(20), await scene.ago(0)];
      const { usageRows } = await writeTraffic(scene.dataSource, { from, to, rows: 3000, seed: 1 });
      expect(usageRows).toBe(3000);
      await scene.settle();
      await scene.expectAllRight();
    });
  });
});
