import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { BoundDataSource, dataSourceOptions } from '../../src/database/data-source.js';
import { LostConnectionError } from '../../src/ops/index.js';
import { selectRows } from '../../src/ops/sql/sql-runner.js';
import { shortTransaction } from '../../src/ops/sql/short-transaction.js';
import { boundTransaction } from '../../src/ops/sql/bound-queries.js';
import { eventually } from '../support/eventually.js';
import { ProcessScene } from '../support/process-scene.js';
import { SilentProxy } from '../support/silent-proxy.js';

const LIMITS = { statementTimeoutMs: 100, lockTimeoutMs: 100, idleInTransactionTimeoutMs: 1_000 };

const scene = new ProcessScene('silent', { days: 5, rows: 5_000, seed: 12, drained: true });
let proxy: SilentProxy;

beforeEach(async () => {
  proxy = await SilentProxy.before(scene.url);
  scene.defer(() => proxy.close());
});

describe('a connection that falls silent', () => {
  /** A host's own, with one connection: what is not closed and replaced is missing at once. */
  async function connect(): Promise<DataSource> {
    const options = { type: 'postgres', url: proxy.url, poolSize: 1, connectTimeoutMS: 0 } as const;
    const dataSource = await new DataSource(options).initialize();
    scene.defer(() => dataSource.destroy());
    return dataSource;
  }

  const answers = async (dataSource: DataSource): Promise<unknown> => dataSource.query('SELECT 1 AS one');

  it('in a transaction of the jobs, or before its COMMIT: ends it, and is replaced', async () => {
    const sources = [await connect(), await connect()];
    let begun = 0;
    const silence = eventually(() => Promise.resolve(begun === 2)).then(() => {
      proxy.fallSilent();
    });
    // The first still has a statement to send, the other has had its answer.
    const works = sources.map((dataSource, index) =>
      shortTransaction(dataSource, LIMITS, async (manager) => {
        if (index === 1) await manager.query('SELECT 1');
        begun += 1;
        await silence;
        if (index === 0) await manager.query('SELECT 1');
      }),
    );
    const ends = await Promise.allSettled(works);
    for (const end of ends) expect(end).toMatchObject({ reason: expect.any(LostConnectionError) });
    proxy.heal();
    for (const dataSource of sources) expect(await answers(dataSource)).toEqual([{ one: 1 }]);
  });

  it('is not waited for in the pool either, and whoever has it gives it back', async () => {
    const dataSource = await connect();
    const holder = dataSource.createQueryRunner();
    await holder.connect();
    const late = boundTransaction(dataSource, { limitMs: 50 }, (manager) => manager.query('SELECT 1'));
    await expect(late).rejects.toThrow(/no answer within 50 ms/);
    await holder.release();
    expect(await answers(dataSource)).toEqual([{ one: 1 }]);
    expect(await answers(dataSource)).toEqual([{ one: 1 }]);
  });

  it('says which connection was lost where the server ended it between two statements', async () => {
    const dataSource = await connect();
    const work = boundTransaction(dataSource, { limitMs: 10_000 }, async (manager) => {
      const rows = await manager.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await scene.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await eventually(async () => {
        const [row] = await scene.query<{ gone: boolean }>(
          'SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1) AS gone',
          [rows[0]?.pid],
        );
        return row?.gone;
      }, 'terminated');
      await manager.query('SELECT 1');
    });
    await expect(work).rejects.toThrow(/connection to the database was lost.*57P01/);
    expect(await answers(dataSource)).toEqual([{ one: 1 }]);
  });

  it('ends the bookkeeping too, which is no transaction of the module’s', async () => {
    const options = { ...dataSourceOptions(proxy.url, 1), connectTimeoutMS: 500 };
    const bound = new BoundDataSource(options, { limitMs: 500 });
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
  const env = {
    OPS_DRAIN_CONCURRENCY: '1',
    OPS_STATEMENT_TIMEOUT_MS: '2000',
    OPS_LOCK_TIMEOUT_MS: '1000',
    OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS: '1000',
  };

  beforeAll(() => scene.fill(), 120_000);

  it('is not ready meanwhile, ends when it is asked to, whatever hangs, and else goes on by itself', async () => {
    await scene.spoil();
    await scene.pause(0.5);
    const other = await SilentProxy.before(scene.url);
    scene.defer(() => other.close());
    const patient = await scene.start('patient', env, proxy.url);
    const asked = await scene.start('asked', env, other.url);
    await patient.rebuild(scene.from, scene.end);
    await Promise.all([scene.draining('patient'), scene.draining('asked')]);
    for (const way of [proxy, other]) way.fallSilent();
    asked.signal('SIGTERM');
    expect(await patient.ask('GET', '/ready')).toEqual([
      503,
      expect.objectContaining({ message: expect.stringMatching(/database not reachable/) }),
    ]);
    proxy.heal();
    await scene.pause(0);
    expect(await asked.ended).toMatchObject({ signal: null });
    await scene.settled();
    await eventually(async () => (await patient.ask('GET', '/ready'))[0] === 200, 'ready');
    await scene.expectRightAtTheEnd();
  }, 120_000);
});
