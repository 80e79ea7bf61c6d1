import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { resolveOptions, type RebuildProgress } from '../../src/ops/index.js';
import { type AdminClient, type Method } from '../support/admin-client.js';
import { fillRecentHours, startLimitedAdmin } from '../support/admin-scene.js';
import { refreshed, verified } from '../support/admin-runs.js';
import { eventually } from '../support/eventually.js';
import { DatabaseScene } from '../support/database-scene.js';
import { holdDays, staleHours } from '../support/refresh-scene.js';
import { databaseNow, expectRight } from '../support/rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('admin endpoints', () => {
  const scene = new DatabaseScene('admin_endpoints');
  let client: AdminClient;
  let from: Date;
  let to: Date;

  beforeAll(async () => {
    client = await startLimitedAdmin(scene.url);
    scene.defer(() => client.close());
  });
  beforeEach(async () => {
    [from, to] = await fillRecentHours(scene.dataSource);
  });

  const range = (): { from: string; to: string } => ({ from: from.toISOString(), to: to.toISOString() });

  it('answers 409 to a rebuild below the floor, and names the floor; a forced one is taken', async () => {
    const below = { ...range(), from: new Date(to.getTime() - 31 * DAY_MS).toISOString() };
    const response = await client.send('post', '/admin/ops/rebuilds', below);
    expect(response.status).toBe(409);
    expect(response.body).toMatchObject({ code: 'BELOW_RAW_FLOOR', field: 'from' });
    const [floor = ''] =
      /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec((response.body as { message: string }).message) ?? [];
    const now = (await databaseNow(scene.dataSource)).getTime();
    expect(Math.abs(now - 30 * DAY_MS - Date.parse(floor))).toBeLessThan(HOUR_MS);

    const forced = await client.send('post', '/admin/ops/rebuilds', {
      ...below,
      force: true,
      reason: 'told to',
    });
    expect(forced.status).toBe(202);
    expect(forced.body).toMatchObject({ force: true, reason: 'told to' });
    await ended((forced.body as RebuildProgress).id);
    await eventually(async () => (await staleHours(scene.dataSource)).length === 0, 'the end of the drain');
  });

  async function ended(id: string): Promise<RebuildProgress> {
    return eventually(async () => {
      const progress = (await client.send('get', `/admin/ops/rebuilds/${id}`).expect(200))
        .body as RebuildProgress;
      return progress.state === 'running' ? null : progress;
    }, 'an ended rebuild');
  }

  it('takes a rebuild with 202 and starts it at once; it can be looked up and listed', async () => {
    const response = await client.send('post', '/admin/ops/rebuilds', { ...range(), reason: 'prices' });
    expect(response.status).toBe(202);
    const started = response.body as RebuildProgress;
    expect(started).toMatchObject({
      id: expect.stringMatching(/^\d+$/),
      from: from.toISOString(),
      to: to.toISOString(),
      force: false,
      reason: 'prices',
      finishedAt: null,
      cancelledAt: null,
      hours: { total: 60, failed: 0, cancelled: 0 },
    });
    const done = await ended(started.id);
    expect(done).toMatchObject({
      state: 'finished',
      hours: { total: 60, done: 60, failed: 0, cancelled: 0 },
    });
    expect((await client.send('get', '/admin/ops/rebuilds').expect(200)).body).toEqual([done]);
    await refreshed(client);
    await expectRight(scene.url, from, to);
  });

  it('tells how far a rebuild is while its days are in work elsewhere', async () => {
    const holder = await scene.connect();
    const progress = async (id: string): Promise<unknown> =>
      (await client.send('get', `/admin/ops/rebuilds/${id}`)).body;
    await holdDays(holder, from, 4);
    const { id } = (await client.send('post', '/admin/ops/rebuilds', range())).body as RebuildProgress;
    expect(await progress(id)).toMatchObject({ id, state: 'running', hours: { total: 60, done: 0 } });
    await holder.query('ROLLBACK');
    await refreshed(client);
    expect(await progress(id)).toMatchObject({ id, state: 'finished', hours: { total: 60, done: 60 } });
  });

  it('cancels a rebuild once; what has ended cannot be cancelled', async () => {
    const holder = await scene.connect();
    await holdDays(holder, from, 4);
    const { id } = (await client.send('post', '/admin/ops/rebuilds', range())).body as RebuildProgress;
    // Its drain comes after the one that the request has started, which then has none of the hours in work.
    await refreshed(client);
    const cancelled = await client.send('delete', `/admin/ops/rebuilds/${id}`);
    expect(cancelled.status).toBe(200);
    expect(cancelled.body).toMatchObject({
      id,
      state: 'cancelled',
      hours: { total: 60, done: 0, cancelled: 60 },
    });
    const again = await client.send('delete', `/admin/ops/rebuilds/${id}`);
    expect(again.status).toBe(409);
    expect(again.body).toEqual({
      code: 'REBUILD_ENDED',
      message: expect.stringContaining(id),
      field: 'id',
    });
  });

  it.each<[Method]>([['get'], ['delete']])(
    'answers 404 to %s of a rebuild that does not exist',
    async (method) => {
      for (const id of ['4711', 'x', '9'.repeat(40), '%27']) {
        const response = await client.send(method, `/admin/ops/rebuilds/${id}`);
        expect(response.status).toBe(404);
        expect(response.body).toMatchObject({ code: 'REBUILD_NOT_FOUND', field: 'id' });
      }
    },
  );

  it('answers 404 to a path that does not exist, in the same shape', async () => {
    const response = await client.send('get', '/admin/ops/nothing');
    expect(response.status).toBe(404);
    expect(response.body).toEqual({ code: 'NOT_FOUND', message: expect.any(String), field: null });
  });

  it('runs a tick of both jobs on request, and says where everything stands', async () => {
    expect(await refreshed(client)).toMatchObject({
      refresh: { failedBuckets: 0, suspiciousHours: 0, pendingHours: 0, lateRows: 0, belowFloorRows: 0 },
      maintenance: { oldDefinitionHours: 0 },
    });
    const status: unknown = (await client.send('get', '/admin/ops/status').expect(200)).body;
    const [raw] = await scene.query<{ usage: string; errors: string }>(
      'SELECT (SELECT max(id) FROM usage_logs) AS usage, (SELECT max(id) FROM ops_error_logs) AS errors',
    );
    expect(status).toMatchObject({
      now: expect.stringMatching(/Z$/),
      closedThrough: expect.stringMatching(/:00:00\.000Z$/),
      rawFloor: expect.stringMatching(/Z$/),
      rawFloors: { usageLogs: expect.stringMatching(/Z$/), errorLogs: expect.stringMatching(/Z$/) },
      definitionVersion: expect.any(Number),
      dimensions: [
        { name: 'model', withinGroups: false },
        { name: 'account', withinGroups: false },
      ],
      objectives: resolveOptions().objectives,
      latestBuckets: { hourly: new Date(to.getTime() - HOUR_MS).toISOString() },
      rows: { hourly: expect.stringMatching(/^\d+$/), daily: expect.stringMatching(/^\d+$/) },
      invalidations: {
        pending: 0,
        pendingDays: 0,
        failing: 0,
        suspicious: 0,
        losing: 0,
        oldestPendingSince: null,
      },
      failingBuckets: [],
      suspiciousBuckets: [],
      losingBuckets: [],
      audit: [{ lane: 'recent' }, { lane: 'history' }],
      changedGroups: [],
      rawTables: [
        { rawTable: 'usage_logs', safeId: raw?.usage, lateRows: '0', belowFloorRows: '0', heldBy: null },
        { rawTable: 'ops_error_logs', safeId: raw?.errors, lateRows: '0', belowFloorRows: '0' },
      ],
      jobs: [
        { jobName: 'ops_rollup_maintenance', lastError: null },
        { jobName: 'ops_rollup_refresh', lastError: null },
      ],
    });
  });

  it('verifies a range on request, and heals it when told to', async () => {
    await refreshed(client);
    expect(await verified(client, range())).toMatchObject({ differenceCount: 0 });
    await scene.query('UPDATE ops_metrics_hourly SET duration_max_ms = 1');
    const found = await verified(client, { ...range(), fix: true });
    expect(found.differenceCount).toBeGreaterThan(0);
    // The oldest of 9 hours is next to the oldest raw row, and judged like any other: nothing was purged.
    expect(found.notedHours).toBe(9);
    await refreshed(client);
    expect(await verified(client, range())).toMatchObject({ differenceCount: 0, unjudgedCount: 0 });
  });
});
