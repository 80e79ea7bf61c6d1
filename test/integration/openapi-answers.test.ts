import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { RebuildProgress, Verification } from '../../src/ops/index.js';
import { AdminClient, type Method } from '../support/admin-client.js';
import { eventually } from '../support/eventually.js';
import { OpenApiDocument } from '../support/openapi.js';
import * as scene from '../support/refresh-scene.js';
import { hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const DAY_MS = 86_400_000;
const ERROR = '#/components/schemas/OpsErrorResponse';

describe('the answers, held against the OpenAPI document', () => {
  let database: TestDatabase;
  let client: AdminClient;
  let api: OpenApiDocument;
  let range: { from: string; to: string };

  beforeAll(async () => {
    database = await createTestDatabase('openapi_answers');
    const { dataSource } = database;
    client = await AdminClient.start(database.url, {
      OPS_USAGE_RETENTION_DAYS: '30',
      OPS_ERROR_RETENTION_DAYS: '30',
      OPS_OBJECTIVES: JSON.stringify({ ttftP95Ms: { degraded: 2_000, critical: 8_000 } }),
    });
    await scene.resetScene(dataSource);
    range = {
      from: (await hoursAgo(dataSource, 30)).toISOString(),
      to: (await hoursAgo(dataSource, 0)).toISOString(),
    };
    // Above the edge of a purge, which might be at work in the hours of the oldest rows.
    await scene.insertRequests(dataSource, await hoursAgo(dataSource, 40));
    await scene.insertFailures(dataSource, await hoursAgo(dataSource, 40));
    await scene.insertRequests(dataSource, await hoursAgo(dataSource, 20));
    await scene.insertFailures(dataSource, await hoursAgo(dataSource, 3));
    const response = await client.anonymous('get', '/docs-json').expect(200);
    api = new OpenApiDocument(response.body as OpenAPIObject);
  });
  afterAll(async () => {
    await client.close();
    await database.drop();
  });

  /** Sends the request and holds the answer against the schema that is documented for it. */
  async function answer(name: string, status: number, path?: string, body?: object): Promise<unknown> {
    const [method = '', route = ''] = name.split(' ');
    const response = await client.send(method as Method, path ?? route, body);
    expect([name, response.status]).toEqual([name, status]);
    expect(api.problems(response.body, api.media(name, status).schema ?? {})).toEqual([]);
    return response.body as unknown;
  }

  const rebuild = async (): Promise<string> => {
    const body = await answer('post /admin/ops/rebuilds', 202, undefined, { ...range, reason: 'prices' });
    return (body as RebuildProgress).id;
  };

  const ended = async (id: string, what = 'rebuilds'): Promise<unknown> =>
    eventually(async () => {
      const body = await answer(`get /admin/ops/${what}/{id}`, 200, `/admin/ops/${what}/${id}`);
      return (body as { state: string }).state === 'running' ? null : body;
    }, `the end of one of ${what}`);

  /** Both kinds of runs: asked for, watched to the end and listed. */
  const run = async (what: 'refresh' | 'verify', body?: object): Promise<unknown> => {
    const { id } = (await answer(`post /admin/ops/${what}`, 202, undefined, body)) as { id: string };
    const last = await ended(id, what);
    expect(await answer(`get /admin/ops/${what}`, 200)).toContainEqual(expect.objectContaining({ id }));
    return last;
  };

  it('describes what the operations really answer', async () => {
    expect(await run('refresh')).toMatchObject({ refresh: { drainedHours: expect.any(Number) } });
    await database.dataSource.query(
      'UPDATE ops_metrics_hourly SET success_count = success_count + 1 WHERE success_count > 0',
    );
    // Held back, so that it cannot be judged.
    await database.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, suspicious_at)
       SELECT max(bucket_start), 'audit', now() FROM ops_metrics_hourly WHERE success_count > 0`,
    );
    await database.dataSource.query(
      'UPDATE ops_metrics_hourly SET error_count_total = 1 WHERE platform IS NULL AND error_count_total > 1 AND success_count = 0',
    );
    const { differences, unjudged } = (await run('verify', range)) as Verification;
    expect([differences, unjudged].map((list) => list.length > 0)).toEqual([true, true]);
    const id = await rebuild();
    await ended(id);
    const listed = await answer('get /admin/ops/rebuilds', 200);
    expect(listed).toContainEqual(expect.objectContaining({ id }));
  });

  it('describes the status, troubled buckets included', async () => {
    await run('refresh');
    await database.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, attempts, last_error, suspicious_at, next_attempt_at, loss_seen_at)
       VALUES ('2026-01-01T00:00:00Z', 'rebuild', 2, '57014: canceled', NULL, '2100-01-01T00:00:00Z', NULL),
              ('2026-01-01T01:00:00Z', 'verify', 0, NULL, '2026-01-02T00:00:00Z', '2100-01-01T00:00:00Z', NULL),
              ('2026-01-01T02:00:00Z', 'audit', 0, NULL, NULL, '2100-01-01T00:00:00Z', '2026-01-02T00:00:00Z')`,
    );
    const body = await answer('get /admin/ops/status', 200);
    expect(body).toMatchObject({
      failingBuckets: [{ tier: 'hour', attempts: 2 }],
      suspiciousBuckets: [{ attempts: 0, reason: 'verify' }],
      losingBuckets: [{ reason: 'audit' }],
      objectives: {
        sla: { degraded: 0.99, critical: 0.95 },
        durationP95Ms: null,
        ttftP95Ms: { degraded: 2_000, critical: 8_000 },
      },
    });
    const { rawTables, jobs } = body as { rawTables: unknown[]; jobs: unknown[] };
    expect([rawTables.length, jobs.length]).toEqual([2, 2]);
    await database.dataSource.query(
      `DELETE FROM ops_metrics_invalidations WHERE bucket_start < '2026-01-03Z'`,
    );
  });

  it('describes the errors as they really are', async () => {
    const below = new Date(Date.parse(range.to) - 31 * DAY_MS).toISOString();
    await answer('post /admin/ops/verify', 400, undefined, { ...range, to: 'yesterday' });
    await answer('post /admin/ops/rebuilds', 400, undefined, {});
    await answer('post /admin/ops/rebuilds', 409, undefined, { ...range, from: below });
    await answer('get /admin/ops/trend', 400);
    for (const name of [
      'get /admin/ops/rebuilds/{id}',
      'delete /admin/ops/rebuilds/{id}',
      'get /admin/ops/verify/{id}',
      'delete /admin/ops/verify/{id}',
      'get /admin/ops/refresh/{id}',
    ]) {
      await answer(name, 404, (name.split(' ')[1] ?? '').replace('{id}', '999'));
    }
    const id = await rebuild();
    await ended(id);
    await answer('delete /admin/ops/rebuilds/{id}', 409, `/admin/ops/rebuilds/${id}`);
    const { id: verification } = (await answer(
      'post /admin/ops/verify',
      202,
      undefined,
      range,
    )) as Verification;
    await ended(verification, 'verify');
    await answer('delete /admin/ops/verify/{id}', 409, `/admin/ops/verify/${verification}`);
    const refused = await client.anonymous('get', '/admin/ops/status').expect(401);
    expect(api.problems(refused.body, { $ref: ERROR })).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['overview', {}],
    ['series', { by: 'model', measures: 'actualCost' }],
    ['series', { by: 'group', measures: 'duration.p95' }],
    ['trend', {}],
    ['breakdown', { by: 'group' }],
    ['latency-distribution', { metric: 'ttft' }],
    ['requests', { limit: '200' }],
  ])('describes the %s', async (path, own) => {
    const route = `/admin/ops/${path}`;
    const query = new URLSearchParams({ ...range, ...own });
    await answer(`get ${route}`, 200, `${route}?${query.toString()}`);
  });

  it('describes answers to filters that are given several times', async () => {
    const several =
      'platform=openai&platform=unknown&groupId=1&groupId=2&measures=sla&measures=inputTokens&by=group';
    const query = `${new URLSearchParams(range).toString()}&${several}`;
    const body = await answer('get /admin/ops/series', 200, `/admin/ops/series?${query}`);
    expect(body).toMatchObject({ platform: ['openai', 'unknown'], groupId: ['1', '2'], key: null });
  });

  it.each(['/health', '/ready'])('describes %s', async (path) => {
    await answer(`get ${path}`, 200);
  });
});
