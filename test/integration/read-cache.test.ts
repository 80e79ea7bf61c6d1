import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import request from 'supertest';
import type { App } from 'supertest/types.js';
import { GROUPS, usage } from '../support/oracle/samples.js';
import * as rows from '../support/raw-rows.js';
import { createReadApp } from '../support/read/read-app.js';
import { RollupScene } from '../support/rollup-scene.js';

const DAY = { from: '2025-03-09T00:00:00Z', to: '2025-03-10T00:00:00Z' };
/** The same ones in other words: what is kept for a moment is not found by them. */
const SAME_DAY = { from: '2025-03-09T00:00Z', to: '2025-03-10T00:00Z' };
const DAY_AGAIN = { from: '2025-03-09T00:00:00.0Z', to: '2025-03-10T00:00:00.0Z' };

const PATHS = ['overview', 'trend', 'breakdown', 'latency-distribution'] as const;
const ALSO: Partial<Record<string, Record<string, string>>> = {
  breakdown: { by: 'group' },
  'latency-distribution': { metric: 'duration' },
};

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('caches and the answers on %s', (name, createAdapter) => {
  const scene = new RollupScene(`read_cache_${name.toLowerCase()}`, { prepare: rows.loosenUsage });
  let app: INestApplication<App>;
  let isAdmin: boolean;

  beforeAll(async () => {
    app = await createReadApp(scene.dataSource, { canActivate: () => isAdmin }, createAdapter());
    scene.defer(() => app.close());
  });
  beforeEach(async () => {
    isAdmin = true;
    await scene.replaceRaw({
      groups: GROUPS,
      usage: [usage({ createdAt: '2025-03-09T07:10:00Z' })],
      errors: [],
    });
    await scene.rollUp(new Date(DAY.from), new Date(DAY.to));
    await scene.query('TRUNCATE ops_metrics_invalidations');
  });

  const get = (path: string, query: Record<string, string>, tag?: string): request.Test => {
    const test = request(app.getHttpServer())
      .get(`/admin/ops/${path}`)
      .query({ ...ALSO[path], ...query });
    return tag === undefined ? test : test.set('If-None-Match', tag);
  };

  it.each(PATHS)('say of %s how long it stands, and 304 to who has it', async (path) => {
    const first = await get(path, DAY).expect(200);
    expect(first.headers).toMatchObject({
      'cache-control': 'private, max-age=60',
      vary: expect.stringContaining('Authorization, Cookie') as unknown,
    });
    const tag = first.headers.etag ?? '';
    expect(tag).toMatch(/^W\/"[\w-]{43}"$/);
    for (const named of [tag, tag.slice(2), `"other", ${tag}`]) {
      const { text, headers } = await get(path, SAME_DAY, named).expect(304);
      expect([text, headers.etag, headers['cache-control']]).toEqual(['', tag, 'private, max-age=60']);
    }
    await get(path, DAY, '"other"').expect(200);
    await get(path, { ...DAY, from: '2025-03-09T07:00:00Z' }, tag).expect(200);
  });

  it('have another tag once the numbers are others', async () => {
    const { etag = '' } = (await get('overview', DAY).expect(200)).headers;
    await scene.query('UPDATE ops_metrics_daily SET success_count = success_count + 1');
    await get('overview', DAY_AGAIN, etag).expect(200);
  });

  it('are asked again within ten seconds for the present, and at once for what is to be recomputed', async () => {
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const recent = { from: new Date(now - 600_000).toISOString(), to: new Date(now + 600_000).toISOString() };
    const { headers } = await get('overview', recent).expect(200);
    expect(headers['cache-control']).toMatch(/^private, max-age=(\d|10)$/);
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ('hour', '2025-03-09T07:00:00Z', 'new_rows')`,
    );
    const stale = await get('trend', { ...DAY, bucket: 'hour' }).expect(200);
    expect(stale.headers['cache-control']).toBe('private, max-age=0');
  });

  it('keep no error, and nothing for who may not see it', async () => {
    const { etag = '' } = (await get('overview', DAY).expect(200)).headers;
    isAdmin = false;
    const refused = await get('overview', DAY, etag).expect(403);
    expect(refused.headers).toMatchObject({ 'cache-control': 'no-store' });
    isAdmin = true;
    const wrong = await get('overview', { ...DAY, slowerThanMs: '0' }, etag).expect(400);
    expect(wrong.headers).toMatchObject({ 'cache-control': 'no-store' });
  });
});
