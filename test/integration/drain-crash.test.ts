import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('an hour that takes its connection down with it', () => {
  let database: TestDatabase;
  let app: OpsApp;

  beforeAll(async () => {
    database = await createTestDatabase('drain_crash');
    app = await createOpsApp(database.url, { retryBaseSeconds: 1_000, auditPercent: 0 });
    await scene.resetScene(database.dataSource);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('is set aside after a few times, and all the others have their turn', async () => {
    const { dataSource } = database;
    const ago = (hours: number): Promise<Date> => hoursAgo(dataSource, hours);
    const bad = await ago(30);
    const others = await Promise.all([29, 28, 31, 32, 60, 100].map(ago));
    for (const hour of [bad, ...others]) await scene.insertRequests(dataSource, hour);
    await dataSource.query(`
      CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;
      END $$;
      CREATE TRIGGER crash BEFORE INSERT ON ops_metrics_hourly FOR EACH ROW
        WHEN (NEW.bucket_start = '${bad.toISOString()}') EXECUTE FUNCTION crash()`);
    let crashes = 0;
    for (let tick = 0; tick < 8; tick += 1) {
      await app.refresh.hourly().catch(() => (crashes += 1));
    }
    expect(crashes).toBeGreaterThanOrEqual(3);
    expect(crashes).toBeLessThan(8);
    for (const hour of others) expect(await scene.storedRequests(dataSource, hour)).toBe(3);
    expect(await scene.loggedHour(dataSource, bad)).toMatchObject({
      attempts: 1,
      last_error: expect.stringContaining('the server went down with it'),
    });
    expect((await app.status.status()).failingBuckets).toMatchObject([{ bucketStart: bad.toISOString() }]);

    await dataSource.query('DROP TRIGGER crash ON ops_metrics_hourly');
    await scene.endPauses(dataSource);
    await app.refresh.hourly();
    await expectRight(database.url, await ago(240), await ago(0));
  });
});
