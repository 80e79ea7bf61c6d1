import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { OpsScene } from '../support/ops-scene.js';
import { createRestartableDatabase } from '../support/restartable-database.js';

const CRASH = (hour: Date): string => `
  CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'kill -9 ' || pg_backend_pid()); RETURN NEW;
  END $$;
  CREATE TRIGGER crash BEFORE INSERT ON ops_metrics_hourly FOR EACH ROW
    WHEN (NEW.bucket_start = '${hour.toISOString()}') EXECUTE FUNCTION crash()`;

describe('an hour that takes the server down with it', () => {
  const scene = new OpsScene(
    'drain_crash',
    { retryBaseSeconds: 1_000, auditPercent: 0 },
    { create: async () => (await createRestartableDatabase()).database },
  );
  const { ago } = scene;

  it('is set aside after a few times, and all the others have their turn', async () => {
    // One of the oldest of the hours that one statement takes.
    const bad = await ago(70);
    const others = await Promise.all(
      Array.from({ length: 80 }, (_, back) => 21 + back)
        .filter((back) => back !== 70)
        .map(ago),
    );
    await scene.insertRequests([bad, ...others]);
    await scene.query(CRASH(bad));
    let crashes = 0;
    for (let tick = 0; tick < 9; tick += 1) {
      await scene.tick().catch(() => (crashes += 1));
      await eventually(() => scene.query('SELECT 1').catch(() => undefined), 'a server that is up again');
    }
    expect(crashes).toBeGreaterThanOrEqual(3);
    // Once among all, once among a few, and three times alone.
    expect(crashes).toBeLessThan(6);
    for (const hour of others) expect(await scene.storedRequests(hour)).toBe(3);
    expect(await scene.loggedHour(bad)).toMatchObject({
      attempts: 1,
      last_error: expect.stringContaining('the server went down with it'),
    });
    expect((await scene.status()).failingBuckets).toMatchObject([{ bucketStart: bad.toISOString() }]);

    await scene.query('DROP TRIGGER crash ON ops_metrics_hourly');
    await scene.endPauses();
    await scene.tick();
    await scene.expectRight();
  }, 120_000);
});
