import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import request from 'supertest';
import type { App } from 'supertest/types.js';
import type { OpsErrorBody } from '../../src/ops/http/ops-error.filter.js';
import type { LatencyDistribution, Overview, Trend } from '../../src/ops/read/read.types.js';
import { error, GROUPS, usage } from '../support/oracle/samples.js';
import * as rows from '../support/raw-rows.js';
import { createReadApp } from '../support/read/read-app.js';
import { RollupScene } from '../support/rollup-scene.js';

const DAY = { from: '2025-03-09T00:00:00Z', to: '2025-03-10T00:00:00Z' };

describe('the read endpoints', () => {
  const scene = new RollupScene('read_endpoints', { prepare: rows.loosenUsage });
  let app: INestApplication<App>;
  let isAdmin = true;

  beforeAll(async () => {
    app = await createReadApp(scene.dataSource, { canActivate: () => isAdmin });
    scene.defer(() => app.close());
    await scene.replaceRaw({
      groups: GROUPS,
      usage: [
        usage({ durationMs: 100, firstTokenMs: 20, inputTokens: 7, createdAt: '2025-03-09T07:10:00Z' }),
        usage({ durationMs: 200, outputTokens: 3, createdAt: '2025-03-09T07:59:59.999999Z' }),
        usage({ durationMs: 1000, groupId: 2, createdAt: '2025-03-09T09:00:00Z' }),
      ],
      errors: [
        error({ errorOwner: 'provider', upstreamStatusCode: 529, createdAt: '2025-03-09T07:30:00Z' }),
        error({ platform: null, groupId: null, statusCode: 429, isBusinessLimited: true }),
      ],
    });
    await scene.rollUp(new Date(DAY.from), new Date(DAY.to));
  });
  beforeEach(() => {
    isAdmin = true;
  });

  const get = (path: string, query: Record<string, string>): request.Test =>
    request(app.getHttpServer()).get(`/admin/ops/${path}`).query(query);

  it('answers an overview in full', async () => {
    const { body } = (await get('overview', DAY).expect(200)) as { body: unknown };
    const noSpeed = {
      p5: null,
      p10: null,
      p50: null,
      p90: null,
      avg: null,
      samples: 0,
      percentilesComplete: true,
    };
    const nothing = { p50: null, p90: null, p95: null, p99: null, avg: null, max: null };
    expect(body).toEqual({
      from: '2025-03-09T00:00:00.000Z',
      to: '2025-03-10T00:00:00.000Z',
      platform: null,
      groupId: null,
      dimension: null,
      key: null,
      successCount: 3,
      errorCountTotal: 2,
      businessLimitedCount: 1,
      errorCountSla: 1,
      upstreamErrorCountExcl429529: 0,
      upstream429Count: 0,
      upstream529Count: 1,
      tokenConsumed: 10,
      requestCountTotal: 5,
      requestCountSla: 4,
      sla: 0.75,
      errorRate: 0.4,
      upstreamErrorRate: 0.2,
      requestsPerSecond: 5 / 86_400,
      tokensPerSecond: 10 / 86_400,
      inputTokens: 7,
      outputTokens: 3,
      cacheCreationTokens: 0,
      cacheReadTokens: 0,
      cacheHitRate: 0,
      totalCost: '0.0000000000',
      actualCost: '0.0000000000',
      actualCostPerRequest: '0.0000000000',
      unsplit: null,
      outputSpeed: noSpeed,
      peakRequestsPerSecond: 4 / 3600,
      peakTokensPerSecond: 10 / 3600,
      peakMinuteRequestsPerSecond: null,
      peakMinuteTokensPerSecond: null,
      duration: {
        p50: 200,
        p90: expect.closeTo(840, 6) as unknown,
        p95: expect.closeTo(920, 6) as unknown,
        p99: expect.closeTo(984, 6) as unknown,
        avg: 1300 / 3,
        max: 1000,
        samples: 3,
        percentilesComplete: true,
      },
      slower: null,
      ttft: { p50: 20, p90: 20, p95: 20, p99: 20, avg: 20, max: 20, samples: 1, percentilesComplete: true },
      previous: {
        from: '2025-03-08T00:00:00.000Z',
        to: '2025-03-09T00:00:00.000Z',
        successCount: 0,
        errorCountTotal: 0,
        businessLimitedCount: 0,
        errorCountSla: 0,
        upstreamErrorCountExcl429529: 0,
        upstream429Count: 0,
        upstream529Count: 0,
        tokenConsumed: 0,
        requestCountTotal: 0,
        requestCountSla: 0,
        sla: null,
        errorRate: null,
        upstreamErrorRate: null,
        requestsPerSecond: 0,
        tokensPerSecond: 0,
        inputTokens: 0,
        outputTokens: 0,
        cacheCreationTokens: 0,
        cacheReadTokens: 0,
        cacheHitRate: null,
        totalCost: '0',
        actualCost: '0',
        actualCostPerRequest: null,
        unsplit: null,
        outputSpeed: noSpeed,
        peakRequestsPerSecond: 0,
        peakTokensPerSecond: 0,
        peakMinuteRequestsPerSecond: null,
        peakMinuteTokensPerSecond: null,
        duration: { ...nothing, samples: 0, percentilesComplete: true },
        ttft: { ...nothing, samples: 0, percentilesComplete: true },
        slower: null,
        missingHours: 0,
        unslicedRequests: 0,
      },
      current: null,
      freshness: {
        asOf: '2025-03-10T00:00:00.000Z',
        recent: null,
        freshThrough: '2025-03-10T00:00:00.000Z',
        pendingHours: 0,
        missingHours: 0,
        missingFrom: null,
        unsliced: null,
      },
    });
  });

  it.each([
    ['2025-03-09T12:30:00+05:30', '2025-03-09T03:00:00-05:00'],
    ['2025-03-09T07:00Z', '2025-03-09T08:00Z'],
  ])('takes any zone, and answers in UTC: %s', async (from, to) => {
    const { body } = (await get('overview', { from, to }).expect(200)) as { body: Overview };
    expect(body).toMatchObject({
      from: '2025-03-09T07:00:00.000Z',
      to: '2025-03-09T08:00:00.000Z',
      successCount: 2,
      errorCountTotal: 2,
    });
  });

  it('takes a plus sign that was not encoded', async () => {
    const path = '/admin/ops/overview?from=2025-03-09T12:30:00+05:30&to=2025-03-09T08:00:00Z';
    const { body } = (await request(app.getHttpServer()).get(path).expect(200)) as { body: Overview };
    expect(body.from).toBe('2025-03-09T07:00:00.000Z');
  });

  it('filters by platform and by group', async () => {
    const totals = async (query: Record<string, string>): Promise<number> =>
      ((await get('overview', { ...DAY, ...query }).expect(200)) as { body: Overview }).body
        .requestCountTotal;
    expect(await totals({ platform: 'openai' })).toBe(3);
    expect(await totals({ platform: 'unknown' })).toBe(1);
    expect(await totals({ groupId: '2' })).toBe(1);
    expect(await totals({ groupId: '2', platform: 'openai' })).toBe(0);
    expect(await totals({ groupId: '9223372036854775807' })).toBe(0);
  });

  it('answers a trend without gaps, with ragged first and last points', async () => {
    const query = { from: '2025-03-09T06:30:00Z', to: '2025-03-09T09:15:00Z', bucket: 'hour' };
    const { body } = (await get('trend', query).expect(200)) as { body: Trend };
    expect(body.bucket).toBe('hour');
    expect(body.points.map((point) => [point.from.slice(11, 16), point.requestCountTotal])).toEqual([
      ['06:30', 0],
      ['07:00', 4],
      ['08:00', 0],
      ['09:00', 1],
    ]);
    expect(body.points[1]?.duration).toMatchObject({ p50: 150, p99: 199, avg: 150, samples: 2 });
    expect(body.points[3]?.requestsPerSecond).toBe(1 / 900);
  });

  it('counts slow requests of a range, of the one before it and of every point', async () => {
    const before = { from: '2025-03-10T00:00:00Z', to: '2025-03-11T00:00:00Z' };
    const { body } = (await get('overview', { ...before, slowerThanMs: '200' }).expect(200)) as {
      body: Overview;
    };
    expect(body.slower).toEqual({ thanMs: 200, count: 0, share: null });
    expect(body.previous.slower).toEqual({ thanMs: 200, count: 1, share: 1 / 3 });
    for (const bucket of ['1m', '5m', 'hour', 'day']) {
      const { body: trend } = (await get('trend', { ...DAY, bucket, slowerThanMs: '199' }).expect(200)) as {
        body: Trend;
      };
      const slow = trend.points.map(({ slower }) => slower?.count ?? NaN);
      expect(slow.reduce((sum, one) => sum + one)).toBe(2);
    }
  });

  it('counts minutes from raw rows, and chooses a bucket by itself', async () => {
    const query = { from: '2025-03-09T07:00:00Z', to: '2025-03-09T08:00:00Z', bucket: '5m' };
    const { body } = (await get('trend', query).expect(200)) as { body: Trend };
    expect(body.points.map((point) => point.successCount)).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const minutes = (await get('trend', { ...query, bucket: 'auto' }).expect(200)) as { body: Trend };
    expect([minutes.body.bucket, minutes.body.points.length]).toEqual(['1m', 60]);
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const hours = (count: number, end: number): { from: string; to: string } => ({
      from: new Date(end - count * 3_600_000).toISOString(),
      to: new Date(end).toISOString(),
    });
    for (const [range, bucket] of [
      [hours(6, now), '1m'],
      [hours(24, now), '5m'],
      [hours(6, now - 73 * 3_600_000), 'hour'],
    ] as const) {
      expect((await get('trend', range).expect(200)).body).toMatchObject({ bucket });
    }
    const without = scene.reads({ minuteRetentionHours: 0 });
    expect(await without.trend(hours(6, now))).toMatchObject({ bucket: 'hour' });
    const month = { from: '2025-03-01T00:00:00Z', to: '2025-04-01T00:00:00Z' };
    expect((await get('trend', month).expect(200)).body).toMatchObject({ bucket: 'day' });
  });

  it('breaks a range down by group, with names, and by platform', async () => {
    const groups = await get('breakdown', { ...DAY, by: 'group', limit: '1' }).expect(200);
    expect(groups.body).toMatchObject({
      by: 'group',
      total: 2,
      items: [{ groupId: '1', groupName: 'one', platform: 'openai', requestCountTotal: 3, sla: 2 / 3 }],
    });
    const platforms = await get('breakdown', { ...DAY, by: 'platform' }).expect(200);
    expect((platforms.body as { items: unknown[] }).items).toMatchObject([
      { platform: 'openai', groupId: null, groupName: null, requestCountTotal: 3 },
      { platform: 'anthropic', requestCountTotal: 1 },
      { platform: 'unknown', requestCountTotal: 1, businessLimitedCount: 1, sla: null, errorRate: 1 },
    ]);
  });

  it('draws a histogram', async () => {
    const { body } = (await get('latency-distribution', { ...DAY, metric: 'duration' }).expect(200)) as {
      body: LatencyDistribution;
    };
    const { bins } = body;
    expect(bins.filter(({ count }) => count > 0)).toEqual([
      { from: 96, to: 112, count: 1 },
      { from: 191, to: 223, count: 1 },
      { from: 892, to: 1020, count: 1 },
    ]);
    bins.slice(1).forEach((bin, index) => {
      expect(bin.from).toBe(bins[index]?.to);
    });
    expect(body).toMatchObject({ metric: 'duration', summary: { samples: 3, max: 1000 } });
  });

  it.each([
    ['overview', { ...DAY, to: DAY.from }, 'to'],
    ['trend', { ...DAY, bucket: 'week' }, 'bucket'],
    ['breakdown', DAY, 'by'],
    ['series', { ...DAY, by: 'group' }, 'measures'],
    ['series', { ...DAY, by: 'group', measures: 'duration.max' }, 'measures'],
    ['series', { ...DAY, by: 'group', measures: 'sla', dimension: 'model', key: 'a' }, 'dimension'],
    ['latency-distribution', { ...DAY, metric: 'duration', group: '1' }, 'group'],
  ])('refuses %s %j and names the field', async (path, query, field) => {
    const { body } = (await get(path, query).expect(400)) as { body: OpsErrorBody };
    expect(body).toMatchObject({ code: 'INVALID_INPUT', field });
    expect(body.message.split(' ')).toContain(field);
  });

  it.each(['overview', 'trend', 'breakdown', 'series', 'latency-distribution'])(
    'keeps %s for admins',
    async (path) => {
      isAdmin = false;
      await get(path, DAY).expect(403);
    },
  );

  it('describes itself: every parameter, answer and error', () => {
    const { paths, components } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const names = (path: string): string[] =>
      (paths[`/admin/ops/${path}`]?.get?.parameters ?? []).flatMap((parameter) =>
        'name' in parameter ? [parameter.name] : [],
      );
    expect(names('overview').sort()).toEqual([
      'dimension',
      'from',
      'groupId',
      'key',
      'platform',
      'slowerThanMs',
      'to',
    ]);
    expect(names('trend').sort()).toEqual([
      'bucket',
      'dimension',
      'from',
      'groupId',
      'key',
      'platform',
      'slowerThanMs',
      'to',
    ]);
    expect(names('breakdown').sort()).toEqual(['by', 'from', 'groupId', 'limit', 'platform', 'to']);
    expect(names('series').sort()).toEqual([
      'bucket',
      'by',
      'dimension',
      'from',
      'groupId',
      'key',
      'limit',
      'measures',
      'platform',
      'to',
    ]);
    expect(names('latency-distribution').sort()).toEqual([
      'dimension',
      'from',
      'groupId',
      'key',
      'metric',
      'platform',
      'to',
    ]);
    for (const path of Object.values(paths)) {
      expect(Object.keys(path.get?.responses ?? {})).toEqual(expect.arrayContaining(['200', '400']));
    }
    expect(Object.keys(components?.schemas ?? {})).toEqual(
      expect.arrayContaining(['OverviewResponse', 'TrendPointResponse', 'BreakdownItemResponse']),
    );
  });
});
