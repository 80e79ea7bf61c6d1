import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { auditDrains, concurrentComputations, drainsByInstance } from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { startRawWriters } from '../support/raw-writers.js';
import { expectRight, hoursAgo, settled } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { spoilMetrics, writeTraffic } from '../support/traffic.js';

const INSTANCES = ['one', 'two', 'three', 'four'];

describe('four gateways at once', () => {
  let database: TestDatabase;
  let from: Date;
  let end: Date;

  beforeAll(async () => {
    database = await createTestDatabase('process_replicas');
    from = await hoursAgo(database.dataSource, 12 * 24);
    end = await hoursAgo(database.dataSource, 0);
    await writeTraffic(database.dataSource, { from, to: end, rows: 40_000, seed: 11 });
    await auditDrains(database.dataSource, 0.2);
  }, 300_000);
  afterEach(endGatewayProcesses);
  afterAll(async () => {
    await database.drop();
  });

  /** Kept by the server for the life of the database: the server's log may be out of reach. */
  const deadlocks = async (): Promise<number> => {
    await database.dataSource.query('SELECT pg_stat_clear_snapshot()');
    const [row] = await database.dataSource.query<{ deadlocks: number }[]>(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    return row?.deadlocks ?? -1;
  };

  it('share rebuilds, beside two writers, without ever computing an hour twice at once', async () => {
    const gateways = await Promise.all(
      INSTANCES.map((name) => GatewayProcess.start(database.url, name, { OPS_DRAIN_CONCURRENCY: '1' })),
    );
    const writers = startRawWriters(database.url, from, 2);
    for (const gateway of gateways) {
      await spoilMetrics(database.dataSource);
      // Two at once, overlapping; the rest of the range with the next round.
      await Promise.all([
        gateway.rebuild(from, end),
        gateways[0]?.rebuild(await hoursAgo(database.dataSource, 48), end),
      ]);
    }
    await eventually(async () => {
      // As if an hour had just closed: its overlap is noted while the others note what they find.
      await database.dataSource.query(
        `UPDATE ops_detect_state SET closed_through = closed_through - interval '3 hours'`,
      );
      const drains = await drainsByInstance(database.dataSource);
      return INSTANCES.every((name) => (drains.get(name) ?? 0) >= 3);
    }, 'every instance with a share of the work');
    expect(await writers.stop()).toBeGreaterThan(10);

    await settled(database.dataSource, end);
    expect(gateways.every((gateway) => gateway.runs)).toBe(true);
    const failed = await database.dataSource.query<{ job: string; error: string }[]>(
      'SELECT job_name AS job, last_error AS error FROM ops_job_heartbeats WHERE last_error IS NOT NULL',
    );
    expect(failed).toEqual([]);
    // A session reports what it counted when it goes idle or ends.
    await endGatewayProcesses();
    expect(await deadlocks()).toBe(0);
    expect(await concurrentComputations(database.dataSource)).toEqual([]);
    await expectRight(database.url, from, end);
  }, 300_000);
});
