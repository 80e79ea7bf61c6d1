import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TOKEN, type AdminClient, type Method } from '../support/admin-client.js';
import { fillRecentHours, startLimitedAdmin } from '../support/admin-scene.js';
import { eventually } from '../support/eventually.js';
import * as scene from '../support/refresh-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ROUTES: readonly [Method, string][] = [
  ['get', '/admin/ops/status'],
  ['post', '/admin/ops/refresh'],
  ['get', '/admin/ops/refresh'],
  ['get', '/admin/ops/refresh/1'],
  ['post', '/admin/ops/verify'],
  ['get', '/admin/ops/verify'],
  ['get', '/admin/ops/verify/1'],
  ['delete', '/admin/ops/verify/1'],
  ['get', '/admin/ops/rebuilds'],
  ['post', '/admin/ops/rebuilds'],
  ['get', '/admin/ops/rebuilds/1'],
  ['delete', '/admin/ops/rebuilds/1'],
  ['get', '/admin/ops/requests'],
];

describe('what the admin endpoints refuse', () => {
  let database: TestDatabase;
  let client: AdminClient;
  let from: Date;
  let to: Date;

  beforeAll(async () => {
    database = await createTestDatabase('admin_input');
    client = await startLimitedAdmin(database.url);
  });
  beforeEach(async () => {
    [from, to] = await fillRecentHours(database.dataSource);
  });
  afterAll(async () => {
    await client.close();
    await database.drop();
  });

  const range = (): { from: string; to: string } => ({ from: from.toISOString(), to: to.toISOString() });

  it.each(ROUTES)('answers 401 to %s %s without the token', async (method, path) => {
    const response = await client.anonymous(method, path);
    expect(response.status).toBe(401);
    expect(response.body).toEqual({ code: 'UNAUTHORIZED', message: expect.any(String), field: null });
  });

  // On one route: the same check stands before all of them, and slows down who fails it too often.
  it.each([
    ['an empty Authorization', ''],
    ['a wrong token', 'Bearer a-token-of-the-tests-with-32-charactera'],
    ['a part of the token', `Bearer ${TOKEN.slice(0, -1)}`],
    ['more than the token', `Bearer ${TOKEN}x`],
    ['another scheme', `Basic ${Buffer.from(`admin:${TOKEN}`).toString('base64')}`],
    ['the bare token', TOKEN],
  ])('answers 401 to %s', async (_what, authorization) => {
    const response = await client.anonymous('get', '/admin/ops/status').set('Authorization', authorization);
    expect(response.status).toBe(401);
    expect(response.body).toEqual({ code: 'UNAUTHORIZED', message: expect.any(String), field: null });
  });

  it('does nothing for somebody without the token', async () => {
    await client.anonymous('post', '/admin/ops/rebuilds').send(range()).expect(401);
    await client.anonymous('post', '/admin/ops/refresh').expect(401);
    expect(await scene.staleHours(database.dataSource)).toEqual([]);
    await client.anonymous('post', '/admin/ops/verify').send(range()).expect(401);
    for (const list of ['rebuilds', 'verify', 'refresh']) {
      expect((await client.send('get', `/admin/ops/${list}`)).body).toEqual([]);
    }
  });

  describe.each(['/admin/ops/rebuilds', '/admin/ops/verify'])('POST %s', (path) => {
    const later = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

    it.each<[string, string, (good: { from: string; to: string }) => unknown]>([
      ['no from', 'from', ({ to: end }) => ({ to: end })],
      ['no to', 'to', ({ from: start }) => ({ from: start })],
      ['an empty body', 'from', () => ({})],
      ['a list', 'body', () => []],
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
      const response = await client.send(
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
      const response = await client
        .send('post', path)
        .set('Content-Type', 'application/json')
        .send('{"from": ');
      expect(response.status).toBe(400);
      expect(response.body).toEqual({ code: 'BAD_REQUEST', message: expect.any(String), field: null });
    });

    it('takes any zone, as long as it is said', async () => {
      const response = await client.send('post', path, {
        from: `${new Date(from.getTime() + 5.5 * HOUR_MS).toISOString().slice(0, 19)}+05:30`,
        to: `${new Date(to.getTime() - 8 * HOUR_MS).toISOString().slice(0, 16)}-08:00`,
      });
      expect(response.body).toMatchObject({ from: from.toISOString(), to: to.toISOString() });
      const { id } = response.body as { id: string };
      await eventually(async () => {
        const progress = await client.send('get', `${path}/${id}`).expect(200);
        return (progress.body as { state: string }).state !== 'running';
      }, 'its end: the next test empties the tables');
    });
  });

  it.each([
    ['reason', { reason: 7 }],
    ['reason', { reason: 'x'.repeat(501) }],
  ])('answers 400 to a wrong %s of a rebuild', async (field, wrong) => {
    const response = await client.send('post', '/admin/ops/rebuilds', { ...range(), ...wrong });
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it.each([
    ['a NUL', '\0'],
    ['half of a surrogate pair', '\ud83d'],
  ])('answers 400 to %s in a reason', async (_what, text) => {
    const response = await client.send('post', '/admin/ops/rebuilds', { ...range(), reason: `a${text}b` });
    expect(response.status).toBe(400);
    expect(response.body).toEqual({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^reason must not contain NUL/),
      field: 'reason',
    });
    expect((await client.send('get', '/admin/ops/rebuilds')).body).toEqual([]);
  });

  it.each(['overview', 'trend', 'latency-distribution'])(
    'answers 400 to a NUL in a platform of the %s',
    async (path) => {
      const query = new URLSearchParams({ ...range(), platform: 'open\0ai', metric: 'ttft' });
      if (path !== 'latency-distribution') query.delete('metric');
      const response = await client.send('get', `/admin/ops/${path}?${query.toString()}`);
      expect(response.status).toBe(400);
      expect(response.body).toMatchObject({ code: 'INVALID_INPUT', field: 'platform' });
    },
  );

  it.each<[Method, string]>([
    ['get', '/admin/ops/rebuilds/%00'],
    ['delete', '/admin/ops/rebuilds/1%00'],
  ])('answers 400 to a NUL in the id: %s %s', async (method, path) => {
    const response = await client.send(method, path);
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ code: 'INVALID_INPUT', field: 'id' });
  });

  it('takes every other character', async () => {
    const reason = 'prices \u{1f600} \uffff \t\u0001';
    const response = await client.send('post', '/admin/ops/rebuilds', { ...range(), reason });
    expect(response.body).toMatchObject({ reason });
    expect(response.status).toBe(202);
  });
});
