import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOUR_MS } from '../../src/ops/common/utc.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { ProcessScene } from '../support/process-scene.js';
import { seeded } from '../support/traffic.js';

const KILLS = 20;

describe('a gateway that dies', () => {
  const scene = new ProcessScene('process_kill', { days: 12, rows: 12_000, seed: 3 });
  beforeAll(() => scene.fill(0.15), 300_000);

  /** Rows of a random hour of the range: the safe ids have to survive as well. */
  const writeLateRows = async (below: (n: number) => number): Promise<void> => {
    await scene.insertLate(new Date(+scene.from + below(+scene.end - +scene.from)));
  };

  /** Ends the sessions of an instance, and waits until they are gone. */
  const terminate = async (instance: string): Promise<void> => {
    await scene.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE application_name = $1 AND datname = current_database()`,
      [instance],
    );
  };

  /**
   * Starts a gateway, which asks for a rebuild of everything or for nothing, and kills it some time later, in a drain or
   * anywhere; whether it held a day at that moment.
   */
  const killAt = async (name: string, asks: boolean, inDrain: boolean, delayMs: number): Promise<boolean> => {
    const gateway = GatewayProcess.launch(scene.url, name);
    if (asks) {
      await gateway.listening();
      await gateway.rebuild(scene.from, scene.end);
    }
    if (inDrain) await scene.draining(name);
    await sleep(delayMs);
    const held = (await scene.held(name)).length > 0;
    await gateway.kill();
    return held;
  };

  it(`goes on by itself after ${KILLS} kill -9 at random moments, two at a time`, async () => {
    const below = seeded(20);
    let inMidDrain = 0;
    for (let kill = 0; kill < KILLS; kill += 2) {
      // The first have the backfill to drain.
      const asks = kill > 0 && kill % 4 === 0;
      if (asks) await scene.spoil();
      // Most of them in a drain; the rest anywhere, the start included.
      const kills = [kill, kill + 1].map((n) =>
        killAt(`killed-${n}`, asks && n === kill, below(5) > 0, below(300)),
      );
      inMidDrain += (await Promise.all(kills)).filter((held) => held).length;
      await writeLateRows(below);
    }
    expect(inMidDrain).toBeGreaterThan(KILLS / 4);

    await scene.pause(0);
    await scene.spoil();
    const survivor = await scene.start('survivor');
    await survivor.rebuild(scene.from, scene.end);
    await scene.expectRightAtTheEnd();
  }, 300_000);

  it('ends a rebuild whose last day was committed by an instance that died right after', async () => {
    const gateway = await scene.start('almost');
    await scene.settled();
    await scene.query(`
      CREATE FUNCTION hesitate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
      CREATE TRIGGER hesitate BEFORE UPDATE ON ops_rebuilds FOR EACH ROW EXECUTE FUNCTION hesitate();
    `);
    const id = await gateway.rebuild(new Date(+scene.end - HOUR_MS), scene.end);
    await eventually(async () => (await scene.pendingDays()).size === 0, 'drained');
    await gateway.kill();
    await terminate('almost'); // or its last statement would still be carried out
    await scene.query('DROP TRIGGER hesitate ON ops_rebuilds');
    const left = await scene.query<unknown>('SELECT finished_at FROM ops_rebuilds WHERE id = $1', [id]);
    expect(left).toEqual([{ finished_at: null }]);

    await scene.start('heir');
    await scene.settled();
  }, 300_000);

  it('keeps running when its connections are terminated at random moments', async () => {
    await scene.pause(0.1);
    const below = seeded(15);
    const gateway = await scene.start('cut-off');
    let inMidDrain = 0;
    for (let cut = 0; cut < 12; cut += 1) {
      if (cut % 4 === 0) {
        await scene.spoil();
        await eventually(
          async () =>
            (await gateway.ask('POST', '/admin/ops/rebuilds', { from: scene.from, to: scene.end }))[0] ===
            202,
          'asked for a rebuild',
        );
      }
      await scene.draining('cut-off');
      await sleep(below(150));
      inMidDrain += (await scene.held('cut-off')).length > 0 ? 1 : 0;
      await terminate('cut-off');
      await writeLateRows(below);
    }
    expect(inMidDrain).toBeGreaterThan(3);

    await scene.settled();
    expect(gateway.runs).toBe(true);
    expect((await gateway.ask('GET', '/health'))[0]).toBe(200);
    const { failing } = (
      (await gateway.ask('GET', '/admin/ops/status'))[1] as { invalidations: { failing: number } }
    ).invalidations;
    expect(failing).toBe(0);
    await scene.expectRightAtTheEnd();
  }, 300_000);
});
