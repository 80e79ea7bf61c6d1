import { describe, expect, it } from '@jest/globals';
import { OpsRebuildEndedError, OpsRebuildNotFoundError, type RebuildRequest } from '../../src/ops/index.js';
import { eventually } from '../support/eventually.js';
import { RebuildScene } from '../support/rebuild-scene.js';

const DAYS = RebuildScene.days;

describe('rebuild', () => {
  const scene = new RebuildScene('rebuild');

  it.each<[string, Partial<RebuildRequest>]>([
    ['from', { from: new Date(NaN) }],
    ['to', { to: '2026-01-31' }],
    ['to', { to: new Date(0) }],
    ['reason', { reason: 'x'.repeat(501) }],
    ['reason', { reason: 'a\0b' }],
  ])('refuses a wrong %s without HTTP too', async (field, wrong) => {
    const { app, from, to } = scene;
    const refused = expect.objectContaining({ name: 'OpsInputError', field });
    await expect(app.rebuilds.request({ from, to, ...wrong })).rejects.toEqual(refused);
    await expect(app.rebuilds.progress('1\0')).rejects.toMatchObject({ name: 'OpsInputError', field: 'id' });
  });

  it('recomputes every hour of a range, widened to whole hours, and says how far it is', async () => {
    await scene.spoil();
    const started = await scene.app.rebuilds.request(
      {
        from: new Date(scene.from.getTime() + 60_000),
        to: new Date(scene.to.getTime() - 60_000).toISOString(),
        reason: 'prices',
      },
      'ann',
    );
    expect(started).toMatchObject({
      from: scene.from.toISOString(),
      to: scene.to.toISOString(),
      force: false,
      reason: 'prices',
      requestedBy: 'ann',
      cancelledAt: null,
      hours: { total: DAYS * 24, failed: 0, cancelled: 0 },
    });
    const progress = await scene.ended(started.id);
    expect(progress).toMatchObject({
      state: 'finished',
      estimatedEnd: null,
      hours: { total: DAYS * 24, done: DAYS * 24, failed: 0, cancelled: 0 },
    });
    expect(Date.parse(progress.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(progress.startedAt));
    // The same from every instance.
    expect(await scene.other.rebuilds.progress(started.id)).toEqual(progress);
    const second = await scene.app.rebuilds.request({ from: scene.at(1), to: scene.at(1, 1) });
    expect((await scene.other.rebuilds.list()).map(({ id }) => id)).toEqual([second.id, started.id]);
    await scene.ended(second.id);
    await scene.expectRebuilt();
  });

  it('goes on in another instance where the one that started it left days behind', async () => {
    await scene.spoil();
    await scene.hold(scene.at(1), 2);
    const id = await scene.requestInVain();
    expect(await scene.app.rebuilds.progress(id)).toMatchObject({ state: 'running', finishedAt: null });
    expect((await scene.app.rebuilds.progress(id)).estimatedEnd).not.toBeNull();
    await scene.tick(); // the days are still in work elsewhere
    expect(await scene.app.rebuilds.progress(id)).toMatchObject({ state: 'running', hours: { done: 48 } });
    await scene.release();
    await scene.other.refresh.tick();
    const hours = { done: DAYS * 24 };
    expect(await scene.app.rebuilds.progress(id)).toMatchObject({ state: 'finished', hours });
    await scene.expectRebuilt();
  });

  it('is ended by the next drain where its instance died between the last day and the word of it', async () => {
    await scene.hold();
    const id = await scene.requestInVain();
    await scene.query('TRUNCATE ops_metrics_invalidations');
    expect((await scene.other.rebuilds.progress(id)).state).toBe('running');
    await scene.other.refresh.tick();
    expect((await scene.other.rebuilds.progress(id)).state).toBe('finished');
  });

  it('costs no double work where it overlaps another, and both end', async () => {
    await scene.hold();
    const first = await scene.requestInVain({ to: scene.at(3) });
    const second = await scene.requestInVain({ from: scene.at(1) });
    expect((await scene.staleHours()).filter((hour) => new Date(hour) < scene.to)).toHaveLength(DAYS * 24);
    await scene.release();
    expect(await scene.tick()).toMatchObject({ drainedHours: DAYS * 24 });
    for (const id of [first, second]) {
      expect(await scene.app.rebuilds.progress(id)).toMatchObject({
        state: 'finished',
        hours: { total: 72, done: 72, failed: 0, cancelled: 0 },
      });
    }
    await scene.expectRebuilt();
  });

  it.each(['0', '4711', '999999999999999999', '-1', 'x', '1; DROP TABLE ops_rebuilds', '1e3', ''])(
    'knows no rebuild of id %j',
    async (id) => {
      await expect(scene.app.rebuilds.progress(id)).rejects.toBeInstanceOf(OpsRebuildNotFoundError);
      await expect(scene.app.rebuilds.cancel(id)).rejects.toBeInstanceOf(OpsRebuildNotFoundError);
    },
  );

  it('cancelled, drops what is left of it and nothing else', async () => {
    await scene.spoil();
    await scene.hold(scene.at(1), 2);
    const id = await scene.requestInVain();
    const cancelled = await scene.other.rebuilds.cancel(id);
    expect(cancelled).toMatchObject({
      state: 'cancelled',
      finishedAt: null,
      estimatedEnd: null,
      hours: { total: 96, done: 48, failed: 0, cancelled: 48 },
    });
    expect(cancelled.cancelledAt).not.toBeNull();
    await scene.release();
    expect(await scene.tick()).toMatchObject({ drainedHours: 0, pendingHours: 0 });
    expect(await scene.app.rebuilds.progress(id)).toEqual(cancelled);
    const { differences } = await scene.app.verify.verify(scene.from, scene.to);
    expect(
      new Set(differences.filter(({ table }) => table === 'hourly').map(({ bucket }) => bucket.slice(0, 10))),
    ).toEqual(new Set([scene.at(1), scene.at(2)].map((day) => day.toISOString().slice(0, 10))));
    await expect(scene.app.rebuilds.cancel(id)).rejects.toBeInstanceOf(OpsRebuildEndedError);
  });

  it('cancelled, leaves hours stale that another rebuild wants, and does not call them done', async () => {
    await scene.hold();
    const first = await scene.requestInVain({ to: scene.at(3) });
    const second = await scene.requestInVain({ from: scene.at(1) });
    const none = { total: 72, done: 0, failed: 0, cancelled: 0 };
    expect((await scene.app.rebuilds.cancel(first)).hours).toEqual({ ...none, cancelled: 72 });
    expect((await scene.app.rebuilds.progress(second)).hours).toEqual(none);
    await scene.spoil();
    await scene.release();
    expect(await scene.tick()).toMatchObject({ drainedHours: 72 });
    expect((await scene.app.rebuilds.progress(second)).hours.done).toBe(72);
  });

  it.each(['before', 'after'])(
    'cancelled, leaves hours stale that had new rows %s it was asked for',
    async (when) => {
      const insert = (): Promise<void> => scene.insertRequests(scene.at(1, 3), 4, 2);
      await scene.hold();
      if (when === 'before') {
        await insert();
        await scene.tick();
      }
      const id = await scene.requestInVain();
      if (when === 'after') {
        await insert();
        await scene.tick();
      }
      await scene.app.rebuilds.cancel(id);
      await scene.release();
      expect(await scene.tick()).toMatchObject({ drainedHours: 1 });
      await scene.expectRebuilt();
    },
  );

  it('cancelled, leaves hours stale that verify or a first run noted meanwhile', async () => {
    for (const note of [
      () => scene.other.verify.verify(scene.from, scene.to, true),
      async () => {
        await scene.query('TRUNCATE ops_detect_state');
        await scene.other.refresh.tick();
      },
    ]) {
      await scene.query(
        'UPDATE usage_logs SET output_tokens = output_tokens + 5 WHERE created_at >= $1::timestamptz',
        [scene.from],
      );
      await scene.hold(scene.from, DAYS + 1);
      const id = await scene.requestInVain();
      await note();
      await scene.app.rebuilds.cancel(id);
      await scene.release();
      expect((await scene.tick()).drainedHours).toBeGreaterThanOrEqual((DAYS * 24) / 5);
      await scene.expectRebuilt();
    }
  });

  it('cancelled, leaves what differs to the audit, which had passed over its hours', async () => {
    const auditor = await scene.start();
    await scene.query('UPDATE usage_logs SET output_tokens = output_tokens + 5');
    await scene.hold(scene.from, DAYS + 1);
    const id = await scene.requestInVain();
    expect(await auditor.refresh.tick()).toMatchObject({ differingHours: 1 }); // the one before
    await scene.app.rebuilds.cancel(id);
    await scene.release();
    const tick = await auditor.refresh.tick();
    expect(tick.differingHours).toBeGreaterThanOrEqual((DAYS * 24) / 5 - 1);
    expect(tick.drainedHours).toBe(tick.differingHours);
    await scene.expectRebuilt();
  });

  it('cancelled, takes its force along: what stays stale is guarded again', async () => {
    const hour = scene.at(1, 1);
    await scene.purge(hour, scene.at(1, 2));
    await scene.app.verify.verify(hour, scene.at(1, 2), true);
    expect(await scene.tick()).toMatchObject({ suspiciousHours: 1 });

    await scene.hold();
    const kept = await scene.requestInVain({ from: scene.at(2), to: scene.at(3), force: true });
    const id = await scene.requestInVain({ force: true });
    await scene.app.rebuilds.cancel(id);
    expect(await scene.loggedHour(hour)).toMatchObject({ forced: false, reason: 'verify' });
    expect(await scene.loggedHour(scene.at(2, 1))).toMatchObject({ forced: true });
    await scene.release();
    await scene.tick();
    expect(await scene.loggedHour(hour)).toMatchObject({ is_suspicious: true });
    expect(await scene.storedRequests(hour)).toBe(2);
    expect((await scene.app.rebuilds.progress(kept)).state).toBe('finished');
  });

  it('cancelled, finishes the hours that are being recomputed this moment', async () => {
    await scene.spoil();
    await scene.query(`
      CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(77);
        RETURN NEW;
      END $$;
      CREATE TRIGGER wait_for_test BEFORE INSERT ON ops_metrics_hourly FOR EACH ROW EXECUTE FUNCTION wait_for_test()`);
    const slow = await scene.start({ lockTimeoutMs: 60_000 });
    try {
      await scene.holder.query('BEGIN; SELECT pg_advisory_xact_lock(77)');
      const { id } = await slow.rebuilds.request({ from: scene.at(1), to: scene.at(2) });
      await eventually(async () => {
        const waiting = await scene.query<unknown>(
          `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted`,
        );
        return waiting.length === 2; // each worker takes half of the day
      }, 'a whole day in work');
      await scene.app.rebuilds.cancel(id);
      await scene.holder.query('COMMIT');
      await slow.refresh.tick();
      expect(await scene.app.rebuilds.progress(id)).toMatchObject({
        state: 'cancelled',
        hours: { total: 24, done: 24, failed: 0, cancelled: 0 },
      });
      const { differences } = await scene.app.verify.verify(scene.at(1), scene.at(2));
      expect(differences).toEqual([]);
    } finally {
      await slow.close();
      await scene.query('DROP TRIGGER wait_for_test ON ops_metrics_hourly; DROP FUNCTION wait_for_test');
    }
  });
});
