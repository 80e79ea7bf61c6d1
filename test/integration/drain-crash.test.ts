import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { startRestartableServer, type RestartableServer } from '../support/restartable-server.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';

const CRASH = (hour: Date): string => `
  CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'kill -9 ' || pg_backend_pid()); RETURN NEW;
  END $$;
  CREATE TRIGGER crash BEFORE INSERT ON ops_metrics_hourly FOR EACH ROW
    WHEN (NEW.bucket_start = '${hour.toISOString()}') EXECUTE FUNCTION crash()`;

describe('an hour that takes the server down with it', () => {
  let server: RestartableServer;
  let dataSource: DataSource;
  let app: OpsApp;

  beforeAll(async () => {
    server = await startRestartableServer();
    dataSource = await createDataSource(server.url).initialize();
    await migrate(dataSource);
    app = await createOpsApp(server.url, { retryBaseSeconds: 1_000, auditPercent: 0 });
    await scene.resetScene(dataSource);
  }, 120_000);
  afterAll(async () => {
    await app.close();
    await dataSource.destroy();
    await server.remove();
  }, 120_000);

  it('is set aside after a few times, and all the others have their turn', async () => {
    const ago = (hours: number): Promise<Date> => hoursAgo(dataSource, hours);
    const bad = await ago(30);
    const others = await Promise.all([29, 28, 31, 32, 60, 100].map(ago));
    for (const hour of [bad, ...others]) await scene.insertRequests(dataSource, hour);
    await dataSource.query(CRASH(bad));
    let crashes = 0;
    for (let tick = 0; tick < 8; tick += 1) {
      await app.refresh.tick().catch(() => (crashes += 1));
      await eventually(
        () => dataSource.query('SELECT 1').catch(() => undefined),
        'a server that is up again',
      );
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
    await app.refresh.tick();
    await expectRight(server.url, await ago(240), await ago(0));
  }, 120_000);
});
