import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { opsMigrations, opsMigrationsIn } from '../../migrations/index.js';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate, revertAll } from '../../src/database/migrate.js';
import { QuietLogger } from '../../src/database/quiet-logger.js';
import { catalogOf, dumpTables, indexDefinitions } from '../support/catalog.js';
import { eventually } from '../support/eventually.js';
import * as foreign from '../support/foreign-schema.js';
import { createEmptyDatabase, dropDatabase, urlOf } from '../support/test-database.js';

const UNIQUE = 'idx_ops_metrics_hourly_unique_dim';
const TABLES = [...foreign.FOREIGN_RAW_TABLES, ...foreign.FOREIGN_METRICS_TABLES];

/** What another program does all the time: a row of each of its tables, none of them twice. */
const WRITE = `WITH usage AS (
  INSERT INTO usage_logs (request_id, model, user_id, account_id) VALUES ('r', 'm', 1, 1) RETURNING id
), error AS (
  INSERT INTO ops_error_logs (error_phase, error_type) SELECT 'auth', 'x' FROM usage
), day AS (
  INSERT INTO ops_metrics_daily (bucket_date, platform, group_id) SELECT '2026-01-01', 'p', id FROM usage
)
INSERT INTO ops_metrics_hourly (bucket_start, platform, group_id) SELECT '2026-01-01Z', 'p', id FROM usage`;

let name: string;
let dataSource: DataSource;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  name = await createEmptyDatabase('migrations_traffic');
  dataSource = await createDataSource(urlOf(name)).initialize();
  await foreign.createForeignRaw(dataSource);
  await foreign.createForeignMetrics(dataSource);
  await dataSource.query(`
    INSERT INTO ops_metrics_hourly (bucket_start, platform)
      SELECT timestamptz '2020-01-01Z' + n * interval '1 hour', 'p' FROM generate_series(1, 20000) AS n;
    INSERT INTO ops_metrics_daily (bucket_date, platform)
      SELECT date '1980-01-01' + n, 'p' FROM generate_series(1, 5000) AS n`);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await dataSource.destroy();
  await dropDatabase(name);
});

/** A transaction that has written into every table, and stays open. */
async function openWriter(): Promise<QueryRunner> {
  const writer = dataSource.createQueryRunner();
  closing.push(() => writer.release());
  await writer.startTransaction();
  await writer.query(WRITE);
  return writer;
}

/** Writes that must get through while the transaction of another writer is still open, however long that lasts. */
async function writesGetThrough(): Promise<void> {
  for (let write = 0; write < 20; write += 1) await dataSource.query(WRITE);
}

/** The backend that waits, for another one's transaction to end, in a statement like that. */
async function waitingIn(statement: string): Promise<number> {
  const { pid } = await eventually(async () => {
    const rows = await dataSource.query<{ pid: number }[]>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~* $1
         AND pid <> pg_backend_pid() AND cardinality(pg_blocking_pids(pid)) > 0`,
      [statement],
    );
    return rows[0];
  }, `a wait in ${statement}`);
  return pid;
}

const indexState = async (index: string): Promise<unknown> => {
  const rows = await dataSource.query<unknown[]>(
    `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)`,
    [index],
  );
  return rows[0];
};

/** Columns, indexes and constraints of every table. */
async function schemaOf(through: DataSource): Promise<unknown> {
  const tables = await through.query<{ name: string }[]>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
  );
  const states = await dumpTables(
    through,
    tables.map((table) => table.name),
  );
  return Object.entries(states).map(([table, { columns, indexes, constraints }]) => {
    return { table, columns, indexes, constraints };
  });
}

describe('migrations beside the traffic of a large, adopted database', () => {
  it('build indexes while others write', async () => {
    await dataSource.query(`DROP INDEX ${UNIQUE}`);
    const writer = await openWriter();
    const migrated = migrate(dataSource);
    await waitingIn('^CREATE UNIQUE INDEX CONCURRENTLY');
    await writesGetThrough();
    await writer.commitTransaction();
    await migrated;
    expect(await indexState(UNIQUE)).toEqual({ valid: true });
  });

  it('give up a lock that they do not get, so that nobody queues behind it, and try again', async () => {
    const writer = await openWriter();
    const migrated = migrate(dataSource);
    await waitingIn('^ALTER TABLE ops_metrics_hourly');
    // The writer has not ended: behind an ALTER that waits for it, these would wait for ever.
    await writesGetThrough();
    await waitingIn('^ALTER TABLE ops_metrics_hourly');
    await writer.commitTransaction();
    expect(await migrated).toHaveLength(dataSource.migrations.length);
  });

  it('build every index on a table with rows CONCURRENTLY, and hold no lock while what takes long is done', async () => {
    const watched = await createDataSource(urlOf(name)).initialize();
    closing.push(() => watched.destroy());
    const runner = watched.createQueryRunner();
    const query = runner.query.bind(runner) as (text: string, values?: unknown[]) => Promise<unknown>;
    const long: string[] = [];
    const locked: unknown[] = [];
    runner.query = (async (text: string, values?: unknown[]): Promise<unknown> => {
      const onMetrics =
        /^CREATE .*INDEX.* ON (public\.)?ops_metrics_(hourly|daily)|^INSERT .*FROM ops_metrics_hourly/s;
      if (onMetrics.test(text)) {
        long.push(text);
        locked.push(
          ...(await dataSource.query<unknown[]>(`SELECT relation::regclass::text, mode FROM pg_locks
            WHERE relation IN ('ops_metrics_hourly'::regclass, 'ops_metrics_daily'::regclass)
              AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')`)),
        );
      }
      return query(text, values);
    }) as typeof runner.query;
    await runner.startTransaction();
    for (const Migration of opsMigrations) await new Migration().up(runner);
    await runner.commitTransaction();
    await runner.release();
    expect(locked).toEqual([]);
    const indexes = long.filter((text) => text.startsWith('CREATE'));
    // Two of each table's four were there; then those on the definition, the distributed hours, and the overall rows.
    expect([indexes.length, long.length]).toEqual([9, 10]);
    expect(indexes.filter((text) => !text.includes(' CONCURRENTLY '))).toEqual([]);
  });

  describe('whose index build was ended half way', () => {
    beforeEach(async () => {
      await dataSource.query(`DROP INDEX ${UNIQUE}`);
    });

    async function endHalfWay(): Promise<void> {
      const writer = await openWriter();
      const migrated = migrate(dataSource).catch((error: unknown) => error);
      const pid = await waitingIn('^CREATE UNIQUE INDEX CONCURRENTLY');
      await dataSource.query('SELECT pg_terminate_backend($1)', [pid]);
      expect(await migrated).toBeInstanceOf(Error);
      await writer.commitTransaction();
      expect(await indexState(UNIQUE)).toEqual({ valid: false });
    }

    it('find the invalid index and build it again', async () => {
      await endHalfWay();
      await migrate(dataSource);
      expect(await indexState(UNIQUE)).toEqual({ valid: true });
    });

    it('can be reverted, and nothing of ours is left', async () => {
      const schema = await catalogOf(dataSource);
      await endHalfWay();
      await revertAll(dataSource);
      expect(await catalogOf(dataSource)).toEqual(schema);
    });

    it('leave the invalid index of another program to it', async () => {
      await dataSource.query(
        `INSERT INTO ops_metrics_hourly (bucket_start) VALUES ('2026-03-01Z'), ('2026-03-01Z')`,
      );
      const index = 'idx_ops_metrics_hourly_bucket';
      await dataSource.query(`DROP INDEX ${index}`);
      await expect(
        dataSource.query(`CREATE UNIQUE INDEX CONCURRENTLY ${index} ON ops_metrics_hourly (bucket_start)`),
      ).rejects.toMatchObject({ driverError: { code: '23505' } });
      await dataSource.query(`DELETE FROM ops_metrics_hourly WHERE platform IS NULL`);
      await migrate(dataSource);
      expect(await indexState(index)).toEqual({ valid: false });
    });
  });
});

