import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate, revertAll, revertLast } from '../../src/database/migrate.js';
import {
  catalogOf,
  dumpTables,
  indexDefinitions,
  relationNames,
  type TableState,
} from '../support/catalog.js';
import * as foreign from '../support/foreign-schema.js';
import { rollUpTwoDays } from '../support/roll-up.js';
import { createEmptyDatabase, dropDatabase, urlOf } from '../support/test-database.js';

const { FOREIGN_RAW_TABLES: RAW, FOREIGN_METRICS_TABLES: METRICS } = foreign;
const HEARTBEATS = 'ops_job_heartbeats';

describe('migrations on a database of another program', () => {
  let name: string;
  let dataSource: DataSource;

  beforeEach(async () => {
    name = await createEmptyDatabase('migrations_adopt');
    dataSource = await createDataSource(urlOf(name)).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await dropDatabase(name);
  });

  /** Everything that was there is still there; only columns and indexes have been added. */
  function expectKept(before: Record<string, TableState>, after: Record<string, TableState>): void {
    for (const [table, state] of Object.entries(before)) {
      expect(after[table]?.columns.slice(0, state.columns.length)).toEqual(state.columns);
      expect(after[table]?.indexes).toEqual(expect.arrayContaining([...state.indexes]));
      expect(after[table]?.constraints).toEqual(expect.arrayContaining([...state.constraints]));
      expect(after[table]?.storage).toBe(state.storage);
      expect(after[table]?.rows).toHaveLength(state.rows.length);
    }
  }

  /** Storage and all: what is dropped and made again is not what was there. */
  async function expectLeftAlone(tables: readonly string[], work: () => Promise<unknown>): Promise<void> {
    const before = await dumpTables(dataSource, tables);
    const relations = await relationNames(dataSource);
    await work();
    expect(await dumpTables(dataSource, tables)).toEqual(before);
    expect((await relationNames(dataSource)).filter((relation) => !isOwn(relation))).toEqual(relations);
  }
  /** What a migration that was refused leaves, until it is reverted. */
  const isOwn = (relation: string): boolean =>
    /^(public|app)\.(ops_migrations|PK_|ops_schema_objects)/.test(relation);

  it('read the raw tables and alter nothing of them, not even by an index', async () => {
    await foreign.createForeignRaw(dataSource);
    await foreign.fillForeignRaw(dataSource);
    const before = await dumpTables(dataSource, RAW);
    expect(before.usage_logs?.rows).toHaveLength(80);
    await migrate(dataSource);
    expect(await dumpTables(dataSource, RAW)).toEqual(before);
    await revertAll(dataSource);
    expect(await dumpTables(dataSource, RAW)).toEqual(before);
    expect((await relationNames(dataSource)).filter((relation) => relation.includes('metrics'))).toEqual([]);
  });

  it('adopt the metrics tables, add what they lack, and take only that away again', async () => {
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await foreign.fillForeignMetrics(dataSource);
    const before = await dumpTables(dataSource, METRICS);
    await expectLeftAlone(METRICS, async () => {
      await migrate(dataSource);
      const after = await dumpTables(dataSource, METRICS);
      expectKept(before, after);
      for (const table of METRICS) {
        const added = after[table]?.columns.slice(before[table]?.columns.length) ?? [];
        expect(added.slice(0, 4)).toEqual([
          'duration_avg_ms double precision f',
          'duration_max_ms integer f',
          'ttft_avg_ms double precision f',
          'ttft_max_ms integer f',
        ]);
        expect(added).toContain('definition_version integer t 0');
        expect(added).toContain('written_at timestamp with time zone f');
        // Primary key, ours on the definition and of overall rows, no duplicate of the four, and the hourly table's own one.
        expect(after[table]?.indexes).toHaveLength(table === 'ops_metrics_hourly' ? 8 : 7);
      }
      await revertAll(dataSource);
    });
  });

  it('stay reversible after a revert half way and another start', async () => {
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await foreign.fillForeignMetrics(dataSource);
    await expectLeftAlone([...RAW, ...METRICS], async () => {
      await migrate(dataSource);
      await revertLast(dataSource);
      await revertLast(dataSource);
      await migrate(dataSource);
      await revertAll(dataSource);
    });
  });

  it('adopt one metrics table and make the other', async () => {
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource, ['daily']);
    await expectLeftAlone([...RAW, 'ops_metrics_daily'], async () => {
      await migrate(dataSource);
      expect(await indexDefinitions(dataSource, 'ops_metrics_hourly')).toHaveLength(8);
      await revertAll(dataSource);
    });
  });

  it('find them in the second schema of the search_path', async () => {
    await dataSource.query(`CREATE SCHEMA app; ALTER DATABASE ${name} SET search_path = app, public`);
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await foreign.fillForeignMetrics(dataSource);
    await dataSource.destroy();
    dataSource = await createDataSource(urlOf(name)).initialize();
    await expectLeftAlone([...RAW, ...METRICS], async () => {
      await migrate(dataSource);
      expect(await relationNames(dataSource)).not.toContain('app.ops_metrics_hourly');
      await revertAll(dataSource);
    });
  });

  it('make a raw table that is missing beside others that are there', async () => {
    await foreign.createForeignRaw(dataSource);
    await dataSource.query('DROP TABLE ops_error_logs');
    await expectLeftAlone(['groups', 'usage_logs'], async () => {
      await migrate(dataSource);
      await dataSource.query(`INSERT INTO ops_error_logs (error_phase, error_type) VALUES ('auth', 'x')`);
      await revertAll(dataSource);
    });
  });

  it('adopt raw tables that are views or partitioned', async () => {
    await dataSource.query(`
      CREATE TABLE usage_logs (id bigserial, group_id bigint, input_tokens int, output_tokens int,
        cache_creation_tokens int, cache_read_tokens int, duration_ms int, first_token_ms int,
        created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
      CREATE TABLE usage_logs_2026 PARTITION OF usage_logs FOR VALUES FROM ('2026-01-01Z') TO ('2027-01-01Z');
      CREATE TABLE tenants (id bigint PRIMARY KEY, name text, platform text);
      CREATE VIEW groups AS SELECT * FROM tenants`);
    const relations = await relationNames(dataSource);
    await migrate(dataSource);
    await revertAll(dataSource);
    expect(await relationNames(dataSource)).toEqual(relations);
  });

  it('leave exactly the schema that was there when all are reverted, after a rollup too', async () => {
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await foreign.fillForeignRaw(dataSource);
    await foreign.fillForeignMetrics(dataSource);
    await dataSource.query(foreign.FOREIGN_HEARTBEATS);
    await dataSource.query(`INSERT INTO ${HEARTBEATS} (job_name) VALUES ('ops_preaggregation_hourly')`);
    const [schema, data] = [await catalogOf(dataSource), await dumpTables(dataSource, [...RAW, HEARTBEATS])];
    await migrate(dataSource);
    await rollUpTwoDays(urlOf(name));
    const [jobs] = await dataSource.query<unknown[]>(`SELECT count(*)::int AS rows FROM ${HEARTBEATS}`);
    expect(jobs).toEqual({ rows: 4 });
    await revertAll(dataSource);
    expect(await catalogOf(dataSource)).toEqual(schema);
    expect(await dumpTables(dataSource, [...RAW, HEARTBEATS])).toEqual(data);
  });

  it('leave nothing behind where they were refused, either', async () => {
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await dataSource.query('ALTER TABLE ops_metrics_daily DROP COLUMN group_id CASCADE');
    const schema = await catalogOf(dataSource);
    await expect(migrate(dataSource)).rejects.toThrow('group_id');
    await revertAll(dataSource);
    expect(await catalogOf(dataSource)).toEqual(schema);
  });

  it('adopt its heartbeats', async () => {
    await dataSource.query(foreign.FOREIGN_HEARTBEATS);
    await expectLeftAlone([HEARTBEATS], async () => {
      await migrate(dataSource);
      const [row] = await dataSource.query<unknown[]>(`SELECT job_name, last_result FROM ${HEARTBEATS}`);
      expect(row).toEqual({ job_name: 'another_job', last_result: null });
      await revertAll(dataSource);
    });
  });

  it.each([
    ['not over COALESCE', '(bucket_start, platform, group_id)'],
    ['over other defaults', `(bucket_start, COALESCE(platform, 'none'), COALESCE(group_id, 0))`],
    ['partial', `(bucket_start, COALESCE(platform, ''), COALESCE(group_id, 0)) WHERE group_id IS NULL`],
  ])('say clearly that the unique index is %s, and change nothing', async (_what, key) => {
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await foreign.fillForeignMetrics(dataSource);
    await dataSource.query(`
      DROP INDEX idx_ops_metrics_hourly_unique_dim;
      CREATE UNIQUE INDEX idx_ops_metrics_hourly_unique_dim ON ops_metrics_hourly ${key}`);
    await expectLeftAlone([...RAW, ...METRICS], async () => {
      await expect(migrate(dataSource)).rejects.toThrow(
        /^idx_ops_metrics_hourly_unique_dim is already there, but/,
      );
    });
  });

  it.each([
    ['hourly', 'bucket_start'],
    ['daily', 'bucket_date'],
  ])('say that the %s rows are not unique, and change nothing', async (grain, bucket) => {
    await foreign.createForeignMetrics(dataSource);
    await dataSource.query(`
      DROP INDEX idx_ops_metrics_hourly_unique_dim, idx_ops_metrics_daily_unique_dim;
      INSERT INTO ops_metrics_hourly (bucket_start) VALUES ('2026-01-01Z');
      INSERT INTO ops_metrics_${grain} (${bucket}) VALUES ('2026-03-01Z'), ('2026-03-01Z')`);
    await foreign.createForeignRaw(dataSource);
    await expectLeftAlone([...RAW, ...METRICS], async () => {
      await expect(migrate(dataSource)).rejects.toMatchObject({ driverError: { code: '23505' } });
    });
  });

  it.each([
    ['usage_logs', 'first_token_ms'],
    ['usage_logs', 'created_at'],
    ['ops_error_logs', 'is_business_limited'],
    ['groups', 'platform'],
    ['ops_metrics_daily', 'group_id'],
    [HEARTBEATS, 'job_name'],
  ])('say that %s lacks its column %s, and change nothing', async (table, column) => {
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await dataSource.query(foreign.FOREIGN_HEARTBEATS);
    await dataSource.query(`ALTER TABLE ${table} DROP COLUMN ${column} CASCADE`);
    const before = await dumpTables(dataSource, [table]);
    const attempt = migrate(dataSource);
    await expect(attempt).rejects.toThrow(table);
    await expect(attempt).rejects.toThrow(column);
    expect(await dumpTables(dataSource, [table])).toEqual(before);
  });

  it('say that job_name of the heartbeats is not unique', async () => {
    await dataSource.query(foreign.FOREIGN_HEARTBEATS);
    await dataSource.query(`ALTER TABLE ${HEARTBEATS} DROP CONSTRAINT ${HEARTBEATS}_pkey`);
    await expect(migrate(dataSource)).rejects.toThrow(/ops_job_heartbeats.*unique.*job_name/);
  });
});
