import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { auditDrains, heldDays, openTransactions, pendingDays, setPause } from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { expectRight, hoursAgo, settled } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { spoilMetrics, writeTraffic } from '../support/traffic.js';

describe('a gateway that is asked to stop during a rebuild', () => {
  let database: TestDatabase;
  let from: Date;
  let end: Date;

  beforeAll(async () => {
    database = await createTestDatabase('process_shutdown');
    from = await hoursAgo(database.dataSource, 10 * 24);
    end = await hoursAgo(database.dataSource, 0);
    await writeTraffic(database.dataSource, { from, to: end, rows: 20_000, seed: 23 });
    await auditDrains(database.dataSource, 0);
    await GatewayProcess.start(database.url, 'first');
    await settled(database.dataSource, end);
    await endGatewayProcesses();
  }, 300_000);
  afterEach(endGatewayProcesses);
  afterAll(async () => {
    await database.drop();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: finishes the hours in work, exits 0, and is resumed',
    async (signal) => {
      await spoilMetrics(database.dataSource);
      await setPause(database.dataSource, 0.3);
      const gateway = await GatewayProcess.start(database.url, 'asked', { OPS_DRAIN_CONCURRENCY: '1' });
      const id = await gateway.rebuild(from, end);
      // Not the one whose daily rows the maintenance job may be computing at the same moment.
      const held = await eventually(
        async () => (await heldDays(database.dataSource, 'asked')).find(({ draining }) => draining),
        'draining',
      );
      gateway.signal(signal);

      expect(await gateway.ended).toEqual({ code: 0, signal: null });
      expect(gateway.output).not.toMatch(/ERROR|Error:/);
      // The server needs a moment to see that a session's socket was closed.
      await eventually(
        async () => (await openTransactions(database.dataSource, 'asked')) === 0,
        'without transactions',
      );
      const left = await pendingDays(database.dataSource, end);
      expect(left.size).toBeGreaterThan(0);
      expect(left.has(held.day)).toBe(false);

      await setPause(database.dataSource, 0);
      const next = await GatewayProcess.start(database.url, 'next');
      await settled(database.dataSource, end);
      const [, progress] = await next.ask('GET', `/admin/ops/rebuilds/${id}`);
      expect(progress).toMatchObject({ state: 'finished', hours: { failed: 0, cancelled: 0 } });
      await endGatewayProcesses();
      await expectRight(database.url, from, end);
    },
    300_000,
  );
});
