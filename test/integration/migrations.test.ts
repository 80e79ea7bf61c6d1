import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate, pendingMigrations, revertAll, revertLast } from '../../src/database/migrate.js';
import { catalogOf, indexDefinitions, relationNames } from '../support/catalog.js';
import { rollUpTwoDays } from '../support/roll-up.js';
import { createEmptyDatabase, dropDatabase, urlOf } from '../support/test-database.js';

const RENAMES = 'RenameJobHeartbeats1764000000020';

describe('migrations on an empty database', () => {
  let name: string;
  let dataSource: DataSource;

  beforeEach(async () => {
    name = await createEmptyDatabase('migrations');
    dataSource = await createDataSource(urlOf(name)).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await dropDatabase(name);
  });

  it('go up, down to nothing, and up again to the same', async () => {
    const all = dataSource.migrations.map((migration) => migration.name);
    expect(await pendingMigrations(dataSource)).toEqual(all);
    expect(await relationNames(dataSource)).toEqual([]);

    expect(await migrate(dataSource)).toEqual(all);
    expect(await pendingMigrations(dataSource)).toEqual([]);
    expect(await migrate(dataSource)).toEqual([]);
    const relations = await relationNames(dataSource);
    expect(relations).toEqual(expect.arrayContaining(['public.usage_logs', 'public.ops_metrics_daily']));

    expect(await revertAll(dataSource)).toEqual(all.toReversed());
    expect(await relationNames(dataSource)).toEqual([]);
    expect(await revertAll(dataSource)).toEqual([]);

    expect(await migrate(dataSource)).toEqual(all);
    expect(await relationNames(dataSource)).toEqual(relations);
  });

  it('keep the metrics when only the latest ones are reverted', async () => {
    await migrate(dataSource);
    await dataSource.query(`
      INSERT INTO ops_metrics_hourly (bucket_start, success_count) VALUES ('2026-03-01T00:00:00Z', 5);
      INSERT INTO ops_metrics_daily (bucket_date, success_count) VALUES ('2026-03-01', 5)`);
    // All but the one that makes the metrics tables, and the raw tables' before it.
    for (const { name: latest } of dataSource.migrations.slice(2).toReversed()) {
      expect(await revertLast(dataSource)).toBe(latest);
      const counts = await dataSource.query<unknown[]>(
        'SELECT h.success_count AS hourly, d.success_count AS daily FROM ops_metrics_hourly h, ops_metrics_daily d',
      );
      expect(counts).toEqual([{ hourly: '5', daily: '5' }]);
    }
    await migrate(dataSource);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('give the schema that the entities describe', async () => {
    await migrate(dataSource);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('would notice a column that an entity and a migration disagree on', async () => {
    await migrate(dataSource);
    await dataSource.query('ALTER TABLE ops_metrics_daily ALTER COLUMN token_consumed TYPE int');
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.length).toBeGreaterThan(0);
  });

  it.each([
    [
      'ops_metrics_hourly',
      'bucket_start',
      [
        'CREATE INDEX idx_ops_metrics_hourly_overall ON public.ops_metrics_hourly USING btree (bucket_start)' +
          ' INCLUDE (success_count, error_count_total, token_consumed, computed_at)' +
          ' WHERE ((platform IS NULL) AND (group_id IS NULL))',
        'CREATE INDEX idx_ops_metrics_hourly_distributed ON public.ops_metrics_hourly USING btree (bucket_start)' +
          ' WHERE ((platform IS NULL) AND (group_id IS NULL) AND' +
          ' ((duration_values IS NOT NULL) OR (ttft_values IS NOT NULL)))',
      ],
    ],
    [
      'ops_metrics_daily',
      'bucket_date',
      [
        'CREATE INDEX idx_ops_metrics_daily_overall ON public.ops_metrics_daily USING btree (bucket_date)' +
          ' INCLUDE (computed_at) WHERE ((platform IS NULL) AND (group_id IS NULL))',
      ],
    ],
  ])('create exactly the indexes that %s is to have', async (table, bucket, own) => {
    await migrate(dataSource);
    const key = `(${bucket}, COALESCE(platform, ''::character varying), COALESCE(group_id, (0)::bigint))`;
    expect(await indexDefinitions(dataSource, table)).toEqual(
      [
        `CREATE UNIQUE INDEX ${table}_pkey ON public.${table} USING btree (id)`,
        `CREATE UNIQUE INDEX idx_${table}_unique_dim ON public.${table} USING btree ${key}`,
        `CREATE INDEX idx_${table}_bucket ON public.${table} USING btree (${bucket} DESC)`,
        `CREATE INDEX idx_${table}_platform_bucket ON public.${table} USING btree (platform, ${bucket} DESC)` +
          ' WHERE ((platform IS NOT NULL) AND (group_id IS NULL))',
        `CREATE INDEX idx_${table}_group_bucket ON public.${table} USING btree (group_id, ${bucket} DESC)` +
          ' WHERE (group_id IS NOT NULL)',
        ...own,
        `CREATE INDEX idx_${table}_definition ON public.${table} USING btree ((
CASE
    WHEN (written_at IS DISTINCT FROM computed_at) THEN 0
    ELSE definition_version
END), ${bucket})`,
      ].toSorted(),
    );
  });

  it.each(['usage_logs', 'ops_error_logs'])('index created_at of %s', async (table) => {
    await migrate(dataSource);
    expect(await indexDefinitions(dataSource, table)).toEqual([
      `CREATE INDEX idx_${table}_created_at ON public.${table} USING btree (created_at)`,
      `CREATE UNIQUE INDEX ${table}_pkey ON public.${table} USING btree (id)`,
    ]);
  });

  it('leave nothing at all when all are reverted, one by one or at once, after a rollup too', async () => {
    const before = await catalogOf(dataSource);
    await migrate(dataSource);
    await rollUpTwoDays(urlOf(name));
    expect(await catalogOf(dataSource)).not.toEqual(before);
    await revertAll(dataSource);
    expect(await catalogOf(dataSource)).toEqual(before);

    await migrate(dataSource);
    while ((await revertLast(dataSource)) !== null);
    expect(await catalogOf(dataSource)).toEqual(before);
  });

  it('rename the heartbeats of the jobs, and back', async () => {
    const revert = async (): Promise<void> => {
      while ((await revertLast(dataSource)) !== RENAMES);
    };
    await migrate(dataSource);
    await revert();
    await dataSource.query(`INSERT INTO ops_job_heartbeats (job_name) VALUES
      ('ops_preaggregation_hourly'), ('ops_preaggregation_daily'), ('ops_rollup_maintenance'), ('another_job')`);
    const names = async (): Promise<unknown[]> =>
      (
        await dataSource.query<{ job: string }[]>('SELECT job_name AS job FROM ops_job_heartbeats ORDER BY 1')
      ).map(({ job }) => job);
    await migrate(dataSource);
    expect(await names()).toEqual(['another_job', 'ops_rollup_maintenance', 'ops_rollup_refresh']);
    await revert();
    expect(await names()).toEqual(['another_job', 'ops_preaggregation_daily', 'ops_preaggregation_hourly']);
  });

  it('keep overall and platform rows unique in spite of their NULLs', async () => {
    await migrate(dataSource);
    for (const dimensions of ['NULL, NULL', `'openai', NULL`, `'openai', 7`]) {
      const insert = `INSERT INTO ops_metrics_hourly (bucket_start, platform, group_id)
        VALUES ('2026-03-01T00:00:00Z', ${dimensions})`;
      await dataSource.query(insert);
      await expect(dataSource.query(insert)).rejects.toMatchObject({ driverError: { code: '23505' } });
    }
  });

  it('are applied once by instances that start together', async () => {
    const others = await Promise.all([1, 2, 3].map(() => createDataSource(urlOf(name), 2).initialize()));
    try {
      const applied = await Promise.all([dataSource, ...others].map(migrate));
      expect(applied.map((names) => names.length).toSorted((a, b) => a - b)).toEqual([
        0,
        0,
        0,
        dataSource.migrations.length,
      ]);
      const [row] = await dataSource.query<unknown[]>('SELECT count(*)::int AS applied FROM ops_migrations');
      expect(row).toEqual({ applied: dataSource.migrations.length });
    } finally {
      await Promise.all(others.map((other) => other.destroy()));
    }
  });

  it('follow the search_path of the role, and leave other schemas alone', async () => {
    await dataSource.query(`
      CREATE SCHEMA gateway;
      CREATE TABLE public.usage_logs (somebody_elses int);
      ALTER DATABASE ${name} SET search_path = gateway`);
    await dataSource.destroy();
    dataSource = await createDataSource(urlOf(name)).initialize();
    await migrate(dataSource);
    const relations = await relationNames(dataSource);
    expect(relations.filter((relation) => relation.startsWith('public.'))).toEqual(['public.usage_logs']);
    expect(relations).toEqual(expect.arrayContaining(['gateway.usage_logs', 'gateway.ops_migrations']));
    expect(await pendingMigrations(dataSource)).toEqual([]);
    await revertAll(dataSource);
    expect(await relationNames(dataSource)).toEqual(['public.usage_logs']);
  });
});
