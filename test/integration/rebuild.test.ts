import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { OpsRebuildEndedError, OpsRebuildNotFoundError, type RebuildProgress } from '../../src/ops/index.js';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { databaseNow, expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 4;

describe('rebuild', () => {
  let database: TestDatabase;
  let app: OpsApp;
  /** As another replica: never asked to rebuild anything. */
  let other: OpsApp;
  let holder: pg.Client;
  let from: Date;
  let to: Date;

  beforeAll(async () => {
    database = await createTestDatabase('rebuild');
    app = await createOpsApp(database.url);
    other = await createOpsApp(database.url);
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
    holder = await scene.connect(database.url);
    const today = Math.floor((await databaseNow(database.dataSource)).getTime() / DAY_MS) * DAY_MS;
    [from, to] = [new Date(today - DAYS * DAY_MS), new Date(today)];
    for (let hour = from.getTime(); hour < to.getTime(); hour += 5 * HOUR_MS) {
      await scene.insertRequests(database.dataSource, new Date(hour), 2, 1 + ((hour / HOUR_MS) % 3));
      await scene.insertFailures(database.dataSource, new Date(hour), 1);
    }
    await app.refresh.hourly();
    await app.refresh.daily();
  });
  afterEach(async () => {
    await holder.end();
  });
  afterAll(async () => {
    await app.close();
    await other.close();
    await database.drop();
  });

  const at = (day: number, hour = 0): Date => new Date(from.getTime() + day * DAY_MS + hour * HOUR_MS);

  async function ended(of: OpsApp, id: string): Promise<RebuildProgress> {
    await eventually(async () => (await of.rebuilds.progress(id)).state === 'finished', 'an ended rebuild');
    return of.rebuilds.progress(id);
  }

  /** What the row of an hour says it is: wrong until it is recomputed. */
  async function spoil(): Promise<void> {
    await database.dataSource.query('UPDATE ops_metrics_hourly SET success_count = success_count + 1');
  }

  async function expectAllRight(): Promise<void> {
    expect((await scene.staleHours(database.dataSource)).filter((hour) => new Date(hour) < to)).toEqual([]);
    await app.refresh.daily();
    await expectRight(database.url, from, await hoursAgo(database.dataSource, 0));
  }

  it('recomputes every hour of a range, widened to whole hours, and says how far it is', async () => {
    await spoil();
    const started = await app.rebuilds.request({
      from: new Date(from.getTime() + 60_000),
      to: new Date(to.getTime() - 60_000),
      reason: 'prices',
      requestedBy: 'ann',
    });
    expect(started).toMatchObject({
      from: from.toISOString(),
      to: to.toISOString(),
      force: false,
      reason: 'prices',
      requestedBy: 'ann',
      cancelledAt: null,
      hours: { total: DAYS * 24, failed: 0, cancelled: 0 },
    });
    const progress = await ended(app, started.id);
    expect(progress).toMatchObject({
      state: 'finished',
      estimatedEnd: null,
      hours: { total: DAYS * 24, done: DAYS * 24, failed: 0, cancelled: 0 },
    });
    expect(Date.parse(progress.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(progress.startedAt));
    // The same from every instance.
    expect(await other.rebuilds.progress(started.id)).toEqual(progress);
    const second = await app.rebuilds.request({ from: at(1), to: at(1, 1) });
    expect((await other.rebuilds.list()).map(({ id }) => id)).toEqual([second.id, started.id]);
    await ended(app, second.id);
    await expectAllRight();
  });

  it('goes on in another instance where the one that started it left days behind', async () => {
    await spoil();
    await scene.holdDays(holder, at(1), 2);
    const { id } = await app.rebuilds.request({ from, to });
    await eventually(async () => (await app.rebuilds.progress(id)).hours.done === 48, 'two days done');
    expect(await app.rebuilds.progress(id)).toMatchObject({ state: 'running', finishedAt: null });
    expect((await app.rebuilds.progress(id)).estimatedEnd).not.toBeNull();
    await app.refresh.hourly(); // the days are still in work elsewhere
    expect(await app.rebuilds.progress(id)).toMatchObject({ state: 'running', hours: { done: 48 } });
    await holder.query('ROLLBACK');
    await other.refresh.hourly();
    expect(await app.rebuilds.progress(id)).toMatchObject({ state: 'finished', hours: { done: DAYS * 24 } });
    await expectAllRight();
  });

  it('is ended by the next drain where its instance died between the last day and the word of it', async () => {
    await scene.holdDays(holder, from, DAYS);
    const { id } = await app.rebuilds.request({ from, to });
    await app.refresh.hourly();
    await database.dataSource.query('TRUNCATE ops_metrics_invalidations');
    expect((await other.rebuilds.progress(id)).state).toBe('running');
    await other.refresh.hourly();
    expect((await other.rebuilds.progress(id)).state).toBe('finished');
  });

  it('costs no double work where it overlaps another, and both end', async () => {
    await scene.holdDays(holder, from, DAYS);
    const first = await app.rebuilds.request({ from, to: at(3) });
    const second = await app.rebuilds.request({ from: at(1), to });
    await app.refresh.hourly();
    expect((await scene.staleHours(database.dataSource)).filter((hour) => new Date(hour) < to)).toHaveLength(
      DAYS * 24,
    );
    await holder.query('ROLLBACK');
    expect(await app.refresh.hourly()).toMatchObject({ drainedHours: DAYS * 24 });
    for (const { id } of [first, second]) {
      expect(await app.rebuilds.progress(id)).toMatchObject({
        state: 'finished',
        hours: { total: 72, done: 72, failed: 0, cancelled: 0 },
      });
    }
    await expectAllRight();
  });

  describe('cancelled', () => {
    it('drops what is left of it and nothing else', async () => {
      await spoil();
      await scene.holdDays(holder, at(1), 2);
      const { id } = await app.rebuilds.request({ from, to });
      await eventually(async () => (await app.rebuilds.progress(id)).hours.done === 48, 'two days done');
      const cancelled = await other.rebuilds.cancel(id);
      expect(cancelled).toMatchObject({
        state: 'cancelled',
        finishedAt: null,
        estimatedEnd: null,
        hours: { total: 96, done: 48, failed: 0, cancelled: 48 },
      });
      expect(cancelled.cancelledAt).not.toBeNull();
      await holder.query('ROLLBACK');
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 0, pendingHours: 0 });
      expect(await app.rebuilds.progress(id)).toEqual(cancelled);
      const { differences } = await app.verify.verify(from, to);
      expect(
        new Set(
          differences.filter(({ table }) => table === 'hourly').map(({ bucket }) => bucket.slice(0, 10)),
        ),
      ).toEqual(new Set([at(1), at(2)].map((day) => day.toISOString().slice(0, 10))));
      await expect(app.rebuilds.cancel(id)).rejects.toBeInstanceOf(OpsRebuildEndedError);
    });

    it('leaves hours stale that another rebuild wants, and does not call them done', async () => {
      await scene.holdDays(holder, from, DAYS);
      const first = await app.rebuilds.request({ from, to: at(3) });
      const second = await app.rebuilds.request({ from: at(1), to });
      await app.refresh.hourly();
      expect((await app.rebuilds.cancel(first.id)).hours).toEqual({
        total: 72,
        done: 0,
        failed: 0,
        cancelled: 72,
      });
      expect((await app.rebuilds.progress(second.id)).hours).toEqual({
        total: 72,
        done: 0,
        failed: 0,
        cancelled: 0,
      });
      await spoil();
      await holder.query('ROLLBACK');
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 72 });
      expect((await app.rebuilds.progress(second.id)).hours.done).toBe(72);
    });

    it.each(['before', 'after'])('leaves hours stale that had new rows %s it was asked for', async (when) => {
      const insert = (): Promise<void> => scene.insertRequests(database.dataSource, at(1, 3), 4, 2);
      await scene.holdDays(holder, from, DAYS);
      if (when === 'before') {
        await insert();
        await app.refresh.hourly();
      }
      const { id } = await app.rebuilds.request({ from, to });
      if (when === 'after') {
        await insert();
        await app.refresh.hourly();
      }
      await app.rebuilds.cancel(id);
      await holder.query('ROLLBACK');
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 1 });
      await expectAllRight();
    });

    it('leaves hours stale that verify, the overlap or a first run noted meanwhile', async () => {
      await database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 5');
      const wrong = await scene.staleHours(database.dataSource);
      for (const note of [
        () => other.verify.verify(from, to, true),
        async () => {
          await database.dataSource.query(`UPDATE ops_detect_state SET closed_through = $1::timestamptz`, [
            from.toISOString(),
          ]);
          await other.refresh.hourly();
        },
        async () => {
          await database.dataSource.query('TRUNCATE ops_detect_state');
          await other.refresh.hourly();
        },
      ]) {
        await database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 5');
        await scene.holdDays(holder, from, DAYS + 1);
        const { id } = await app.rebuilds.request({ from, to });
        await note();
        await app.rebuilds.cancel(id);
        await holder.query('ROLLBACK');
        expect((await app.refresh.hourly()).drainedHours).toBeGreaterThanOrEqual((DAYS * 24) / 5);
        await expectAllRight();
      }
      expect(wrong.filter((hour) => new Date(hour) < to)).toEqual([]);
    });

    it('takes its force along: what stays stale is guarded again', async () => {
      const hour = at(1, 1);
      await database.dataSource.query(
        'DELETE FROM usage_logs WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz',
        [hour.toISOString(), at(1, 2).toISOString()],
      );
      await database.dataSource.query(
        'DELETE FROM ops_error_logs WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz',
        [hour.toISOString(), at(1, 2).toISOString()],
      );
      await app.verify.verify(hour, at(1, 2), true);
      expect(await app.refresh.hourly()).toMatchObject({ suspiciousHours: 1 });

      await scene.holdDays(holder, from, DAYS);
      const kept = await app.rebuilds.request({ from: at(2), to: at(3), force: true });
      const { id } = await app.rebuilds.request({ from, to, force: true });
      await app.rebuilds.cancel(id);
      expect(await scene.loggedHour(database.dataSource, hour)).toMatchObject({
        forced: false,
        reason: 'verify',
      });
      expect(await scene.loggedHour(database.dataSource, at(2, 1))).toMatchObject({ forced: true });
      await holder.query('ROLLBACK');
      expect(await app.refresh.hourly()).toMatchObject({ drainedHours: 24, suspiciousHours: 1 });
      expect(await scene.storedRequests(database.dataSource, hour)).toBe(2);
      expect((await app.rebuilds.progress(kept.id)).state).toBe('finished');
    });

    it('finishes the hours that are being recomputed this moment', async () => {
      await spoil();
      await database.dataSource.query(`
        CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          PERFORM pg_advisory_xact_lock(77);
          RETURN NEW;
        END $$;
        CREATE TRIGGER wait_for_test BEFORE INSERT ON ops_metrics_hourly FOR EACH ROW EXECUTE FUNCTION wait_for_test()`);
      const slow = await createOpsApp(database.url, { lockTimeoutMs: 60_000 });
      try {
        await holder.query('BEGIN; SELECT pg_advisory_xact_lock(77)');
        const { id } = await slow.rebuilds.request({ from: at(1), to: at(2) });
        await eventually(async () => {
          const waiting = await database.dataSource.query<unknown[]>(
            `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted`,
          );
          return waiting.length > 0;
        }, 'a day in work');
        await app.rebuilds.cancel(id);
        await holder.query('COMMIT');
        await slow.refresh.hourly();
        expect(await app.rebuilds.progress(id)).toMatchObject({
          state: 'cancelled',
          hours: { total: 24, done: 24, failed: 0, cancelled: 0 },
        });
        const { differences } = await app.verify.verify(at(1), at(2));
        expect(differences).toEqual([]);
      } finally {
        await slow.close();
        await database.dataSource.query(
          'DROP TRIGGER wait_for_test ON ops_metrics_hourly; DROP FUNCTION wait_for_test',
        );
      }
    });
  });

  it.each(['0', '4711', '999999999999999999', '-1', 'x', '1; DROP TABLE ops_rebuilds', '1e3', ''])(
    'knows no rebuild of id %j',
    async (id) => {
      await expect(app.rebuilds.progress(id)).rejects.toBeInstanceOf(OpsRebuildNotFoundError);
      await expect(app.rebuilds.cancel(id)).rejects.toBeInstanceOf(OpsRebuildNotFoundError);
    },
  );
});
