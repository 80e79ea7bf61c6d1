import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { auditDrains, concurrentComputations, heldDays } from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { startRestartableServer, type RestartableServer } from '../support/restartable-server.js';
import { expectRight, hoursAgo, settled } from '../support/rollup-check.js';
import { INSERT_BOTH, seeded, spoilMetrics, writeTraffic } from '../support/traffic.js';

const RESTARTS = 4;

describe('a server that is stopped in immediate mode and started again', () => {
  let server: RestartableServer;
  let dataSource: DataSource;
  let from: Date;
  let end: Date;

  beforeAll(async () => {
    server = await startRestartableServer();
    dataSource = await createDataSource(server.url).initialize();
    await migrate(dataSource);
    from = await hoursAgo(dataSource, 10 * 24);
    end = await hoursAgo(dataSource, 0);
    await writeTraffic(dataSource, { from, to: end, rows: 30_000, seed: 5 });
    await auditDrains(dataSource, 0.15);
  }, 300_000);
  afterEach(endGatewayProcesses);
  afterAll(async () => {
    await dataSource.destroy();
    await server.remove();
  }, 300_000);

  it('finds the same process at work again, which loses nothing and needs no help', async () => {
    const below = seeded(4);
    const gateway = await GatewayProcess.start(server.url, 'patient');
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      await spoilMetrics(dataSource);
      await eventually(
        async () => (await gateway.ask('POST', '/admin/ops/rebuilds', { from, to: end }))[0] === 202,
        'asked for a rebuild',
      );
      await eventually(async () => (await heldDays(dataSource, 'patient')).length > 0, 'draining');
      await sleep(below(300));
      await server.stopImmediately();
      expect((await gateway.ask('GET', '/ready'))[0]).toBe(503);
      await server.startAgain();
      const late = new Date(+from + below(+end - +from)).toISOString();
      await eventually(
        () =>
          dataSource.query(INSERT_BOTH, [[late]]).then(
            () => true,
            () => false,
          ),
        'connected',
      );
    }
    await settled(dataSource, end);
    expect(gateway.runs).toBe(true);
    expect((await gateway.ask('GET', '/ready'))[0]).toBe(200);
    await endGatewayProcesses();
    await expectRight(server.url, from, end);
    expect(await concurrentComputations(dataSource)).toEqual([]);
  }, 300_000);
});
