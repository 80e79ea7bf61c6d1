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
  /** Knows that usage and error rows are kept for 10 days: below nothing is recomputed. */
  let keeper: OpsApp;
  /** Knows that usage rows are kept for 10 days and error rows for 20. */
  let lopsided: OpsApp;

  beforeAll(async () => {
    database = await createTestDatabase('refresh_floor');
    app = await createOpsApp(database.url);
    keeper = await createOpsApp(database.url, { rawRetentionDays: { usageLogs: 10, errorLogs: 10 } });
    lopsided = await createOpsApp(database.url, { rawRetentionDays: { usageLogs: 10, errorLogs: 20 } });
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
  });
  afterAll(async () => {
    await app.close();
    await keeper.close();
    await lopsided.close();
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
      await app.refresh.tick();
      await app.refresh.maintain();
      floor = await daysAgo(10);
      await database.dataSource.query('DELETE FROM usage_logs WHERE created_at < $1::timestamptz', [
        floor.toISOString(),
      ]);
    });

    /** Every column of the hours below the floor; and of the days, which may be merged anew, all that they say. */
    const frozen = async (): Promise<string[]> => [
      await scene.frozenHourly(database.dataSource, floor),
      (await scene.frozenDaily(database.dataSource, floor)).replaceAll(
        /,"(?:definition_version|computed_at|written_at)":[^,}]*/g,
        '',
      ),
    ];

    it('is not changed by anything automatic: late rows, definitions, the audit, verify, old notes', async () => {
      await database.dataSource.query('UPDATE ops_metrics_hourly SET definition_version = 0');
      await database.dataSource.query('UPDATE ops_metrics_daily SET definition_version = 0');
      const before = await frozen();
      for (const text of before) expect(text).toContain(below.toISOString().slice(0, 10));

      await scene.insertRequests(database.dataSource, below, 2);
      await scene.insertFailures(database.dataSource, await daysAgo(14), 1);
      await scene.insertRequests(database.dataSource, await daysAgo(5), 1);
      expect(await keeper.refresh.tick()).toMatchObject({
        belowFloorRows: 3,
        belowFloorHours: 0, // not even noted
        drainedHours: 1,
        pendingHours: 0,
      });
      const { rawTables, rawFloor } = await keeper.status.status();
      expect(rawTables.map(({ belowFloorRows }) => belowFloorRows)).toEqual(['2', '1']);
      expect(Date.parse(rawFloor ?? '')).toBeGreaterThanOrEqual(floor.getTime());

      // Counted once, also when the same rows are looked at again.
      expect(await keeper.refresh.tick()).toMatchObject({ belowFloorRows: 0 });
      expect((await keeper.refresh.maintain()).oldDefinitionHours).toBe(1); // of 2: one has just been recomputed
      expect(await keeper.refresh.tick()).toMatchObject({ drainedHours: 1 });

      // The audit, which each tick runs, has looked at none of them.
      expect(await keeper.refresh.tick()).toMatchObject({ differingHours: 0, differingDays: 0 });
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
      expect(await keeper.refresh.tick()).toMatchObject({
        belowFloorHours: 3,
        drainedHours: 2,
        pendingHours: 0,
      });
      await keeper.refresh.maintain();
      expect(await frozen()).toEqual(before);
    });

    it('is not touched by a first run either', async () => {
      const before = await frozen();
      await database.dataSource.query('TRUNCATE ops_detect_state');
      expect(await keeper.refresh.tick()).toMatchObject({ belowFloorHours: 0 });
      await keeper.refresh.maintain();
      expect(await frozen()).toEqual(before);
    });

    it('keeps only the side whose retention is over, and takes up the other', async () => {
      const at14 = await daysAgo(14);
      await scene.insertRequests(database.dataSource, at14, 2);
      await scene.insertFailures(database.dataSource, at14, 1);
      await scene.insertFailures(database.dataSource, await daysAgo(21), 1);
      expect(await lopsided.refresh.tick()).toMatchObject({ belowFloorRows: 3, drainedHours: 1 });
      const rows = await database.dataSource.query<object[]>(
        `SELECT platform, group_id, success_count AS requests, error_count_total AS errors, token_consumed AS tokens,
                duration_p50_ms AS p50
           FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz ORDER BY platform NULLS FIRST, group_id NULLS FIRST`,
        [at14.toISOString()],
      );
      const usage = { requests: '3', tokens: '66', p50: 174 };
      expect(rows).toEqual([
        { platform: null, group_id: null, errors: '3', ...usage },
        { platform: 'openai', group_id: null, errors: '3', ...usage },
        { platform: 'openai', group_id: '1', errors: '0', ...usage },
      ]);
      const [daily] = await database.dataSource.query<object[]>(
        `SELECT success_count AS requests, error_count_total AS errors FROM ops_metrics_daily
          WHERE bucket_date = $1::date AND platform IS NULL`,
        [at14.toISOString().slice(0, 10)],
      );
      expect(daily).toEqual({ requests: '3', errors: '3' });

      const { rawFloor, rawFloors } = await lopsided.status.status();
      expect(rawFloor).toBe(rawFloors.errorLogs);
      expect(Date.parse(rawFloors.errorLogs ?? '')).toBeLessThan(Date.parse(rawFloors.usageLogs ?? ''));
      // Below both floors a rebuild is refused, below one of them it does what it can.
      await expect(lopsided.rebuilds.request({ from: await daysAgo(21), to: at14 })).rejects.toBeInstanceOf(
        OpsBelowFloorError,
      );
      expect(await rebuilt(lopsided, at14)).toMatchObject({ done: 1, failed: 0 });
      expect(await scene.storedRequests(database.dataSource, at14)).toBe(3);
    });

    it('refuses a rebuild below the floor and names it; a forced one works, and is on record', async () => {
      const before = await frozen();
      const request = { from: below, to: hourLater(below), reason: 'asked by finance' };
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
      await keeper.refresh.tick();
      expect(await frozen()).toEqual(before);

      const { id } = await keeper.rebuilds.request({ ...request, force: true }, 'ann');
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
    });

    /** Leaves so many of the hour's usage rows. */
    const keepUsage = (count: number): Promise<unknown> =>
      database.dataSource.query(
        `DELETE FROM usage_logs WHERE created_at = $2::timestamptz
           AND id NOT IN (SELECT id FROM usage_logs WHERE created_at = $2::timestamptz ORDER BY id LIMIT $1::int)`,
        [count, hour.toISOString()],
      );

    describe('where older raw rows are left', () => {
      let end: Date;

      beforeEach(async () => {
        end = await ago(0);
        await scene.insertRequests(database.dataSource, await ago(60), 1);
        await scene.insertFailures(database.dataSource, await ago(60), 1);
        await app.refresh.tick();
      });

      it('gives way to a recomputation that leaves exactly half of a side', async () => {
        await keepUsage(4); // of 8
        expect(await rebuilt(app, hour)).toMatchObject({ done: 1, failed: 0 });
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(4);
        expect((await app.status.status()).suspiciousBuckets).toEqual([]);
        await expectRight(database.url, await ago(240), end);
      });

      it('waits for a loss to end before it recomputes by itself, and does without another', async () => {
        const patient = await createOpsApp(database.url, { lossDelaySeconds: 1_000 });
        try {
          await keepUsage(7);
          expect(await patient.refresh.tick()).toMatchObject({ differingHours: 1, losingHours: 1 });
          expect(await scene.storedRequests(database.dataSource, hour)).toBe(8);
          expect((await patient.status.status()).losingBuckets).toMatchObject([
            { tier: 'hour', bucketStart: hour.toISOString(), reason: 'audit', suspiciousSince: null },
          ]);
          expect(await patient.refresh.tick()).toMatchObject({ losingHours: 0, drainedHours: 0 });

          // It went on losing meanwhile: the wait begins anew.
          await keepUsage(6);
          await endLossDelay(1_000);
          await database.dataSource.query(
            `UPDATE ops_metrics_invalidations SET loss_seen_at = loss_seen_at + interval '10 seconds'`,
          );
          expect(await patient.refresh.tick()).toMatchObject({ losingHours: 1, drainedHours: 0 });
          expect(await scene.storedRequests(database.dataSource, hour)).toBe(8);

          await endLossDelay(1_000);
          expect(await patient.refresh.tick()).toMatchObject({ losingHours: 0, drainedHours: 1 });
          expect(await scene.storedRequests(database.dataSource, hour)).toBe(6);
        } finally {
          await patient.close();
        }
        await expectRight(database.url, await ago(240), end);
      });

      it('is held back from one that would leave less of a side, until somebody forces it', async () => {
        const before = await scene.frozenHourly(database.dataSource, end);
        expect(before).toContain('"success_count":8');
        await keepUsage(3); // of 8, with 4 of 4 errors
        expect(await rebuilt(app, hour)).toMatchObject({ done: 0, failed: 1 });
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const status = await app.status.status();
          expect(status.invalidations).toMatchObject({ suspicious: 1, failing: 0, pending: 0 });
          expect(status.suspiciousBuckets).toMatchObject([{ bucketStart: hour.toISOString() }]);
          await app.refresh.tick();
          expect(await rebuilt(app, hour)).toMatchObject({ done: 0, failed: 1 });
          // Neither a difference nor noted anew: it cannot be judged.
          const { differences, unjudged } = await app.verify.verify(hour, hourLater(hour), true);
          expect([differences, unjudged.map(({ bucket }) => bucket)]).toEqual([[], [hour.toISOString()]]);
          expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 0 });
          expect(await scene.storedRequests(database.dataSource, hour)).toBe(8);
        }

        expect(await rebuilt(app, hour, true)).toMatchObject({ done: 1, failed: 0 });
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(3);
        expect((await app.status.status()).suspiciousBuckets).toEqual([]);
        await expectRight(database.url, await ago(240), end);
      });

      it('takes up the other side of an hour that is held back', async () => {
        await keepUsage(3);
        await scene.insertFailures(database.dataSource, hour, 2);
        expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 1 });
        const [row] = await database.dataSource.query<object[]>(
          `SELECT success_count AS requests, error_count_total AS errors FROM ops_metrics_hourly
            WHERE bucket_start = $1::timestamptz AND platform IS NULL`,
          [hour.toISOString()],
        );
        expect(row).toEqual({ requests: '8', errors: '6' });
      });

      it('is held back where all of its raw rows are gone, and no other hour of its day is', async () => {
        const neighbour = hourLater(hour);
        await scene.insertRequests(database.dataSource, neighbour, 2);
        for (const table of ['usage_logs', 'ops_error_logs']) {
          await database.dataSource.query(`DELETE FROM ${table} WHERE created_at = $1::timestamptz`, [
            hour.toISOString(),
          ]);
        }
        const { id } = await app.rebuilds.request({ from: hour, to: hourLater(neighbour) });
        await eventually(
          async () => (await app.rebuilds.progress(id)).state === 'finished',
          'an ended rebuild',
        );
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(8);
        expect(await scene.storedRequests(database.dataSource, neighbour)).toBe(2);
        expect(await scene.loggedHour(database.dataSource, hour)).toMatchObject({ is_suspicious: true });
      });

      it('is recomputed by itself once so many rows have come back that no side shrinks by half', async () => {
        await keepUsage(0);
        expect(await rebuilt(app, hour)).toMatchObject({ failed: 1 });
        await scene.insertRequests(database.dataSource, hour, 6, 3);
        const calm = await createOpsApp(database.url, { lossDelaySeconds: 0 });
        try {
          expect(await calm.refresh.tick()).toMatchObject({ drainedHours: 1, suspiciousHours: 0 });
        } finally {
          await calm.close();
        }
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(6);
        await expectRight(database.url, await ago(240), await ago(0));
      });
    });

    describe('where a purge has come as far', () => {
      beforeEach(async () => {
        await scene.insertRequests(database.dataSource, await ago(20), 1);
        await scene.insertFailures(database.dataSource, await ago(20), 1);
        await app.refresh.tick();
      });

      it.each([0, 1, 7])('keeps what it has, of %s rows left, and says nothing of it', async (left) => {
        await keepUsage(left);
        const before = await scene.frozenHourly(database.dataSource, hourLater(hour));
        expect(await app.refresh.tick()).toMatchObject({ differingHours: 0, drainedHours: 0 });
        await scene.insertFailures(database.dataSource, hour, 1); // a late row of the other table
        expect(await app.refresh.tick()).toMatchObject({
          suspiciousHours: 0,
          losingHours: 0,
          drainedHours: 1,
        });
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(8);
        expect(await scene.frozenHourly(database.dataSource, hourLater(hour))).not.toBe(before);
        expect((await app.status.status()).invalidations).toMatchObject({
          suspicious: 0,
          losing: 0,
          pending: 0,
        });
      });

      it('is held back from whoever asks for it, until somebody forces it', async () => {
        await keepUsage(7);
        expect(await rebuilt(app, hour)).toMatchObject({ done: 0, failed: 1 });
        const { differences, unjudgedCount } = await app.verify.verify(hour, hourLater(hour), true);
        expect([differences, unjudgedCount]).toEqual([[], 1]);
        expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 0 });
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(8);
        expect(await rebuilt(app, hour, true)).toMatchObject({ done: 1, failed: 0 });
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(7);
      });

      it('keeps everything where a table is empty', async () => {
        const before = await scene.frozenHourly(database.dataSource, await ago(0));
        await database.dataSource.query('TRUNCATE usage_logs, ops_error_logs');
        await app.refresh.tick();
        await database.dataSource.query(
          `INSERT INTO ops_metrics_invalidations (bucket_start, reason)
           SELECT bucket_start, 'new_rows' FROM ops_metrics_hourly WHERE platform IS NULL
           ON CONFLICT (tier, bucket_start) DO NOTHING`,
        );
        expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 0, pendingHours: 0 });
        expect(await scene.frozenHourly(database.dataSource, await ago(0))).toBe(before);
      });
    });
  });

  /** As if so many seconds had passed since an hour was seen to lose rows. */
  async function endLossDelay(seconds: number): Promise<void> {
    await database.dataSource.query(
      `UPDATE ops_metrics_invalidations SET next_attempt_at = clock_timestamp(),
         loss_seen_at = clock_timestamp() - make_interval(secs => $1::float8)`,
      [seconds],
    );
  }
});
