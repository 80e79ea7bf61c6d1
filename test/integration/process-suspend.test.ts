import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  auditDrains,
  concurrentComputations,
  heldDays,
  pendingDays,
  setPause,
  type HeldDay,
} from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { expectRight, hoursAgo, settled } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { INSERT_BOTH, spoilMetrics, writeTraffic } from '../support/traffic.js';

const DAYS = 8;

describe('a gateway that is suspended in mid-drain', () => {
  let database: TestDatabase;
  let from: Date;
  let end: Date;

  beforeAll(async () => {
    database = await createTestDatabase('process_suspend');
    from = await hoursAgo(database.dataSource, DAYS * 24);
    end = await hoursAgo(database.dataSource, 0);
    await writeTraffic(database.dataSource, { from, to: end, rows: 20_000, seed: 17 });
    await auditDrains(database.dataSource, 0);
    await GatewayProcess.start(database.url, 'first');
    await settled(database.dataSource, end);
    await endGatewayProcesses();
  }, 300_000);
  beforeEach(async () => {
    await setPause(database.dataSource, 0.2);
    await spoilMetrics(database.dataSource);
  });
  afterEach(endGatewayProcesses);
  afterAll(async () => {
    await database.drop();
  });

  /** Stops the process at a moment when its transaction stays open, with the day locked, because nobody ends it. */
  const suspendInMidDrain = async (gateway: GatewayProcess, name: string): Promise<HeldDay> =>
    eventually(async () => {
      if (!(await heldDays(database.dataSource, name)).some(({ draining }) => draining)) return undefined;
      gateway.signal('SIGSTOP');
      const held = await eventually(async () => {
        const days = await heldDays(database.dataSource, name);
        return days.some(({ state }) => state === 'active') ? undefined : days;
      }, 'done with the statement in work');
      // It may just have sent its COMMIT, and the maintenance job may have a day of its own.
      if (held.length === 1) return held[0];
      gateway.signal('SIGCONT');
      return undefined;
    }, 'suspended in mid-drain');

  it('leaves every other day to the rest, and finishes its own once it goes on', async () => {
    const env = { OPS_DRAIN_CONCURRENCY: '1', OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS: '600000' };
    const sleeper = await GatewayProcess.start(database.url, 'sleeper', env);
    await sleeper.rebuild(from, end);
    const held = await suspendInMidDrain(sleeper, 'sleeper');
    await GatewayProcess.start(database.url, 'awake', env);
    await eventually(async () => {
      const days = await pendingDays(database.dataSource, end);
      return days.size === 1 && days.has(held.day);
    }, 'everything but the held day');
    expect(await heldDays(database.dataSource, 'sleeper')).toEqual([held]);

    sleeper.signal('SIGCONT');
    await settled(database.dataSource, end);
    await endGatewayProcesses();
    expect(await concurrentComputations(database.dataSource)).toEqual([]);
    await expectRight(database.url, from, end);
  }, 300_000);

  it('loses its day to the rest after the idle timeout, does no harm when it goes on, and works again', async () => {
    const env = { OPS_DRAIN_CONCURRENCY: '1', OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS: '1500' };
    const sleeper = await GatewayProcess.start(database.url, 'loser', env);
    await sleeper.rebuild(from, end);
    const held = await suspendInMidDrain(sleeper, 'loser');
    const [mark] = await database.dataSource.query<{ id: string }[]>('SELECT max(id)::text AS id FROM audit');
    const awake = await GatewayProcess.start(database.url, 'taker', env);
    await settled(database.dataSource, end);
    const takers = await database.dataSource.query<{ instance: string }[]>(
      `SELECT DISTINCT instance FROM audit WHERE id > $2
          AND bucket_start >= $1::timestamptz AND bucket_start < $1::timestamptz + interval '24 hours'`,
      [held.day, mark?.id],
    );
    expect(takers).toEqual([{ instance: 'taker' }]);
    expect(sleeper.runs).toBe(true);
    await awake.kill();

    sleeper.signal('SIGCONT');
    await eventually(async () => (await sleeper.ask('GET', '/ready'))[0] === 200, 'ready');
    await setPause(database.dataSource, 0);
    await spoilMetrics(database.dataSource);
    await sleeper.rebuild(from, end);
    await settled(database.dataSource, end);
    expect(sleeper.runs).toBe(true);
    await endGatewayProcesses();
    expect(await concurrentComputations(database.dataSource)).toEqual([]);
    await expectRight(database.url, from, end);
  }, 300_000);

  it('keeps nobody from draining by what its detection holds', async () => {
    await GatewayProcess.start(database.url, 'awake', { OPS_LOCK_TIMEOUT_MS: '300' });
    await settled(database.dataSource, end);
    // As if it had been suspended right there.
    const suspended = database.dataSource.createQueryRunner();
    try {
      await suspended.startTransaction();
      await suspended.query('SELECT FROM ops_detect_state FOR UPDATE');
      // Without a new row detection has nothing to wait for. The audit may find it first, and note its hour.
      await database.dataSource.query(INSERT_BOTH, [[from.toISOString()]]);
      await database.dataSource.query(
        `INSERT INTO ops_metrics_invalidations (bucket_start, reason)
         SELECT at, 'verify' FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', '1 hour') AS at
         ON CONFLICT DO NOTHING`,
        [from.toISOString(), end.toISOString()],
      );
      await eventually(
        async () => (await pendingDays(database.dataSource, end)).size === 0,
        'drained without detection',
      );
      await eventually(async () => {
        const failed = await database.dataSource.query<unknown[]>(
          `SELECT FROM ops_job_heartbeats
            WHERE job_name = 'ops_rollup_refresh' AND last_error LIKE '55P03:%'`,
        );
        return failed.length > 0;
      }, 'recorded as a failure of detection');
    } finally {
      await suspended.rollbackTransaction();
      await suspended.release();
    }
    await settled(database.dataSource, end);
    await endGatewayProcesses();
    await expectRight(database.url, from, end);
  }, 300_000);
});
