import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { auditDrains, concurrentComputations, heldDays, setPause } from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { PGBOUNCER, startPgBouncer, type PgBouncer } from '../support/pgbouncer.js';
import { startRawWriters } from '../support/raw-writers.js';
import { expectRight, hoursAgo, settled } from '../support/rollup-check.js';
import { createEmptyDatabase, dropDatabase, urlOf } from '../support/test-database.js';
import { INSERT_BOTH, spoilMetrics, writeTraffic } from '../support/traffic.js';

const POOL_SIZE = 4;
const reason = PGBOUNCER === undefined ? ' (skipped: pgbouncer is not installed)' : '';

(PGBOUNCER === undefined ? describe.skip : describe)(
  `behind a transaction-pooling pgbouncer${reason}`,
  () => {
    let name: string;
    /** Straight to the server: what the tests themselves look at. */
    let dataSource: DataSource;
    let bouncer: PgBouncer;
    let from: Date;
    let end: Date;

    beforeAll(async () => {
      name = await createEmptyDatabase('process_pgbouncer');
      dataSource = await createDataSource(urlOf(name)).initialize();
      bouncer = await startPgBouncer(urlOf(name), POOL_SIZE);
      from = await hoursAgo(dataSource, 8 * 24);
      end = await hoursAgo(dataSource, 0);
    }, 300_000);
    afterEach(endGatewayProcesses);
    afterAll(async () => {
      await bouncer.stop();
      await dataSource.destroy();
      await dropDatabase(name);
    });

    it('migrates and fills an empty database', async () => {
      const migrations = [1, 2].map(() => GatewayProcess.command(bouncer.url, ['migrate']));
      for (const migration of migrations) {
        expect({ ...(await migration.ended), output: migration.output }).toMatchObject({ code: 0 });
      }
      await writeTraffic(dataSource, { from, to: end, rows: 20_000, seed: 29 });
      await auditDrains(dataSource, 0);
      await GatewayProcess.start(bouncer.url, 'through-1');
      await settled(dataSource, end);
      await endGatewayProcesses();
      await expectRight(urlOf(name), from, end);
    }, 300_000);

    it('lets more processes migrate at once than the pool has connections', async () => {
      const empty = await createEmptyDatabase('process_pgbouncer_small');
      const small = await startPgBouncer(urlOf(empty), 2);
      try {
        const migrations = [1, 2, 3].map(() => GatewayProcess.command(small.url, ['migrate']));
        for (const migration of migrations) {
          expect({ ...(await migration.ended), output: migration.output }).toMatchObject({ code: 0 });
        }
      } finally {
        await endGatewayProcesses();
        await small.stop();
        await dropDatabase(empty);
      }
    }, 300_000);

    it('finds rows of a writer that stays open longer than several ticks', async () => {
      const gateway = await GatewayProcess.start(bouncer.url, 'through-1');
      const writer = new pg.Client(bouncer.url);
      await writer.connect();
      await writer.query('BEGIN');
      await writer.query(INSERT_BOTH, [[from.toISOString()]]);
      await dataSource.query(INSERT_BOTH, [[new Date(+from + 7_200_000).toISOString()]]);
      for (let tick = 0; tick < 2; tick += 1) {
        await gateway.refresh();
      }
      await writer.query('COMMIT');
      await writer.end();
      await settled(dataSource, end);
      await endGatewayProcesses();
      await expectRight(urlOf(name), from, end);
    }, 300_000);

    it('shares rebuilds between two gateways beside a writer, and goes on after kill -9', async () => {
      await setPause(dataSource, 0.1);
      await spoilMetrics(dataSource);
      const writers = startRawWriters(bouncer.url, from, 1);
      const env = { OPS_DRAIN_CONCURRENCY: '1' };
      await GatewayProcess.start(bouncer.url, 'through-1', env);
      for (let kill = 0; kill < 3; kill += 1) {
        const victim = await GatewayProcess.start(bouncer.url, 'through-2', env);
        await victim.rebuild(from, end);
        await eventually(async () => (await heldDays(dataSource, 'through-2')).length > 0, 'draining');
        await victim.kill();
      }
      expect(await writers.stop()).toBeGreaterThan(0);
      await settled(dataSource, end);
      await endGatewayProcesses();
      expect(await concurrentComputations(dataSource)).toEqual([]);
      await expectRight(urlOf(name), from, end);
    }, 300_000);

    it('leaves nothing of a session behind on the pooled connections', async () => {
      const gateway = await GatewayProcess.start(bouncer.url, 'through-1');
      await gateway.rebuild(from, end);
      await settled(dataSource, end);
      await gateway.kill();

      const locks = await dataSource.query<unknown[]>(
        `SELECT * FROM pg_locks WHERE locktype = 'advisory'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      expect(locks).toEqual([]);
      const settings = `SELECT pg_backend_pid() AS pid, current_setting('statement_timeout') AS statement,
        current_setting('lock_timeout') AS lock, current_setting('jit') AS jit,
        current_setting('idle_in_transaction_session_timeout') AS idle,
        (SELECT count(*)::int FROM pg_prepared_statements) AS prepared,
        (SELECT count(*)::int FROM pg_listening_channels()) AS listening`;
      const [untouched] = await dataSource.query<{ pid: number }[]>(settings);
      // One transaction on each server connection of the proxy, all open at once.
      const clients = Array.from({ length: POOL_SIZE }, () => new pg.Client(bouncer.url));
      const pids = new Set<number>();
      try {
        for (const client of clients) {
          await client.connect();
          await client.query('BEGIN');
          const { rows } = await client.query<{ pid: number }>(settings);
          expect(rows).toEqual([{ ...untouched, pid: rows[0]?.pid }]);
          pids.add(rows[0]?.pid ?? 0);
        }
      } finally {
        await Promise.all(clients.map((client) => client.end()));
      }
      expect(pids.size).toBe(POOL_SIZE);
    }, 300_000);
  },
);
