import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OpsBelowFloorError } from '../../src/ops/index.js';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { databaseNow, expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const hourLater = (hour: Date): Date => new Date(hour.getTime() + HOUR_MS);

describe('history whose raw rows are gone', () => {
  let database: TestDatabase;
  /** Knows no retention. */
  let app: OpsApp;
  /** Knows that usage rows are kept for 10 days and error rows for 20: below 10 days nothing is recomputed. */
  let keeper: OpsApp;

  beforeAll(async () => {
    database = await createTestDatabase('refresh_floor');
    app = await createOpsApp(database.url);
    keeper = await createOpsApp(database.url, { rawRetentionDays: { usageLogs: 10, errorLogs: 20 } });
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
  });
  afterAll(async () => {
    await app.close();
    await keeper.close();
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);
  const daysAgo = (days: number): Promise<Date> => ago(days * DAY_HOURS);

  async function rebuilt(of: OpsApp, hour: Date, force = false): Promise<{ done: number; failed: number }> {
    const { id } = await of.rebuilds.request({ from: hour, to: hourLater(hour), force });
    await eventually(async () => (await of.rebuilds.progress(id)).state === 'finished', 'an ended rebuild');
    return (await of.rebuilds.progress(id)).hours;
  }

  describe('with a retention', () => {
    let below: Date;
    let floor: Date;

    beforeEach(async () => {
      below = await daysAgo(15);
      for (const days of [15, 14, 12, 5, 2]) {
        await scene.insertRequests(database.dataSource, await daysAgo(days));
        await scene.insertFailures(database.dataSource, await daysAgo(days));
      }
      await app.refresh.hourly();
      await app.refresh.daily();
      floor = await daysAgo(10);
      await database.dataSource.query('DELETE FROM usage_logs WHERE created_at < $1::timestamptz', [
        floor.toISOString(),
      ]);
    });

    /** Every column of the hours and days below the floor. */
    const frozen = async (): Promise<string[]> => [
      await scene.frozenHourly(database.dataSource, floor),
      await scene.frozenDaily(database.dataSource, floor),
    ];

    it('is not changed by anything automatic: late rows, definitions, the overlap, verify, old notes', async () => {
      await database.dataSource.query('UPDATE ops_metrics_hourly SET definition_version = 0');
      await database.dataSource.query('UPDATE ops_metrics_daily SET definition_version = 0');
      const before = await frozen();
      for (const text of before) expect(text).toContain(below.toISOString().slice(0, 10));

      await scene.insertRequests(database.dataSource, below, 2);
      await scene.insertFailures(database.dataSource, await daysAgo(14), 1);
      await scene.insertRequests(database.dataSource, await daysAgo(5), 1);
      expect(await keeper.refresh.hourly()).toMatchObject({
        belowFloorRows: 3,
        belowFloorHours: 0, // not even noted
        drainedHours: 1,
        pendingHours: 0,
      });
      const { rawTables, rawFloor } = await keeper.status.status();
      expect(rawTables.map(({ belowFloorRows }) => belowFloorRows)).toEqual(['2', '1']);
      expect(Date.parse(rawFloor ?? '')).toBeGreaterThanOrEqual(floor.getTime());

      // Counted once, also when the same rows are looked at again.
      expect(await keeper.refresh.hourly()).toMatchObject({ belowFloorRows: 0 });
      expect((await keeper.refresh.daily()).oldDefinitionHours).toBe(1); // of 2: one has just been recomputed
      expect(await keeper.refresh.hourly()).toMatchObject({ drainedHours: 1 });

      // As after weeks of downtime: the overlap would reach back to 20 days ago.
      await database.dataSource.query('UPDATE ops_detect_state SET closed_through = $1::timestamptz', [
        (await daysAgo(20)).toISOString(),
      ]);
      expect(await keeper.refresh.hourly()).toMatchObject({ belowFloorHours: 0 });
      const report = await keeper.verify.verify(await daysAgo(20), await ago(0), true);
      expect(report).toMatchObject({
        differenceCount: 0,
        notedHours: 0,
        // The purged ones, and the one of the late error row.
        unjudgedCount: 3,
      });

      // Noted when the limit did not exist yet.
      await database.dataSource.query(
        `INSERT INTO ops_metrics_invalidations (bucket_start, reason)
         SELECT bucket_start, 'new_rows' FROM ops_metrics_hourly WHERE platform IS NULL`,
      );
      expect(await keeper.refresh.hourly()).toMatchObject({
        belowFloorHours: 3,
        drainedHours: 2,
        pendingHours: 0,
      });
      await keeper.refresh.daily();
      expect(await frozen()).toEqual(before);
    });

    it('is not touched by a first run either', async () => {
      const before = await frozen();
      await database.dataSource.query('TRUNCATE ops_detect_state');
      expect(await keeper.refresh.hourly()).toMatchObject({ belowFloorHours: 0 });
      await keeper.refresh.daily();
      expect(await frozen()).toEqual(before);
    });

    it('refuses a rebuild below the floor and names it; a forced one works, and is on record', async () => {
      const before = await frozen();
      const request = { from: below, to: hourLater(below), reason: 'asked by finance', requestedBy: 'ann' };
      const refused = await keeper.rebuilds.request(request).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(OpsBelowFloorError);
      const named = (refused as OpsBelowFloorError).floor;
      expect(named.getTime()).toBeGreaterThan(floor.getTime());
      expect(named.getTime()).toBeLessThanOrEqual(
        (await databaseNow(database.dataSource)).getTime() - 10 * DAY_HOURS * HOUR_MS,
      );
      // One hour of the range below the floor is enough.
      await expect(
        keeper.rebuilds.request({ from: await daysAgo(11), to: await daysAgo(1) }),
      ).rejects.toBeInstanceOf(OpsBelowFloorError);
      expect(await keeper.rebuilds.list()).toEqual([]);
      await keeper.refresh.hourly();
      expect(await frozen()).toEqual(before);

      const { id } = await keeper.rebuilds.request({ ...request, force: true });
      await eventually(
        async () => (await keeper.rebuilds.progress(id)).state === 'finished',
        'an ended rebuild',
      );
      // Its usage rows are gone, and that is what it was told to see; its error rows are still there.
      expect(await scene.storedRequests(database.dataSource, below)).toBe(0);
      const [record] = await database.dataSource.query<object[]>(
        'SELECT forced, requested_by, reason FROM ops_rebuilds WHERE id = $1::bigint',
        [id],
      );
      expect(record).toEqual({ forced: true, requested_by: 'ann', reason: 'asked by finance' });
      const [daily] = await database.dataSource.query<{ count: string }[]>(
        `SELECT success_count AS count FROM ops_metrics_daily WHERE bucket_date = $1::date AND platform IS NULL`,
        [below.toISOString().slice(0, 10)],
      );
      expect(daily?.count).toBe('0');
    });
  });

  describe('without one', () => {
    let hour: Date;

    beforeEach(async () => {
      hour = await ago(50);
      await scene.insertRequests(database.dataSource, hour, 8);
      await scene.insertFailures(database.dataSource, hour, 4);
      await app.refresh.hourly();
      await app.refresh.daily();
    });

    const keepUsage = (count: number): Promise<unknown> =>
      database.dataSource.query(
        'DELETE FROM usage_logs WHERE id NOT IN (SELECT id FROM usage_logs ORDER BY id LIMIT $1::int)',
        [count],
      );

    it('gives way to a recomputation that leaves exactly half of its requests', async () => {
      await keepUsage(2); // with the 4 errors 6 of 12
      expect(await rebuilt(app, hour)).toMatchObject({ done: 1, failed: 0 });
      expect(await scene.storedRequests(database.dataSource, hour)).toBe(2);
      expect((await app.status.status()).suspiciousBuckets).toEqual([]);
    });

    it('is held back from one that would leave less, until somebody forces it', async () => {
      const end = await ago(0);
      const before = await scene.frozenHourly(database.dataSource, end);
      expect(before).toContain('"success_count":8');
      await keepUsage(1); // 5 of 12
      expect(await rebuilt(app, hour)).toMatchObject({ done: 0, failed: 1 });
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const status = await app.status.status();
        expect(status.invalidations).toMatchObject({ suspicious: 1, failing: 0, pending: 0 });
        expect(status.suspiciousBuckets).toMatchObject([{ bucketStart: hour.toISOString() }]);
        await app.refresh.hourly();
        expect(await rebuilt(app, hour)).toMatchObject({ done: 0, failed: 1 });
        // Neither a difference nor noted anew: it cannot be judged.
        const { differences, unjudged } = await app.verify.verify(hour, hourLater(hour), true);
        expect([differences, unjudged.map(({ bucket }) => bucket)]).toEqual([[], [hour.toISOString()]]);
        expect(await app.refresh.hourly()).toMatchObject({ suspiciousHours: 0 });
        expect(await scene.frozenHourly(database.dataSource, end)).toBe(before);
      }

      expect(await rebuilt(app, hour, true)).toMatchObject({ done: 1, failed: 0 });
      expect(await scene.storedRequests(database.dataSource, hour)).toBe(1);
      expect((await app.status.status()).suspiciousBuckets).toEqual([]);
      await expectRight(database.url, await ago(240), end);
    });

    it('is held back where all of its raw rows are gone, and no other hour of its day is', async () => {
      const neighbour = hourLater(hour);
      await database.dataSource.query('TRUNCATE usage_logs, ops_error_logs');
      await scene.insertRequests(database.dataSource, neighbour, 2);
      const { id } = await app.rebuilds.request({ from: hour, to: hourLater(neighbour) });
      await eventually(
        async () => (await app.rebuilds.progress(id)).state === 'finished',
        'an ended rebuild',
      );
      expect(await scene.storedRequests(database.dataSource, hour)).toBe(8);
      expect(await scene.storedRequests(database.dataSource, neighbour)).toBe(2);
      expect(await scene.loggedHour(database.dataSource, hour)).toMatchObject({ is_suspicious: true });
    });

    it('is recomputed by itself once so many rows have come back that it no longer shrinks by half', async () => {
      await keepUsage(0);
      expect(await rebuilt(app, hour)).toMatchObject({ failed: 1 });
      await scene.insertRequests(database.dataSource, hour, 2, 3);
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 1, suspiciousHours: 0 });
      expect(await scene.storedRequests(database.dataSource, hour)).toBe(2);
      await expectRight(database.url, await ago(240), await ago(0));
    });
  });
});
