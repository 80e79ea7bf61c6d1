import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { BoundDataSource, dataSourceOptions } from '../../src/database/data-source.js';
import { LostConnectionError } from '../../src/ops/index.js';
import { selectRows } from '../../src/ops/sql/sql-runner.js';
import { shortTransaction } from '../../src/ops/sql/short-transaction.js';
import { boundTransaction } from '../../src/ops/sql/bound-queries.js';
import { auditDrains, heldDays, setPause } from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { expectRight, hoursAgo, settled } from '../support/rollup-check.js';
import { SilentProxy } from '../support/silent-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { spoilMetrics, writeTraffic } from '../support/traffic.js';

const LIMITS = { statementTimeoutMs: 100, lockTimeoutMs: 100, idleInTransactionTimeoutMs: 1_000 };

let database: TestDatabase;
let proxy: SilentProxy;

beforeAll(async () => {
  database = await createTestDatabase('silent');
});
beforeEach(async () => {
  proxy = await SilentProxy.before(database.url);
});
afterEach(async () => {
  await endGatewayProcesses();
  await proxy.close();
});
afterAll(() => database.drop());

describe('a connection that falls silent', () => {
  let dataSource: DataSource;

  /** A host's own, with one connection: what is not closed and replaced is missing at once. */
  beforeEach(async () => {
    dataSource = await new DataSource({
      type: 'postgres',
      url: proxy.url,
      poolSize: 1,
      connectTimeoutMS: 0,
    }).initialize();
  });
  afterEach(() => dataSource.destroy());

  const answers = async (): Promise<unknown> => dataSource.query('SELECT 1 AS one');

  it('in a transaction of the jobs: ends it, and is replaced', async () => {
    const work = shortTransaction(dataSource, LIMITS, async (manager) => {
      proxy.fallSilent();
      await manager.query('SELECT 1');
    });
    await expect(work).rejects.toThrow(LostConnectionError);
    proxy.heal();
    expect(await answers()).toEqual([{ one: 1 }]);
  });

  it('before the COMMIT: ends it, and is replaced', async () => {
    const work = shortTransaction(dataSource, LIMITS, async (manager) => {
      await manager.query('SELECT 1');
      proxy.fallSilent();
    });
    await expect(work).rejects.toThrow(LostConnectionError);
    proxy.heal();
    expect(await answers()).toEqual([{ one: 1 }]);
  });

  it('is not waited for in the pool either, and whoever has it gives it back', async () => {
    const holder = dataSource.createQueryRunner();
    await holder.connect();
    const late = boundTransaction(dataSource, { limitMs: 50 }, (manager) => manager.query('SELECT 1'));
    await expect(late).rejects.toThrow(/no answer within 50 ms/);
    await holder.release();
    expect(await answers()).toEqual([{ one: 1 }]);
    expect(await answers()).toEqual([{ one: 1 }]);
  });

  it('says which connection was lost where the server ended it between two statements', async () => {
    const work = boundTransaction(dataSource, { limitMs: 10_000 }, async (manager) => {
      const rows = await manager.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await database.dataSource.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await eventually(async () => {
        const [row] = await database.dataSource.query<{ gone: boolean }[]>(
          'SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1) AS gone',
          [rows[0]?.pid],
        );
        return row?.gone;
      }, 'terminated');
      await manager.query('SELECT 1');
    });
    await expect(work).rejects.toThrow(/connection to the database was lost.*57P01/);
    expect(await answers()).toEqual([{ one: 1 }]);
  });

  it('ends the bookkeeping too, which is no transaction of the module’s', async () => {
    const bound = new BoundDataSource(dataSourceOptions(proxy.url, 1), { limitMs: 500 });
    await bound.initialize();
    proxy.fallSilent();
    await expect(selectRows(bound, { text: 'SELECT 1', values: [] })).rejects.toThrow(LostConnectionError);
    await expect(bound.query('SELECT 1')).rejects.toThrow();
    proxy.heal();
    await eventually(() => bound.query('SELECT 1').catch(() => undefined), 'connected again');
    await bound.destroy();
  });
});

describe('a gateway whose way to the database falls silent in the middle of a tick', () => {
  let from: Date;
  let end: Date;
  const env = {
    OPS_STATEMENT_TIMEOUT_MS: '2000',
    OPS_LOCK_TIMEOUT_MS: '1000',
    OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS: '1000',
  };

  beforeAll(async () => {
    from = await hoursAgo(database.dataSource, 5 * 24);
    end = await hoursAgo(database.dataSource, 0);
    await writeTraffic(database.dataSource, { from, to: end, rows: 5_000, seed: 12 });
    await auditDrains(database.dataSource, 0);
    await GatewayProcess.start(database.url, 'first');
    await settled(database.dataSource, end);
    await endGatewayProcesses();
  }, 120_000);

  async function draining(name: string): Promise<GatewayProcess> {
    await spoilMetrics(database.dataSource);
    await setPause(database.dataSource, 0.5);
    const gateway = await GatewayProcess.start(proxy.url, name, env);
    await gateway.rebuild(from, end);
    await eventually(async () => (await heldDays(database.dataSource, name)).length > 0, 'draining');
    return gateway;
  }

  it('is not ready meanwhile, and goes on by itself afterwards', async () => {
    const gateway = await draining('patient');
    proxy.fallSilent();
    expect(await gateway.ask('GET', '/ready')).toEqual([
      503,
      expect.objectContaining({ message: expect.stringMatching(/database not reachable/) }),
    ]);
    proxy.heal();
    await setPause(database.dataSource, 0);
    await settled(database.dataSource, end);
    await eventually(async () => (await gateway.ask('GET', '/ready'))[0] === 200, 'ready');
    await endGatewayProcesses();
    await expectRight(database.url, from, end);
  }, 120_000);

  it('ends when it is asked to, whatever hangs', async () => {
    const gateway = await draining('asked');
    proxy.fallSilent();
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toMatchObject({ signal: null });
  }, 60_000);
});