describe("migrations through a host's own DataSource", () => {
  async function host(options: Partial<DataSourceOptions>): Promise<DataSource> {
    const own = new DataSource({
      type: 'postgres',
      url: urlOf(name),
      poolSize: 1,
      logger: new QuietLogger(),
      ...options,
    } as DataSourceOptions);
    await own.initialize();
    closing.push(() => own.destroy());
    return own;
  }

  it('work in every transaction mode, that of TypeORM’s default among them, to the same schema', async () => {
    const before = await dumpTables(dataSource, TABLES);
    const schemas: unknown[] = [];
    for (const mode of [{}, ...(['all', 'each', 'none'] as const).map((transaction) => ({ transaction }))]) {
      const own = await host({ migrations: [...opsMigrations] });
      await own.runMigrations(mode);
      expect(await indexDefinitions(own, 'ops_metrics_hourly')).toHaveLength(8);
      schemas.push(await schemaOf(own));
      for (const { name: reverted } of own.migrations) if (reverted) await own.undoLastMigration(mode);
      expect(await dumpTables(dataSource, TABLES)).toEqual(before);
    }
    const [first, ...others] = schemas;
    expect(others).toEqual([first, first, first]);
  });

  it('leave the search_path as it was, also where they are refused half way', async () => {
    await dataSource.query(`CREATE SCHEMA ops; ALTER TABLE ops_metrics_hourly SET SCHEMA ops;
      ALTER TABLE ops_metrics_daily SET SCHEMA ops; DROP INDEX ops.${UNIQUE};
      INSERT INTO ops.ops_metrics_daily (bucket_date) VALUES ('2026-03-01');
      DROP INDEX ops.idx_ops_metrics_daily_unique_dim; INSERT INTO ops.ops_metrics_daily (bucket_date) VALUES ('2026-03-01')`);
    const schema = await catalogOf(dataSource);
    const own = await host({ migrations: opsMigrationsIn('ops'), migrationsTableName: 'host_migrations' });
    // By then the hourly table has got its index.
    await expect(own.runMigrations()).rejects.toMatchObject({ driverError: { code: '23505' } });
    expect(await own.query('SHOW search_path')).toEqual([{ search_path: '"$user", public' }]);
    await own.query('DROP TABLE IF EXISTS host_migrations');
    expect(await catalogOf(dataSource)).toEqual(schema);
    await own.query(`DELETE FROM ops.ops_metrics_daily WHERE bucket_date = '2026-03-01'`);
    await own.runMigrations();
    expect(await own.query('SHOW search_path')).toEqual([{ search_path: '"$user", public' }]);
    expect(await indexDefinitions(own, 'ops.ops_metrics_daily')).toHaveLength(7);
  });
});
