import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  auditDrains,
  concurrentComputations,
  heldDays,
  pendingDays,
  setPause,
} from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { expectRight, hoursAgo, settled } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { INSERT_BOTH, seeded, spoilMetrics, writeTraffic } from '../support/traffic.js';

const KILLS = 20;

describe('a gateway that dies', () => {
  let database: TestDatabase;
  let from: Date;
  let end: Date;

  beforeAll(async () => {
    database = await createTestDatabase('process_kill');
    from = await hoursAgo(database.dataSource, 12 * 24);
    end = await hoursAgo(database.dataSource, 0);
    await writeTraffic(database.dataSource, { from, to: end, rows: 40_000, seed: 3 });
    await auditDrains(database.dataSource, 0.15);
  }, 300_000);
  afterEach(endGatewayProcesses);
  afterAll(async () => {
    await database.drop();
  });

  /** Rows of a random hour of the range: the safe ids have to survive as well. */
  const writeLateRows = async (below: (n: number) => number): Promise<void> => {
    const late = new Date(+from + below(+end - +from)).toISOString();
    await database.dataSource.query(INSERT_BOTH, [[late, late]]);
  };

  /** Ends the sessions of an instance, and waits until they are gone. */
  const terminate = async (instance: string): Promise<void> => {
    await database.dataSource.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE application_name = $1 AND datname = current_database()`,
      [instance],
    );
  };

  it(`goes on by itself after ${KILLS} kill -9 at random moments`, async () => {
    const below = seeded(20);
    let inMidDrain = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const name = `killed-${kill}`;
      const gateway = GatewayProcess.launch(database.url, name);
      if (below(5) > 0) {
        // Most of them in a drain; the rest anywhere, the start included.
        await eventually(async () => (await heldDays(database.dataSource, name)).length > 0, 'draining');
      }
      await sleep(below(300));
      inMidDrain += (await heldDays(database.dataSource, name)).length > 0 ? 1 : 0;
      await gateway.kill();
      await writeLateRows(below);
      if (kill % 4 === 3) {
        await spoilMetrics(database.dataSource);
        const requested = await GatewayProcess.start(database.url, `rebuilder-${kill}`);
        await requested.rebuild(from, end);
        await requested.kill();
      }
    }
    expect(inMidDrain).toBeGreaterThan(KILLS / 4);

    await setPause(database.dataSource, 0);
    await GatewayProcess.start(database.url, 'survivor');
    await settled(database.dataSource, end);
    await endGatewayProcesses();
    await expectRight(database.url, from, end);
    expect(await concurrentComputations(database.dataSource)).toEqual([]);
  }, 300_000);

  it('ends a rebuild whose last day was committed by an instance that died right after', async () => {
    const gateway = await GatewayProcess.start(database.url, 'almost');
    await settled(database.dataSource, end);
    await database.dataSource.query(`
      CREATE FUNCTION hesitate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
      CREATE TRIGGER hesitate BEFORE UPDATE ON ops_rebuilds FOR EACH ROW EXECUTE FUNCTION hesitate();
    `);
    const id = await gateway.rebuild(await hoursAgo(database.dataSource, 1), end);
    await eventually(async () => (await pendingDays(database.dataSource, end)).size === 0, 'drained');
    await gateway.kill();
    await terminate('almost'); // or its last statement would still be carried out
    await database.dataSource.query('DROP TRIGGER hesitate ON ops_rebuilds');
    const left = await database.dataSource.query<unknown[]>(
      'SELECT finished_at FROM ops_rebuilds WHERE id = $1',
      [id],
    );
    expect(left).toEqual([{ finished_at: null }]);

    await GatewayProcess.start(database.url, 'heir');
    await settled(database.dataSource, end);
  }, 300_000);

  it('keeps running when its connections are terminated at random moments', async () => {
    await setPause(database.dataSource, 0.1);
    const below = seeded(15);
    const gateway = await GatewayProcess.start(database.url, 'cut-off');
    let inMidDrain = 0;
    for (let cut = 0; cut < 12; cut += 1) {
      if (cut % 4 === 0) {
        await spoilMetrics(database.dataSource);
        await eventually(
          async () => (await gateway.ask('POST', '/admin/ops/rebuilds', { from, to: end }))[0] === 202,
          'asked for a rebuild',
        );
      }
      await eventually(async () => (await heldDays(database.dataSource, 'cut-off')).length > 0, 'draining');
      await sleep(below(150));
      inMidDrain += (await heldDays(database.dataSource, 'cut-off')).length > 0 ? 1 : 0;
      await terminate('cut-off');
      await writeLateRows(below);
    }
    expect(inMidDrain).toBeGreaterThan(3);

    await settled(database.dataSource, end);
    expect(gateway.runs).toBe(true);
    expect((await gateway.ask('GET', '/health'))[0]).toBe(200);
    const { failing } = (
      (await gateway.ask('GET', '/admin/ops/status'))[1] as { invalidations: { failing: number } }
    ).invalidations;
    expect(failing).toBe(0);
    await endGatewayProcesses();
    await expectRight(database.url, from, end);
  }, 300_000);
});
