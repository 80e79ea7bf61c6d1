import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OpsRebuildNotFoundError, type RebuildRequest } from '../../src/ops/index.js';
import { RebuildScene } from '../support/rebuild-scene.js';
import * as scene from '../support/refresh-scene.js';

const DAYS = RebuildScene.days;

describe('rebuild', () => {
  let rebuild: RebuildScene;

  beforeAll(async () => {
    rebuild = await RebuildScene.open('rebuild');
  });
  beforeEach(async () => {
    await rebuild.reset();
  });
  afterAll(async () => {
    await rebuild.close();
  });

  it.each<[string, Partial<RebuildRequest>]>([
    ['from', { from: new Date(NaN) }],
    ['to', { to: '2026-01-31' }],
    ['to', { to: new Date(0) }],
    ['reason', { reason: 'x'.repeat(501) }],
    ['reason', { reason: 'a\0b' }],
  ])('refuses a wrong %s without HTTP too', async (field, wrong) => {
    const { app, from, to } = rebuild;
    const refused = expect.objectContaining({ name: 'OpsInputError', field });
    await expect(app.rebuilds.request({ from, to, ...wrong })).rejects.toEqual(refused);
    await expect(app.rebuilds.progress('1\0')).rejects.toMatchObject({ name: 'OpsInputError', field: 'id' });
  });

  it('recomputes every hour of a range, widened to whole hours, and says how far it is', async () => {
    await rebuild.spoil();
    const started = await rebuild.app.rebuilds.request(
      {
        from: new Date(rebuild.from.getTime() + 60_000),
        to: new Date(rebuild.to.getTime() - 60_000).toISOString(),
        reason: 'prices',
      },
      'ann',
    );
    expect(started).toMatchObject({
      from: rebuild.from.toISOString(),
      to: rebuild.to.toISOString(),
      force: false,
      reason: 'prices',
      requestedBy: 'ann',
      cancelledAt: null,
      hours: { total: DAYS * 24, failed: 0, cancelled: 0 },
    });
    const progress = await rebuild.ended(started.id);
    expect(progress).toMatchObject({
      state: 'finished',
      estimatedEnd: null,
      hours: { total: DAYS * 24, done: DAYS * 24, failed: 0, cancelled: 0 },
    });
    expect(Date.parse(progress.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(progress.startedAt));
    // The same from every instance.
    expect(await rebuild.other.rebuilds.progress(started.id)).toEqual(progress);
    const second = await rebuild.app.rebuilds.request({ from: rebuild.at(1), to: rebuild.at(1, 1) });
    expect((await rebuild.other.rebuilds.list()).map(({ id }) => id)).toEqual([second.id, started.id]);
    await rebuild.ended(second.id);
    await rebuild.expectAllRight();
  });

  it('goes on in another instance where the one that started it left days behind', async () => {
    await rebuild.spoil();
    await rebuild.holdDays(rebuild.at(1), 2);
    const id = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.to });
    expect(await rebuild.app.rebuilds.progress(id)).toMatchObject({ state: 'running', finishedAt: null });
    expect((await rebuild.app.rebuilds.progress(id)).estimatedEnd).not.toBeNull();
    await rebuild.app.refresh.tick(); // the days are still in work elsewhere
    expect(await rebuild.app.rebuilds.progress(id)).toMatchObject({ state: 'running', hours: { done: 48 } });
    await rebuild.holder.query('ROLLBACK');
    await rebuild.other.refresh.tick();
    expect(await rebuild.app.rebuilds.progress(id)).toMatchObject({
      state: 'finished',
      hours: { done: DAYS * 24 },
    });
    await rebuild.expectAllRight();
  });

  it('is ended by the next drain where its instance died between the last day and the word of it', async () => {
    await rebuild.holdDays(rebuild.from, DAYS);
    const id = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.to });
    await rebuild.database.dataSource.query('TRUNCATE ops_metrics_invalidations');
    expect((await rebuild.other.rebuilds.progress(id)).state).toBe('running');
    await rebuild.other.refresh.tick();
    expect((await rebuild.other.rebuilds.progress(id)).state).toBe('finished');
  });

  it('costs no double work where it overlaps another, and both end', async () => {
    await rebuild.holdDays(rebuild.from, DAYS);
    const first = await rebuild.requestInVain({ from: rebuild.from, to: rebuild.at(3) });
    const second = await rebuild.requestInVain({ from: rebuild.at(1), to: rebuild.to });
    expect(
      (await scene.staleHours(rebuild.database.dataSource)).filter((hour) => new Date(hour) < rebuild.to),
    ).toHaveLength(DAYS * 24);
    await rebuild.holder.query('ROLLBACK');
    expect(await rebuild.app.refresh.tick()).toMatchObject({ drainedHours: DAYS * 24 });
    for (const id of [first, second]) {
      expect(await rebuild.app.rebuilds.progress(id)).toMatchObject({
        state: 'finished',
        hours: { total: 72, done: 72, failed: 0, cancelled: 0 },
      });
    }
    await rebuild.expectAllRight();
  });

  it.each(['0', '4711', '999999999999999999', '-1', 'x', '1; DROP TABLE ops_rebuilds', '1e3', ''])(
    'knows no rebuild of id %j',
    async (id) => {
      await expect(rebuild.app.rebuilds.progress(id)).rejects.toBeInstanceOf(OpsRebuildNotFoundError);
      await expect(rebuild.app.rebuilds.cancel(id)).rejects.toBeInstanceOf(OpsRebuildNotFoundError);
    },
  );
});
