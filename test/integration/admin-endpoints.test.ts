import type { Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import request, { type Test } from 'supertest';
import { readEnvironment } from '../../src/config/environment.js';
import { createApp } from '../../src/create-app.js';
import type { RebuildProgress } from '../../src/ops/index.js';
import { eventually } from '../support/eventually.js';
import * as scene from '../support/refresh-scene.js';
import { databaseNow, expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TOKEN = 'a-token-of-the-tests-with-32-characters';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Method = 'get' | 'post' | 'delete';

const ROUTES: readonly [Method, string][] = [
  ['get', '/admin/ops/status'],
  ['post', '/admin/ops/refresh'],
  ['post', '/admin/ops/verify'],
  ['get', '/admin/ops/rebuilds'],
  ['post', '/admin/ops/rebuilds'],
  ['get', '/admin/ops/rebuilds/1'],
  ['delete', '/admin/ops/rebuilds/1'],
  ['get', '/admin/ops/rebuilds/1/events'],
];

describe('admin endpoints', () => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  let from: Date;
  let to: Date;

  beforeAll(async () => {
    database = await createTestDatabase('admin_endpoints');
    const environment = readEnvironment({
      DATABASE_URL: database.url,
      OPS_ADMIN_TOKEN: TOKEN,
      OPS_JOBS_ENABLED: 'false',
      OPS_SAFE_DELAY_SECONDS: '0',
      OPS_MAX_REBUILD_DAYS: '50',
      OPS_USAGE_RETENTION_DAYS: '30',
      LOG_LEVEL: 'error',
    });
    app = await createApp(environment, { adminWritesPerMinute: 100_000 });
    await app.init();
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
    [from, to] = [await hoursAgo(database.dataSource, 60), await hoursAgo(database.dataSource, 0)];
    for (let hours = 1; hours <= 60; hours += 7) {
      await scene.insertRequests(database.dataSource, await hoursAgo(database.dataSource, hours));
      await scene.insertFailures(database.dataSource, await hoursAgo(database.dataSource, hours));
    }
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  function send(method: Method, path: string, body?: unknown): Test {
    const test = request(app.getHttpServer() as Server)
      [method](path)
      .set('Authorization', `Bearer ${TOKEN}`);
    return body === undefined ? test : test.send(body as object);
  }

  const range = (): { from: string; to: string } => ({ from: from.toISOString(), to: to.toISOString() });

  describe.each(ROUTES)('%s %s', (method, path) => {
    it.each([
      ['no Authorization', undefined],
      ['an empty one', ''],
      ['a wrong token', 'Bearer a-token-of-the-tests-with-32-charactera'],
      ['a part of the token', `Bearer ${TOKEN.slice(0, -1)}`],
      ['more than the token', `Bearer ${TOKEN}x`],
      ['another scheme', `Basic ${Buffer.from(`admin:${TOKEN}`).toString('base64')}`],
      ['the bare token', TOKEN],
    ])('answers 401 to %s', async (_what, authorization) => {
      const test = request(app.getHttpServer() as Server)[method](path);
      const response = await (authorization === undefined ? test : test.set('Authorization', authorization));
      expect(response.status).toBe(401);
      expect(response.body).toEqual({ code: 'UNAUTHORIZED', message: expect.any(String), field: null });
    });
  });

  it('does nothing for somebody without the token', async () => {
    await request(app.getHttpServer() as Server)
      .post('/admin/ops/rebuilds')
      .send(range())
      .expect(401);
    await request(app.getHttpServer() as Server)
      .post('/admin/ops/refresh')
      .expect(401);
    expect(await scene.staleHours(database.dataSource)).toEqual([]);
    expect((await send('get', '/admin/ops/rebuilds')).body).toEqual([]);
  });

  describe.each(['/admin/ops/rebuilds', '/admin/ops/verify'])('POST %s', (path) => {
    const later = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

    it.each<[string, string, (good: { from: string; to: string }) => unknown]>([
      ['no from', 'from', ({ to: end }) => ({ to: end })],
      ['no to', 'to', ({ from: start }) => ({ from: start })],
      ['an empty body', 'from', () => ({})],
      ['a list', 'from', () => []],
      ['a time without a zone', 'from', (good) => ({ ...good, from: '2026-01-01T00:00:00' })],
      ['a bare date', 'to', (good) => ({ ...good, to: '2026-01-02' })],
      ['a day that does not exist', 'from', (good) => ({ ...good, from: '2026-02-30T00:00:00Z' })],
      ['an hour that does not exist', 'from', (good) => ({ ...good, from: '2026-02-03T24:00:00Z' })],
      ['words', 'to', (good) => ({ ...good, to: 'yesterday' })],
      ['a number', 'from', (good) => ({ ...good, from: 1_767_225_600_000 })],
      ['null', 'to', (good) => ({ ...good, to: null })],
      ['a nested value', 'from', (good) => ({ ...good, from: { $gt: '' } })],
      ['two froms', 'from', (good) => ({ ...good, from: [good.from, good.to] })],
      ['an end before the start', 'to', (good) => ({ from: good.to, to: good.from })],
      ['an empty range', 'to', (good) => ({ from: good.from, to: good.from })],
      ['a range that is too long', 'to', (good) => ({ ...good, from: '2020-01-01T00:00:00Z' })],
      ['an end in the future', 'to', (good) => ({ ...good, to: later(1) })],
      ['a start in the future', 'from', () => ({ from: later(1), to: later(2) })],
      ['a property that it does not know', 'until', (good) => ({ ...good, until: good.to })],
      [
        'a flag that is a word',
        path.endsWith('verify') ? 'fix' : 'force',
        (good) => ({ ...good, force: 'yes', fix: 'yes' }),
      ],
    ])('answers 400 to %s and names %s', async (_what, field, body) => {
      // Each of the two knows only one of the flags.
      const own = path.endsWith('verify') ? { force: undefined } : { fix: undefined };
      const response = await send(
        'post',
        path,
        Array.isArray(body(range())) ? [] : { ...(body(range()) as object), ...own },
      );
      expect(response.body).toEqual({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(field),
        field,
      });
      expect(response.status).toBe(400);
    });

    it('answers 400 to what is no JSON, in the same shape', async () => {
      const response = await send('post', path).set('Content-Type', 'application/json').send('{"from": ');
      expect(response.status).toBe(400);
      expect(response.body).toEqual({ code: 'BAD_REQUEST', message: expect.any(String), field: null });
    });

    it('takes any zone, as long as it is said', async () => {
      const response = await send('post', path, {
        from: `${new Date(from.getTime() + 5.5 * HOUR_MS).toISOString().slice(0, 19)}+05:30`,
        to: `${new Date(to.getTime() - 8 * HOUR_MS).toISOString().slice(0, 16)}-08:00`,
      });
      expect(response.body).toMatchObject({ from: from.toISOString(), to: to.toISOString() });
    });
  });

  it.each([
    ['reason', { reason: 7 }],
    ['reason', { reason: 'x'.repeat(501) }],
  ])('answers 400 to a wrong %s of a rebuild', async (field, wrong) => {
    const response = await send('post', '/admin/ops/rebuilds', { ...range(), ...wrong });
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('answers 409 to a rebuild below the floor, and names the floor; a forced one is taken', async () => {
    const below = { ...range(), from: new Date(to.getTime() - 31 * DAY_MS).toISOString() };
    const response = await send('post', '/admin/ops/rebuilds', below);
    expect(response.status).toBe(409);
    expect(response.body).toMatchObject({ code: 'BELOW_RAW_FLOOR', field: 'from' });
    const [floor = ''] =
      /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec((response.body as { message: string }).message) ?? [];
    const now = (await databaseNow(database.dataSource)).getTime();
    expect(Math.abs(now - 30 * DAY_MS - Date.parse(floor))).toBeLessThan(HOUR_MS);

    const forced = await send('post', '/admin/ops/rebuilds', { ...below, force: true, reason: 'told to' });
    expect(forced.status).toBe(202);
    expect(forced.body).toMatchObject({ force: true, reason: 'told to' });
    await ended((forced.body as RebuildProgress).id);
    await eventually(
      async () => (await scene.staleHours(database.dataSource)).length === 0,
      'the end of the drain',
    );
  });

  async function ended(id: string): Promise<RebuildProgress> {
    return eventually(async () => {
      const { body } = await send('get', `/admin/ops/rebuilds/${id}`).expect(200);
      return (body as RebuildProgress).state === 'running' ? null : (body as RebuildProgress);
    }, 'an ended rebuild');
  }

  it('takes a rebuild with 202 and starts it at once; it can be looked up and listed', async () => {
    const response = await send('post', '/admin/ops/rebuilds', { ...range(), reason: 'prices' });
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
    expect((await send('get', '/admin/ops/rebuilds').expect(200)).body).toEqual([done]);
    await send('post', '/admin/ops/refresh').expect(200);
    await expectRight(database.url, from, to);
  });

  it('streams the progress of a rebuild, and ends the stream with it', async () => {
    const holder = await scene.connect(database.url);
    try {
      await scene.holdDays(holder, from, 4);
      const { body } = await send('post', '/admin/ops/rebuilds', range());
      const { id } = body as RebuildProgress;
      let text = '';
      const stream = send('get', `/admin/ops/rebuilds/${id}/events`)
        .buffer(false)
        .parse((response, done) => {
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => {
            done(null, text);
          });
        });
      const closed = stream.then((response) => response);
      await eventually(() => Promise.resolve(text.includes('event: progress')), 'a first event');
      await holder.query('ROLLBACK');
      await send('post', '/admin/ops/refresh').expect(200);
      const response = await closed;
      expect(response.status).toBe(200);
      expect(response.headers['content-type']).toContain('text/event-stream');
      const events = [...text.matchAll(/^data: (.*)$/gm)].map(
        ([, json = '']) => JSON.parse(json) as RebuildProgress,
      );
      expect(events[0]).toMatchObject({ id, state: 'running', hours: { total: 60, done: 0 } });
      expect(events.at(-1)).toMatchObject({ id, state: 'finished', hours: { total: 60, done: 60 } });
      expect(new Set(events.map((event) => JSON.stringify(event))).size).toBe(events.length);
    } finally {
      await holder.end();
    }
  });

  it('cancels a rebuild once; what has ended cannot be cancelled', async () => {
    const holder = await scene.connect(database.url);
    try {
      await scene.holdDays(holder, from, 4);
      const { body } = await send('post', '/admin/ops/rebuilds', range());
      const { id } = body as RebuildProgress;
      const cancelled = await send('delete', `/admin/ops/rebuilds/${id}`);
      expect(cancelled.status).toBe(200);
      expect(cancelled.body).toMatchObject({
        id,
        state: 'cancelled',
        hours: { total: 60, done: 0, cancelled: 60 },
      });
      const again = await send('delete', `/admin/ops/rebuilds/${id}`);
      expect(again.status).toBe(409);
      expect(again.body).toEqual({
        code: 'REBUILD_ENDED',
        message: expect.stringContaining(id),
        field: 'id',
      });
    } finally {
      await holder.end();
    }
  });

  it.each<[Method, string]>([
    ['get', ''],
    ['delete', ''],
    ['get', '/events'],
  ])('answers 404 to %s of a rebuild%s that does not exist', async (method, suffix) => {
    for (const id of ['4711', 'x', '9'.repeat(40), '%27']) {
      const response = await send(method, `/admin/ops/rebuilds/${id}${suffix}`);
      expect(response.status).toBe(404);
      expect(response.body).toMatchObject({ code: 'REBUILD_NOT_FOUND', field: 'id' });
    }
  });

  it('answers 404 to a path that does not exist, in the same shape', async () => {
    const response = await send('get', '/admin/ops/nothing');
    expect(response.status).toBe(404);
    expect(response.body).toEqual({ code: 'NOT_FOUND', message: expect.any(String), field: null });
  });

  it('runs a tick of both jobs on request, and says where everything stands', async () => {
    const tick = await send('post', '/admin/ops/refresh');
    expect(tick.status).toBe(200);
    expect(tick.body).toMatchObject({
      hourly: { failedHours: 0, suspiciousHours: 0, pendingHours: 0, lateRows: 0, belowFloorRows: 0 },
      daily: { oldDefinitionHours: 0 },
    });
    const { body } = await send('get', '/admin/ops/status').expect(200);
    const [raw] = await database.dataSource.query<{ usage: string; errors: string }[]>(
      'SELECT (SELECT max(id) FROM usage_logs) AS usage, (SELECT max(id) FROM ops_error_logs) AS errors',
    );
    expect(body).toMatchObject({
      now: expect.stringMatching(/Z$/),
      closedThrough: expect.stringMatching(/:00:00\.000Z$/),
      rawFloor: expect.stringMatching(/Z$/),
      definitionVersion: expect.any(Number),
      latestBuckets: { hourly: new Date(to.getTime() - HOUR_MS).toISOString() },
      rows: { hourly: expect.stringMatching(/^\d+$/), daily: expect.stringMatching(/^\d+$/) },
      invalidations: { pending: 0, failing: 0, suspicious: 0, oldestPendingSince: null },
      failingBuckets: [],
      suspiciousBuckets: [],
      rawTables: [
        { rawTable: 'usage_logs', safeId: raw?.usage, lateRows: '0', belowFloorRows: '0' },
        { rawTable: 'ops_error_logs', safeId: raw?.errors, lateRows: '0', belowFloorRows: '0' },
      ],
      jobs: [
        { jobName: 'ops_preaggregation_daily', lastError: null },
        { jobName: 'ops_preaggregation_hourly', lastError: null },
      ],
    });
  });

  it('verifies a range on request, and heals it when told to', async () => {
    await send('post', '/admin/ops/refresh').expect(200);
    expect((await send('post', '/admin/ops/verify', range()).expect(200)).body).toMatchObject({
      differenceCount: 0,
    });
    await database.dataSource.query('UPDATE ops_metrics_hourly SET duration_max_ms = 1');
    const found = (await send('post', '/admin/ops/verify', { ...range(), fix: true }).expect(200)).body as {
      differenceCount: number;
      notedHours: number;
    };
    expect(found.differenceCount).toBeGreaterThan(0);
    expect(found.notedHours).toBeGreaterThanOrEqual(9);
    await send('post', '/admin/ops/refresh').expect(200);
    expect((await send('post', '/admin/ops/verify', range()).expect(200)).body).toMatchObject({
      differenceCount: 0,
    });
  });
});
