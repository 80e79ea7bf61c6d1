import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { INSERT_BOTH } from '../support/traffic.js';

const NOTE = `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ($1::timestamptz, 'new_rows')
  ON CONFLICT (tier, bucket_start) DO UPDATE SET noted_at = clock_timestamp()`;

describe('noting hours from several instances', () => {
  let database: TestDatabase;
  let app: OpsApp;

  beforeAll(async () => {
    database = await createTestDatabase('refresh_note_order');
    app = await createOpsApp(database.url);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('goes in bucket order also when the newer rows were written first', async () => {
    const { dataSource } = database;
    const [older, newer] = [await hoursAgo(dataSource, 2), await hoursAgo(dataSource, 1)];
    await app.refresh.tick();
    for (const hour of [newer, older]) await dataSource.query(INSERT_BOTH, [[hour.toISOString()]]);

    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query(NOTE, [older.toISOString()]);
    const tick = app.refresh.tick();
    await eventually(async () => {
      const waiting = await dataSource.query<unknown[]>(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`,
      );
      return waiting.length > 0;
    }, 'waiting for the other instance');
    await other.query(NOTE, [newer.toISOString()]);
    await other.commitTransaction();
    await other.release();

    expect((await tick).detectedHours).toBe(4); // two in each raw table
    expect(await app.refresh.tick()).toMatchObject({ pendingHours: 0 });
  });
});
