import { beforeAll, describe, expect, it } from '@jest/globals';
import { drainsByInstance } from '../support/drain-audit.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses } from '../support/gateway-process.js';
import { ProcessScene } from '../support/process-scene.js';
import { startRawWriters } from '../support/raw-writers.js';

const INSTANCES = ['one', 'two', 'three', 'four'];

describe('four gateways at once', () => {
  const scene = new ProcessScene('process_replicas', { days: 12, rows: 12_000, seed: 11 });
  beforeAll(() => scene.fill(0.2), 300_000);

  /** Kept by the server for the life of the database: the server's log may be out of reach. */
  const deadlocks = async (): Promise<number> => {
    await scene.query('SELECT pg_stat_clear_snapshot()');
    const [row] = await scene.query<{ deadlocks: number }>(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    return row?.deadlocks ?? -1;
  };

  it('share rebuilds, beside two writers, without ever computing an hour twice at once', async () => {
    const gateways = await Promise.all(
      INSTANCES.map((name) => scene.start(name, { OPS_DRAIN_CONCURRENCY: '1' })),
    );
    const writers = startRawWriters(scene.url, scene.from, 2);
    for (const gateway of gateways) {
      await scene.spoil();
      // Two at once, overlapping; the rest of the range with the next round.
      await Promise.all([
        gateway.rebuild(scene.from, scene.end),
        gateways[0]?.rebuild(await scene.ago(48), scene.end),
      ]);
    }
    await eventually(async () => {
      // As if an hour had just closed: its overlap is noted while the others note what they find.
      await scene.query(`UPDATE ops_detect_state SET closed_through = closed_through - interval '3 hours'`);
      const drains = await drainsByInstance(scene.dataSource);
      return INSTANCES.every((name) => (drains.get(name) ?? 0) >= 3);
    }, 'every instance with a share of the work');
    expect(await writers.stop()).toBeGreaterThan(10);

    await scene.settled();
    expect(gateways.every((gateway) => gateway.runs)).toBe(true);
    const failed = await scene.query<{ job: string; error: string }>(
      'SELECT job_name AS job, last_error AS error FROM ops_job_heartbeats WHERE last_error IS NOT NULL',
    );
    expect(failed).toEqual([]);
    // A session reports what it counted when it goes idle or ends.
    await endGatewayProcesses();
    expect(await deadlocks()).toBe(0);
    await scene.expectRightAtTheEnd();
  }, 300_000);
});
