import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { selectRowByKeptPlan } from '../../src/ops/sql/kept-plans.js';
import { shortTransaction } from '../../src/ops/sql/short-transaction.js';
import { DatabaseScene } from '../support/database-scene.js';
import { OpsScene } from '../support/ops-scene.js';
import { insertRequests, storedRequests } from '../support/refresh-scene.js';
import { PGBOUNCER, startPgBouncer } from '../support/pgbouncer.js';

const LIMITS = { statementTimeoutMs: 10_000, lockTimeoutMs: 1_000, idleInTransactionTimeoutMs: 10_000 };

/** What a connection has prepared: how often it was run by a plan for whatever is bound, and how often by one of its own. */
const PREPARED =
  'SELECT name, generic_plans::int AS generic, custom_plans::int AS custom FROM pg_prepared_statements';

interface Prepared {
  readonly name: string;
  readonly generic: number;
  readonly custom: number;
}

describe('a plan that stays with its connection', () => {
  const scene = new DatabaseScene('kept_plans');

  /** All that is asked goes through one connection. */
  async function connected(url = scene.url): Promise<DataSource> {
    const dataSource = await createDataSource(url, 1).initialize();
    scene.defer(() => dataSource.destroy());
    return dataSource;
  }

  const prepared = (dataSource: DataSource): Promise<Prepared[]> => dataSource.query<Prepared[]>(PREPARED);

  const doubled = (
    dataSource: DataSource,
    value: number,
    text = 'SELECT $1::int * 2 AS twice',
  ): Promise<number> =>
    shortTransaction(dataSource, LIMITS, async (manager) => {
      const { twice } = await selectRowByKeptPlan<{ twice: number }>(manager, { text, values: [value] });
      return twice;
    });

  it('is made once, for whatever is bound, and for each text', async () => {
    const dataSource = await connected();
    expect([await doubled(dataSource, 1), await doubled(dataSource, 2)]).toEqual([2, 4]);
    expect(await prepared(dataSource)).toMatchObject([{ generic: 2, custom: 0 }]);
    expect(await doubled(dataSource, 3, 'SELECT $1::int + $1::int AS twice')).toBe(6);
    expect(await prepared(dataSource)).toHaveLength(2);
  });

  it('leaves what others send on the connection as it is', async () => {
    const dataSource = await connected();
    await doubled(dataSource, 1);
    await dataSource.query('SELECT $1::int AS one', [1]);
    expect(await prepared(dataSource)).toMatchObject([{ generic: 1 }]);
    expect(
      await dataSource.query(
        `SELECT current_setting('plan_cache_mode') AS mode, current_setting('enable_seqscan') AS seqscan`,
      ),
    ).toEqual([{ mode: 'auto', seqscan: 'on' }]);
  });

  it('is done without where somebody has discarded it', async () => {
    const dataSource = await connected();
    await doubled(dataSource, 1);
    await dataSource.query('DISCARD ALL');
    expect(await doubled(dataSource, 2)).toBe(4);
    expect(await prepared(dataSource)).toEqual([]);
  });

  it('is done without where somebody else has prepared one of its name', async () => {
    const dataSource = await connected();
    await doubled(dataSource, 1);
    const [{ name } = { name: '' }] = await prepared(dataSource);
    const other = await connected();
    await other.query(`PREPARE ${name} AS SELECT 1`);
    expect(await doubled(other, 2)).toBe(4);
  });

  it('goes by an index, however small the table was', async () => {
    await scene.query('CREATE TABLE small AS SELECT 1 AS n');
    await scene.query('ALTER TABLE small ADD PRIMARY KEY (n)');
    await scene.query('ANALYZE small');
    const dataSource = await connected();
    expect(await doubled(dataSource, 1, 'SELECT n * 2 AS twice FROM small WHERE n = $1::int')).toBe(2);
    const [{ name } = { name: '' }] = await prepared(dataSource);
    await dataSource.query(`SET plan_cache_mode = 'force_generic_plan'`);
    const plan = await dataSource.query<Record<string, string>[]>(`EXPLAIN EXECUTE ${name} (1)`);
    expect(plan[0]?.['QUERY PLAN']).toContain('Index');
  });

  it('survives a failure of the statement', async () => {
    const dataSource = await connected();
    const text = 'SELECT 10 / $1::int AS twice';
    await expect(doubled(dataSource, 0, text)).rejects.toMatchObject({ driverError: { code: '22012' } });
    expect(await doubled(dataSource, 5, text)).toBe(2);
    expect(await prepared(dataSource)).toMatchObject([{ generic: 2 }]);
  });

  it('is not made where there are more partitions than a plan should name', async () => {
    await scene.query(`CREATE TABLE many (n int) PARTITION BY LIST (n)`);
    await scene.query(
      `DO $$ BEGIN FOR i IN 1..1001 LOOP EXECUTE format('CREATE TABLE many_%s PARTITION OF many FOR VALUES IN (%s)', i, i); END LOOP; END $$`,
    );
    const dataSource = await connected();
    expect(await doubled(dataSource, 2)).toBe(4);
    expect(await prepared(dataSource)).toEqual([]);
    await scene.query('DROP TABLE many_1001');
    expect(await doubled(dataSource, 2)).toBe(4);
    expect(await prepared(dataSource)).toHaveLength(1);
    await scene.query('DROP TABLE many');
  });

  (PGBOUNCER === undefined ? it.skip : it)('is not made behind a transaction-pooling proxy', async () => {
    const bouncer = await startPgBouncer(scene.url, 1);
    scene.defer(() => bouncer.stop());
    for (const dataSource of [await connected(bouncer.url), await connected(bouncer.url)]) {
      expect([await doubled(dataSource, 1), await doubled(dataSource, 2)]).toEqual([2, 4]);
      expect(await prepared(dataSource)).toEqual([]);
    }
  });
});

describe('the plans of a drain', () => {
  const scene = new OpsScene('kept_plans_drain', { drainConcurrency: 1 });

  it('stay for a few hours, and count what comes late and whatever the tables have become', async () => {
    const [late, later] = [await scene.ago(30), await scene.ago(60)];
    await insertRequests(scene.dataSource, [late, later], 3);
    const plans = async (): Promise<number> =>
      (await scene.app.dataSource.query<Prepared[]>(PREPARED)).filter(({ generic }) => generic > 1).length;
    await scene.tick();
    for (const [count, hour] of [
      [4, late],
      [5, late],
      [4, later],
    ] as const) {
      await insertRequests(scene.dataSource, hour, 1);
      expect(await scene.tick()).toMatchObject({ drainedHours: 1 });
      expect(await storedRequests(scene.dataSource, hour)).toBe(count);
    }
    expect(await plans()).toBeGreaterThan(0);
    await scene.query('ALTER TABLE usage_logs ALTER COLUMN duration_ms TYPE bigint');
    await insertRequests(scene.dataSource, later, 1);
    expect(await scene.tick()).toMatchObject({ drainedHours: 1, failedBuckets: 0 });
    expect(await storedRequests(scene.dataSource, later)).toBe(5);
  });
});
