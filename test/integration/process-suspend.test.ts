import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTransactions, type HeldDay } from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { ProcessScene } from '../support/process-scene.js';

const DAYS = 5;
/** Seconds: once the middle of a drain has been hit, the rest needs no more time than to meet the others in it. */
const HURRY = 0.02;

describe('a gateway in mid-drain', () => {
  const scene = new ProcessScene('process_suspend', { days: DAYS, rows: 12_500, seed: 17, drained: true });
  beforeAll(() => scene.fill(), 300_000);
  beforeEach(async () => {
    await scene.pause(0.2);
    await scene.spoil();
  });

  /** Stops the process at a moment when its transaction stays open, with days locked, because nobody ends it. */
  const suspendInMidDrain = async (gateway: GatewayProcess, name: string): Promise<HeldDay[]> =>
    eventually(async () => {
      if (!(await scene.held(name)).some(({ draining }) => draining)) return undefined;
      gateway.signal('SIGSTOP');
      const held = await eventually(async () => {
        const days = await scene.held(name);
        return days.some(({ state }) => state === 'active') ? undefined : days;
      }, 'done with the statement in work');
      // It may just have sent its COMMIT, and the maintenance job may have a day of its own.
      if (new Set(held.map(({ pid }) => pid)).size === 1) return held;
      gateway.signal('SIGCONT');
      return undefined;
    }, 'suspended in mid-drain');

  it('suspended, leaves every other day to the rest, and finishes its own once it goes on', async () => {
    const env = { OPS_DRAIN_CONCURRENCY: '1', OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS: '600000' };
    const sleeper = await scene.start('sleeper', env);
    await sleeper.rebuild(scene.from, scene.end);
    const held = await suspendInMidDrain(sleeper, 'sleeper');
    await scene.pause(HURRY);
    await scene.start('awake', env);
    await eventually(async () => {
      const days = await scene.pendingDays();
      return days.size === held.length && held.every(({ day }) => days.has(day));
    }, 'everything but the held days');
    expect(await scene.held('sleeper')).toEqual(held);

    sleeper.signal('SIGCONT');
    await scene.expectRightAtTheEnd();
  }, 300_000);

  it('suspended, loses its days to the rest after the idle timeout, does no harm when it goes on, and works again', async () => {
    const env = { OPS_DRAIN_CONCURRENCY: '1', OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS: '1500' };
    const sleeper = await scene.start('loser', env);
    await sleeper.rebuild(scene.from, scene.end);
    const held = await suspendInMidDrain(sleeper, 'loser');
    await scene.pause(HURRY);
    const [mark] = await scene.query<{ id: string }>('SELECT max(id)::text AS id FROM audit');
    const awake = await scene.start('taker', env);
    await scene.settled();
    const takers = await scene.query<{ instance: string }>(
      `SELECT DISTINCT instance FROM audit WHERE id > $2
          AND date_trunc('day', bucket_start, 'UTC') = ANY($1::timestamptz[])`,
      [held.map(({ day }) => day), mark?.id],
    );
    expect(takers).toEqual([{ instance: 'taker' }]);
    expect(sleeper.runs).toBe(true);
    await awake.kill();

    sleeper.signal('SIGCONT');
    await eventually(async () => (await sleeper.ask('GET', '/ready'))[0] === 200, 'ready');
    await scene.pause(0);
    await scene.spoil();
    await sleeper.rebuild(scene.from, scene.end);
    await scene.settled();
    expect(sleeper.runs).toBe(true);
    await scene.expectRightAtTheEnd();
  }, 300_000);

  it('suspended, keeps nobody from draining by what its detection holds', async () => {
    await scene.start('awake', { OPS_LOCK_TIMEOUT_MS: '300' });
    await scene.settled();
    await scene.pause(HURRY);
    // As if it had been suspended right there.
    const suspended = await scene.begin('SELECT FROM ops_detect_state FOR UPDATE');
    // Without a new row detection has nothing to wait for. The audit may find it first, and note its hour.
    await scene.insertLate(scene.from);
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason)
       SELECT tier, at, 'verify' FROM (VALUES ('hour', interval '1 hour'), ('minute', interval '1 minute')) AS t(tier, width),
         generate_series($1::timestamptz, $2::timestamptz - width, width) AS at
       ON CONFLICT DO NOTHING`,
      [scene.from, scene.end],
    );
    await eventually(async () => (await scene.pendingDays()).size === 0, 'drained without detection');
    await eventually(async () => {
      const failed = await scene.query<unknown>(
        `SELECT FROM ops_job_heartbeats
          WHERE job_name = 'ops_rollup_refresh' AND last_error LIKE '55P03:%'`,
      );
      return failed.length > 0;
    }, 'recorded as a failure of detection');
    await suspended.query('ROLLBACK');
    await scene.expectRightAtTheEnd();
  }, 300_000);

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'asked to stop by %s, finishes the hours in work, exits 0, and is resumed',
    async (signal) => {
      await scene.pause(0.3);
      const gateway = await scene.start('asked', { OPS_DRAIN_CONCURRENCY: '1' });
      const id = await gateway.rebuild(scene.from, scene.end);
      // Not the one whose daily rows the maintenance job may be computing at the same moment.
      const held = await eventually(
        async () => (await scene.held('asked')).find(({ draining }) => draining),
        'draining',
      );
      gateway.signal(signal);

      expect(await gateway.ended).toEqual({ code: 0, signal: null });
      expect(gateway.output).not.toMatch(/ERROR|Error:/);
      // The server needs a moment to see that a session's socket was closed.
      await eventually(
        async () => (await openTransactions(scene.dataSource, 'asked')) === 0,
        'without transactions',
      );
      const left = await scene.pendingDays();
      expect(left.size).toBeGreaterThan(0);
      expect(left.has(held.day)).toBe(false);

      await scene.pause(0);
      const next = await scene.start('next');
      await scene.settled();
      const [, progress] = await next.ask('GET', `/admin/ops/rebuilds/${id}`);
      expect(progress).toMatchObject({ state: 'finished', hours: { failed: 0, cancelled: 0 } });
      await scene.expectRightAtTheEnd();
    },
    300_000,
  );
});
