import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OpsRebuildEndedError } from '../../src/ops/index.js';
import { eventually } from '../support/eventually.js';
import { createOpsApp } from '../support/ops-app.js';
import { RebuildScene } from '../support/rebuild-scene.js';
import * as scene from '../support/refresh-scene.js';

const DAYS = RebuildScene.days;

describe('a cancelled rebuild', () => {
  let rebuild: RebuildScene;

  beforeAll(async () => {
    rebuild = await RebuildScene.open('rebuild_cancel');
  });
  beforeEach(async () => {
    await rebuild.reset();
  });
  afterAll(async () => {
    await rebuild.close();
  });

  it('drops what is left of it and nothing else', async () => {
    await rebuild.spoil();
    await rebuild.holdDays(rebuild.at(1), 2);
    const id = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.to });
    const cancelled = await rebuild.other.rebuilds.cancel(id);
    expect(cancelled).toMatchObject({
      state: 'cancelled',
      finishedAt: null,
      estimatedEnd: null,
      hours: { total: 96, done: 48, failed: 0, cancelled: 48 },
    });
    expect(cancelled.cancelledAt).not.toBeNull();
    await rebuild.holder.query('ROLLBACK');
    expect(await rebuild.app.refresh.tick()).toMatchObject({ drainedHours: 0, pendingHours: 0 });
    expect(await rebuild.app.rebuilds.progress(id)).toEqual(cancelled);
    const { differences } = await rebuild.app.verify.verify(rebuild.from, rebuild.to);
    expect(
      new Set(differences.filter(({ table }) => table === 'hourly').map(({ bucket }) => bucket.slice(0, 10))),
    ).toEqual(new Set([rebuild.at(1), rebuild.at(2)].map((day) => day.toISOString().slice(0, 10))));
    await expect(rebuild.app.rebuilds.cancel(id)).rejects.toBeInstanceOf(OpsRebuildEndedError);
  });

  it('leaves hours stale that another rebuild wants, and does not call them done', async () => {
    await rebuild.holdDays(rebuild.from, DAYS);
    const first = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.at(3) });
    const second = await rebuild.requestInVain({ from: rebuild.at(1), to: rebuild.to });
    expect((await rebuild.app.rebuilds.cancel(first)).hours).toEqual({
      total: 72,
      done: 0,
      failed: 0,
      cancelled: 72,
    });
    expect((await rebuild.app.rebuilds.progress(second)).hours).toEqual({
      total: 72,
      done: 0,
      failed: 0,
      cancelled: 0,
    });
    await rebuild.spoil();
    await rebuild.holder.query('ROLLBACK');
    expect(await rebuild.app.refresh.tick()).toMatchObject({ drainedHours: 72 });
    expect((await rebuild.app.rebuilds.progress(second)).hours.done).toBe(72);
  });

  it.each(['before', 'after'])('leaves hours stale that had new rows %s it was asked for', async (when) => {
    const insert = (): Promise<void> =>
      scene.insertRequests(rebuild.database.dataSource, rebuild.at(1, 3), 4, 2);
    await rebuild.holdDays(rebuild.from, DAYS);
    if (when === 'before') {
      await insert();
      await rebuild.app.refresh.tick();
    }
    const id = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.to });
    if (when === 'after') {
      await insert();
      await rebuild.app.refresh.tick();
    }
    await rebuild.app.rebuilds.cancel(id);
    await rebuild.holder.query('ROLLBACK');
    expect(await rebuild.app.refresh.tick()).toMatchObject({ drainedHours: 1 });
    await rebuild.expectAllRight();
  });

  it('leaves hours stale that verify or a first run noted meanwhile', async () => {
    for (const note of [
      () => rebuild.other.verify.verify(rebuild.from, rebuild.to, true),
      async () => {
        await rebuild.database.dataSource.query('TRUNCATE ops_detect_state');
        await rebuild.other.refresh.tick();
      },
    ]) {
      await rebuild.database.dataSource.query(
        'UPDATE usage_logs SET output_tokens = output_tokens + 5 WHERE created_at >= $1::timestamptz',
        [rebuild.from.toISOString()],
      );
      await rebuild.holdDays(rebuild.from, DAYS + 1);
      const id = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.to });
      await note();
      await rebuild.app.rebuilds.cancel(id);
      await rebuild.holder.query('ROLLBACK');
      expect((await rebuild.app.refresh.tick()).drainedHours).toBeGreaterThanOrEqual((DAYS * 24) / 5);
      await rebuild.expectAllRight();
    }
  });

  it('leaves what differs to the audit, which had passed over its hours', async () => {
    const auditor = await createOpsApp(rebuild.database.url);
    try {
      await rebuild.database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 5');
      await rebuild.holdDays(rebuild.from, DAYS + 1);
      const id = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.to });
      expect(await auditor.refresh.tick()).toMatchObject({ differingHours: 1 }); // the one before
      await rebuild.app.rebuilds.cancel(id);
      await rebuild.holder.query('ROLLBACK');
      const tick = await auditor.refresh.tick();
      expect(tick.differingHours).toBeGreaterThanOrEqual((DAYS * 24) / 5 - 1);
      expect(tick.drainedHours).toBe(tick.differingHours);
      await rebuild.expectAllRight();
    } finally {
      await auditor.close();
    }
  });

  it('takes its force along: what stays stale is guarded again', async () => {
    const hour = rebuild.at(1, 1);
    await rebuild.purge(hour, rebuild.at(1, 2));
    await rebuild.app.verify.verify(hour, rebuild.at(1, 2), true);
    expect(await rebuild.app.refresh.tick()).toMatchObject({ suspiciousHours: 1 });

    await rebuild.holdDays(rebuild.from, DAYS);
    const kept = await rebuild.requestInVain({ from: rebuild.at(2), to: rebuild.at(3), force: true });
    const id = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.to, force: true });
    await rebuild.app.rebuilds.cancel(id);
    expect(await scene.loggedHour(rebuild.database.dataSource, hour)).toMatchObject({
      forced: false,
      reason: 'verify',
    });
    expect(await scene.loggedHour(rebuild.database.dataSource, rebuild.at(2, 1))).toMatchObject({
      forced: true,
    });
    await rebuild.holder.query('ROLLBACK');
    await rebuild.app.refresh.tick();
    expect(await scene.loggedHour(rebuild.database.dataSource, hour)).toMatchObject({ is_suspicious: true });
    expect(await scene.storedRequests(rebuild.database.dataSource, hour)).toBe(2);
    expect((await rebuild.app.rebuilds.progress(kept)).state).toBe('finished');
  });

  it('finishes the hours that are being recomputed this moment', async () => {
    await rebuild.spoil();
    await rebuild.database.dataSource.query(`
      CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(77);
        RETURN NEW;
      END $$;
      CREATE TRIGGER wait_for_test BEFORE INSERT ON ops_metrics_hourly FOR EACH ROW EXECUTE FUNCTION wait_for_test()`);
    const slow = await createOpsApp(rebuild.database.url, { lockTimeoutMs: 60_000 });
    try {
      await rebuild.holder.query('BEGIN; SELECT pg_advisory_xact_lock(77)');
      const { id } = await slow.rebuilds.request({ from: rebuild.at(1), to: rebuild.at(2) });
      await eventually(async () => {
        const waiting = await rebuild.database.dataSource.query<unknown[]>(
          `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted`,
        );
        return waiting.length > 0;
      }, 'a day in work');
      await rebuild.app.rebuilds.cancel(id);
      await rebuild.holder.query('COMMIT');
      await slow.refresh.tick();
      expect(await rebuild.app.rebuilds.progress(id)).toMatchObject({
        state: 'cancelled',
        hours: { total: 24, done: 24, failed: 0, cancelled: 0 },
      });
      const { differences } = await rebuild.app.verify.verify(rebuild.at(1), rebuild.at(2));
      expect(differences).toEqual([]);
    } finally {
      await slow.close();
      await rebuild.database.dataSource.query(
        'DROP TRIGGER wait_for_test ON ops_metrics_hourly; DROP FUNCTION wait_for_test',
      );
    }
  });
});
