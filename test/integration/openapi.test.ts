import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AdminClient } from '../support/admin-client.js';
import { OpenApiDocument, type Operation } from '../support/openapi.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ERROR = '#/components/schemas/OpsErrorResponse';

/** What every admin route documents. */
const ALWAYS = [401, 429, 500, 503];

/** Every admin route, and which statuses it documents besides. */
const ADMIN_ROUTES: Readonly<Record<string, readonly number[]>> = {
  'get /admin/ops/status': [200],
  'post /admin/ops/refresh': [202, 409],
  'get /admin/ops/refresh': [200],
  'get /admin/ops/refresh/{id}': [200, 400, 404],
  'post /admin/ops/verify': [202, 400, 409],
  'get /admin/ops/verify': [200],
  'get /admin/ops/verify/{id}': [200, 400, 404],
  'delete /admin/ops/verify/{id}': [200, 400, 404, 409],
  'get /admin/ops/rebuilds': [200],
  'post /admin/ops/rebuilds': [202, 400, 409],
  'get /admin/ops/rebuilds/{id}': [200, 400, 404],
  'delete /admin/ops/rebuilds/{id}': [200, 400, 404, 409],
  'get /admin/ops/overview': [200, 304, 400, 422],
  'get /admin/ops/trend': [200, 304, 400, 422],
  'get /admin/ops/breakdown': [200, 304, 400, 422],
  'get /admin/ops/series': [200, 304, 400, 422],
  'get /admin/ops/latency-distribution': [200, 304, 400, 422],
  'get /admin/ops/requests': [200, 400, 409],
};

describe('the OpenAPI document', () => {
  let database: TestDatabase;
  let client: AdminClient;
  let document: OpenAPIObject;
  let api: OpenApiDocument;

  beforeAll(async () => {
    database = await createTestDatabase('openapi');
    client = await AdminClient.start(database.url);
    const response = await client.anonymous('get', '/docs-json').expect(200);
    document = response.body as OpenAPIObject;
    api = new OpenApiDocument(document);
  });
  afterAll(async () => {
    await client.close();
    await database.drop();
  });

  const adminOperations = (): [string, Operation][] =>
    api.operations().filter(([name]) => name.includes(' /admin/'));

  it('has the admin endpoints, health and metrics, and not the dashboard', () => {
    const others = ['get /health', 'get /metrics', 'get /ready'];
    const names = api.operations().map(([name]) => name);
    expect(names.sort()).toEqual([...Object.keys(ADMIN_ROUTES), ...others].sort());
    for (const name of others) {
      expect([name, api.operation(name).security]).toEqual([name, []]);
    }
    expect(Object.keys(api.operation('get /metrics').responses['200']?.content ?? {})).toEqual([
      'text/plain',
    ]);
    for (const [name, operation] of api.operations()) {
      expect([name, operation.summary]).toEqual([name, expect.stringMatching(/\S/)]);
    }
  });

  it('asks for the bearer token on every admin route, and nowhere else', () => {
    expect(document.components?.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', description: expect.any(String) },
    });
    for (const [name, { security }] of adminOperations()) {
      expect([name, security]).toEqual([name, [{ bearer: [] }]]);
    }
  });

  it('says for every admin route which statuses it answers, and every error in the one shape', () => {
    for (const [name, { responses }] of adminOperations()) {
      const expected = [...(ADMIN_ROUTES[name] ?? []), ...ALWAYS].sort();
      expect([name, Object.keys(responses).map(Number).sort()]).toEqual([name, expected]);
      for (const status of expected.filter((one) => one >= 400)) {
        const { schema, examples } = api.media(name, status);
        expect([name, status, schema]).toEqual([name, status, { $ref: ERROR }]);
        const values = Object.values(examples ?? {}).map(({ value }) => value);
        expect(values.length).toBeGreaterThan(0);
        expect(values.flatMap((value) => api.problems(value, { $ref: ERROR }))).toEqual([]);
      }
    }
    expect(api.media('get /ready', 503).schema).toEqual({ $ref: ERROR });
  });

  it('has 400 on every route that takes input', () => {
    for (const [name, { parameters = [], requestBody, responses }] of adminOperations()) {
      const takesInput = requestBody !== undefined || parameters.length > 0;
      expect([name, '400' in responses]).toEqual([name, takesInput]);
    }
  });

  it('is what redocly finds nothing to complain of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ops-openapi-'));
    const file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const { stdout } = spawnSync(
      process.execPath,
      [resolve('node_modules/@redocly/cli/bin/cli.js'), 'lint', file, '--format=json'],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      },
    );
    await rm(folder, { recursive: true });
    const report = JSON.parse(stdout) as { totals: object; problems: { ruleId: string; message: string }[] };
    expect(report.problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
    expect(report.totals).toMatchObject({ errors: 0, warnings: 0 });
  });

  it('is answered by Node.js as it says where a request has too many headers', async () => {
    const response = await client.anonymous('get', '/health').set('x-long', 'x'.repeat(20_000));
    expect([response.status, response.text]).toEqual([431, '']);
  });

  it('has an example that fits for every property and parameter', () => {
    const bad = api
      .operations()
      .flatMap(([name, { parameters = [], requestBody, responses }]) => [
        ...Object.entries(responses).flatMap(([status, { content }]) =>
          Object.values(content ?? {}).flatMap(({ schema, example }) =>
            typeof example === 'string' ? [] : api.badExamples(schema ?? {}, `${name} ${status}`),
          ),
        ),
        ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
          api.badExamples(schema ?? {}, `${name} body`),
        ),
        ...parameters
          .filter(
            ({ example, schema }) =>
              (example ?? schema.example ?? schema.default ?? schema.enum) === undefined,
          )
          .map((parameter) => `${name} ${parameter.name} has no example`),
      ]);
    expect(bad).toEqual([]);
  });

  it('is shown at /docs by scripts and styles of its own origin, which the policy allows', async () => {
    const page = await client.anonymous('get', '/docs').expect(200);
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(page.text).not.toMatch(/<script(?![^>]* src=)[^>]*>\s*\S/);
    const assets = [...page.text.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g)].map(
      ([, url]) => url,
    );
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      const url = new URL(asset ?? '', `${client.url}/docs`);
      expect(url.origin).toBe(client.url);
      await client.anonymous('get', url.pathname).expect(200);
    }
  });
});
