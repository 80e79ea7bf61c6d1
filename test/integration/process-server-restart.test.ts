import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { ProcessScene } from '../support/process-scene.js';
import { createRestartableDatabase } from '../support/restartable-database.js';
import type { RestartableServer } from '../support/restartable-server.js';
import { seeded } from '../support/traffic.js';

const RESTARTS = 4;

describe('a server that is stopped in immediate mode and started again', () => {
  let server: RestartableServer;
  const scene = new ProcessScene(
    'process_server_restart',
    { days: 10, rows: 10_000, seed: 5 },
    { create: async () => ({ server } = await createRestartableDatabase()).database },
  );
  // Long enough to be hit in the middle, short enough for the one by one that several crashes in a row are followed by.
  beforeAll(() => scene.fill(0.05), 300_000);

  it('finds the same process at work again, which loses nothing and needs no help', async () => {
    const below = seeded(4);
    const gateway = await scene.start('patient');
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      await scene.spoil();
      await eventually(
        async () =>
          (await gateway.ask('POST', '/admin/ops/rebuilds', { from: scene.from, to: scene.end }))[0] === 202,
        'asked for a rebuild',
      );
      await scene.draining('patient');
      await sleep(below(300));
      await server.stopImmediately();
      expect((await gateway.ask('GET', '/ready'))[0]).toBe(503);
      await server.startAgain();
      const late = new Date(+scene.from + below(+scene.end - +scene.from));
      await eventually(
        () =>
          scene.insertLate(late).then(
            () => true,
            () => false,
          ),
        'connected',
      );
    }
    await scene.settled();
    expect(gateway.runs).toBe(true);
    expect((await gateway.ask('GET', '/ready'))[0]).toBe(200);
    await scene.expectRightAtTheEnd();
  }, 300_000);
});
