import { beforeAll, describe, expect, it } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import { writeSampleTraffic } from '../../src/gateway/sample-traffic/write-sample-traffic.js';
import { opsTables } from '../../src/ops/definitions/ops-tables.js';
import { OpsPreaggService, ReadService, resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import type { LevelFilter } from '../../src/ops/read/read-query.schemas.js';
import type { Measures } from '../../src/ops/read/measures.schemas.js';
import * as rows from '../support/raw-rows.js';
import { countedRows, isNear, isOf, sumOf, type CountedRow } from '../support/read/counted-rows.js';
import { createReadApp } from '../support/read/read-app.js';
import { RollupScene } from '../support/rollup-scene.js';

const FROM = new Date('2025-03-08T00:00:00Z');
const TO = new Date('2025-03-11T00:00:00Z');
const HOUR = 3_600_000;
/** Ragged at both ends: a day, hours, and raw rows. */
const RANGE = { from: new Date('2025-03-08T13:20:00Z'), to: new Date('2025-03-10T05:45:00Z') };
const SECONDS = (RANGE.to.getTime() - RANGE.from.getTime()) / 1000;

const OPTIONS: OpsModuleOptions = {
  safeDelaySeconds: 0,
  dimensions: [{ name: 'model', usageColumn: 'model', errorColumn: 'model', withinGroups: true }],
};

/** Groups have errors under the platform `other` too. */
const LEVELS: readonly LevelFilter[] = [
  { platform: ['openai', 'anthropic'] },
  { platform: ['other', 'unknown', 'nobody'] },
  { groupId: ['1', '2', '3'] },
  { groupId: ['1', '2'], platform: 'other' },
  { groupId: '1', platform: ['openai', 'anthropic', 'other'] },
  { groupId: ['3', '1', '99'], platform: ['openai', 'other'] },
  { dimension: 'model', key: ['gpt-4o', 'gpt-4.1', 'nothing'] },
  { dimension: 'model', key: ['gpt-4o', 'gpt-4.1'], platform: ['openai', 'anthropic'] },
  { dimension: 'model', key: 'gpt-4.1', groupId: ['1', '2', '3', '4'] },
  { dimension: 'model', key: ['gpt-4o', 'gpt-4.1'], groupId: ['1', '2', '3'], platform: 'openai' },
];

describe('filters that are given several times', () => {
  const scene = new RollupScene('read_several', { prepare: rows.loosenUsage });
  const tables = opsTables(resolveOptions(OPTIONS));
  const reads = (): ReadService => new ReadService(scene.dataSource, tables, resolveOptions(OPTIONS));
  let all: CountedRow[];

  beforeAll(async () => {
    await writeSampleTraffic(scene.dataSource, { from: FROM, to: TO, rows: 6_000, seed: 5 });
    await scene.query(
      `UPDATE ops_error_logs SET platform = CASE id % 4 WHEN 0 THEN 'other' WHEN 1 THEN NULL ELSE platform END`,
    );
    all = await countedRows(scene.dataSource);
    const rollup = new OpsPreaggService(scene.dataSource, tables);
    await rollup.upsertHourlyMetrics(FROM, TO);
    await rollup.upsertDailyMetrics(FROM, TO);
    await scene.query('TRUNCATE ops_metrics_invalidations');
  });

  const within = (from: number, to: number, level: LevelFilter, ofSet?: boolean): CountedRow[] =>
    all.filter((row) => row.at >= from && row.at < to && isOf(row, level, ofSet));
  const inRange = (level: LevelFilter, ofSet?: boolean): CountedRow[] =>
    within(RANGE.from.getTime(), RANGE.to.getTime(), level, ofSet);

  function expectRight(given: Measures, own: readonly CountedRow[], seconds: number): void {
    const right = sumOf(own, seconds);
    const values: Record<string, unknown> = {
      ...given,
      'duration.p50': given.duration.p50,
      'duration.p99': given.duration.p99,
      'ttft.p95': given.ttft.p95,
      'outputSpeed.avg': given.outputSpeed.avg,
    };
    for (const [measure, value] of Object.entries(values).filter(([name]) => name in right)) {
      expect([measure, value, isNear(measure, value, right[measure])]).toEqual([measure, value, true]);
    }
  }

  it.each(LEVELS)(
    'are the rows of any of them, each once, in each answer about a level: %j',
    async (level) => {
      const own = inRange(level);
      const overview = await reads().overview({ ...RANGE, ...level, slowerThanMs: 2000 });
      expectRight(overview, own, SECONDS);
      const { dimension = null, platform = null, groupId = null, key = null } = level;
      expect(overview).toMatchObject({ dimension, platform, groupId, key });
      const hours = new Map<number, number>();
      for (const { at, success, failed } of own) {
        const hour = Math.floor(at / HOUR);
        const isWhole = hour * HOUR >= RANGE.from.getTime() && (hour + 1) * HOUR <= RANGE.to.getTime();
        hours.set(hour, (hours.get(hour) ?? 0) + (isWhole ? success + failed : 0));
      }
      expect(overview.peakRequestsPerSecond).toBe(Math.max(0, ...hours.values()) / 3600);

      const { points } = await reads().trend({ ...RANGE, ...level, bucket: 'hour' });
      for (const point of points) {
        const [from, to] = [Date.parse(point.from), Date.parse(point.to)];
        expectRight(point, within(from, to, level), (to - from) / 1000);
      }
      const { bins, summary } = await reads().latencyDistribution({ ...RANGE, ...level, metric: 'duration' });
      expect(summary).toEqual(overview.duration);
      expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(overview.duration.samples);
    },
  );

  it.each<LevelFilter & { by: string }>([
    { by: 'platform', platform: ['openai', 'other', 'nobody'] },
    { by: 'platform', groupId: '2' },
    { by: 'platform', groupId: ['1', '2', '3'] },
    { by: 'platform', groupId: ['1', '2', '3'], platform: ['other', 'openai'] },
    { by: 'group', platform: ['other', 'anthropic'] },
    { by: 'group', groupId: '1' },
    { by: 'group', groupId: ['1', '2', '99'] },
    { by: 'group', groupId: ['1', '2', '3'], platform: 'other' },
    { by: 'model', platform: ['openai', 'anthropic'] },
    { by: 'model', groupId: ['1', '4'] },
    { by: 'model', groupId: ['1', '2', '3'], platform: ['openai', 'gemini'] },
  ])('break down as the raw rows do: %j', async ({ by, ...level }) => {
    const keyOf = (row: CountedRow): string | null =>
      by === 'platform' ? row.platform : by === 'group' ? row.groupId : row.model;
    const own = inRange(level, by === 'model').filter((row) => keyOf(row) !== null);
    const { items, total, platform, groupId } = await reads().breakdown({
      ...RANGE,
      ...level,
      by,
      limit: 1000,
    });
    expect([platform, groupId]).toEqual([level.platform ?? null, level.groupId ?? null]);
    const keys = [...new Set(own.map(keyOf))];
    expect([total, items.map(({ key }) => key).toSorted()]).toEqual([keys.length, keys.toSorted()]);
    for (const item of items) {
      expectRight(
        item,
        own.filter((row) => keyOf(row) === item.key),
        SECONDS,
      );
    }
  });

  it('are as if given once where they are the same', async () => {
    for (const level of [{ groupId: '1' }, { platform: 'openai' }, { dimension: 'model', key: 'gpt-4o' }]) {
      const twice = Object.fromEntries(
        Object.entries(level).map(([name, value]) => [name, name === 'dimension' ? value : [value, value]]),
      );
      expect(await reads().overview({ ...RANGE, ...twice })).toEqual(
        await reads().overview({ ...RANGE, ...level }),
      );
    }
  });

  it.each([
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ])('come through %s, and are refused by name', async (_host, adapter) => {
    const app = await createReadApp(scene.dataSource, { canActivate: () => true }, adapter());
    const get = (path: string, query: string): request.Test =>
      request(app.getHttpServer()).get(
        `/admin/ops/${path}?from=${RANGE.from.toISOString()}&to=${RANGE.to.toISOString()}&${query}`,
      );
    const ids = (count: number): string =>
      Array.from({ length: count }, (_, index) => `groupId=${index + 1}`).join('&');
    const { body } = (await get('overview', `${ids(100)}&platform=openai&platform=other`).expect(200)) as {
      body: Measures & { groupId: string[]; platform: string[] };
    };
    expect([body.groupId.length, body.platform]).toEqual([100, ['openai', 'other']]);
    expectRight(
      body,
      inRange({ platform: ['openai', 'other'] }).filter(({ groupId }) => groupId !== null),
      SECONDS,
    );
    await get('series', 'by=group&measures=sla&measures=duration.p95&groupId=1&groupId=2').expect(200);
    for (const [path, query, field] of [
      ['overview', ids(101), 'groupId'],
      ['trend', 'platform=openai&platform=', 'platform'],
      ['latency-distribution', 'metric=ttft&groupId=1&groupId=one', 'groupId'],
      ['breakdown', 'by=group&by=platform', 'by'],
      ['overview', 'dimension=model&dimension=account&key=x', 'dimension'],
      ['series', 'by=group&measures=sla&measures=max', 'measures'],
      ['series', 'by=group&measures=sla&platform[x]=openai', null],
    ] as const) {
      const refused = (await get(path, query).expect(400)) as { body: object };
      expect(refused.body).toMatchObject({ code: 'INVALID_INPUT', ...(field !== null && { field }) });
    }
    await app.close();
  });

  it('come through the extended parser of Express, which makes an object of more than twenty', async () => {
    const app = await createReadApp(scene.dataSource, { canActivate: () => true });
    const express = app.getHttpAdapter().getInstance() as { set: (name: string, value: string) => void };
    express.set('query parser', 'extended');
    const ids = Array.from({ length: 30 }, (_, index) => String(index + 1));
    const query = ids.map((id) => `groupId=${id}`).join('&');
    const { body } = (await request(app.getHttpServer())
      .get(`/admin/ops/overview?from=${RANGE.from.toISOString()}&to=${RANGE.to.toISOString()}&${query}`)
      .expect(200)) as { body: object };
    expect(body).toMatchObject({ groupId: ids });
    await app.close();
  });
});
