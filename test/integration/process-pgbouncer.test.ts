import { beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayProcess } from '../support/gateway-process.js';
import { PGBOUNCER, startPgBouncer, type PgBouncer } from '../support/pgbouncer.js';
import { ProcessScene } from '../support/process-scene.js';
import { startRawWriters } from '../support/raw-writers.js';
import { createUnmigratedDatabase } from '../support/test-database.js';
import { INSERT_BOTH } from '../support/traffic.js';

const POOL_SIZE = 4;
const reason = PGBOUNCER === undefined ? ' (skipped: pgbouncer is not installed)' : '';

(PGBOUNCER === undefined ? describe.skip : describe)(
  `behind a transaction-pooling pgbouncer${reason}`,
  () => {
    /** Its connections go straight to the server: what the tests themselves look at. */
    const scene = new ProcessScene(
      'process_pgbouncer',
      { days: 8, rows: 10_000, seed: 29 },
      { create: () => createUnmigratedDatabase('process_pgbouncer') },
    );
    let bouncer: PgBouncer;
    const start = (name: string, env?: Record<string, string>): Promise<GatewayProcess> =>
      scene.start(name, env, bouncer.url);

    beforeAll(async () => {
      bouncer = await startPgBouncer(scene.url, POOL_SIZE);
      scene.defer(() => bouncer.stop());
    }, 300_000);

    async function migrateAtOnce(url: string, count: number): Promise<void> {
      const migrations = Array.from({ length: count }, () => GatewayProcess.command(url, ['migrate']));
      for (const migration of migrations) {
        expect({ ...(await migration.ended), output: migration.output }).toMatchObject({ code: 0 });
      }
    }

    it('migrates and fills an empty database', async () => {
      await migrateAtOnce(bouncer.url, 2);
      await scene.fill();
      await start('through-1');
      await scene.expectRightAtTheEnd();
    }, 300_000);

    it('lets more processes migrate at once than the pool has connections', async () => {
      const empty = await createUnmigratedDatabase('process_pgbouncer_small');
      scene.defer(() => empty.drop());
      const small = await startPgBouncer(empty.url, 2);
      scene.defer(() => small.stop());
      await migrateAtOnce(small.url, 3);
    }, 300_000);

    it('finds rows of a writer that stays open longer than several ticks', async () => {
      const gateway = await start('through-1');
      const writer = await scene.connect(bouncer.url);
      await writer.query('BEGIN');
      await writer.query(INSERT_BOTH, [[scene.from.toISOString()]]);
      await scene.insertLate(new Date(+scene.from + 7_200_000));
      for (let tick = 0; tick < 2; tick += 1) {
        await gateway.refresh();
      }
      await writer.query('COMMIT');
      await scene.expectRightAtTheEnd();
    }, 300_000);

    it('shares rebuilds between two gateways beside a writer, and goes on after kill -9', async () => {
      await scene.pause(0.1);
      await scene.spoil();
      const writers = startRawWriters(bouncer.url, scene.from, 1);
      const env = { OPS_DRAIN_CONCURRENCY: '1' };
      await start('through-1', env);
      for (let kill = 0; kill < 3; kill += 1) {
        const victim = await start('through-2', env);
        await victim.rebuild(scene.from, scene.end);
        await scene.draining('through-2');
        await victim.kill();
      }
      expect(await writers.stop()).toBeGreaterThan(0);
      await scene.expectRightAtTheEnd();
    }, 300_000);

    it('leaves nothing of a session behind on the pooled connections', async () => {
      const gateway = await start('through-1');
      await gateway.rebuild(scene.from, scene.end);
      await scene.settled();
      await gateway.kill();

      const locks = await scene.query<unknown>(
        `SELECT * FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      expect(locks).toEqual([]);
      const settings = `SELECT pg_backend_pid() AS pid, current_setting('statement_timeout') AS statement,
      current_setting('lock_timeout') AS lock, current_setting('jit') AS jit,
      current_setting('idle_in_transaction_session_timeout') AS idle,
      (SELECT count(*)::int FROM pg_prepared_statements) AS prepared,
      (SELECT count(*)::int FROM pg_listening_channels()) AS listening`;
      const [untouched] = await scene.query<{ pid: number }>(settings);
      // One transaction on each server connection of the proxy, all open at once.
      const clients = await Promise.all(Array.from({ length: POOL_SIZE }, () => scene.connect(bouncer.url)));
      const pids = new Set<number>();
      for (const client of clients) {
        await client.query('BEGIN');
        const { rows } = await client.query<{ pid: number }>(settings);
        expect(rows).toEqual([{ ...untouched, pid: rows[0]?.pid }]);
        pids.add(rows[0]?.pid ?? 0);
      }
      expect(pids.size).toBe(POOL_SIZE);
    }, 300_000);
  },
);
