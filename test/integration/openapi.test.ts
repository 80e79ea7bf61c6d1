import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AdminClient } from '../support/admin-client.js';
import { OpenApiDocument, type Operation } from '../support/openapi.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ERROR = '#/components/schemas/OpsErrorResponse';

/** Every admin route, and which statuses it documents besides 401 and 500, which all of them do. */
const ADMIN_ROUTES: Readonly<Record<string, readonly number[]>> = {
  'get /admin/ops/status': [200],
  'post /admin/ops/refresh': [202, 409, 429],
  'get /admin/ops/refresh': [200],
  'get /admin/ops/refresh/{id}': [200, 404],
  'post /admin/ops/verify': [202, 400, 409, 429],
  'get /admin/ops/verify': [200],
  'get /admin/ops/verify/{id}': [200, 404],
  'delete /admin/ops/verify/{id}': [200, 404, 409, 429],
  'get /admin/ops/rebuilds': [200],
  'post /admin/ops/rebuilds': [202, 400, 409, 429],
  'get /admin/ops/rebuilds/{id}': [200, 404],
  'delete /admin/ops/rebuilds/{id}': [200, 404, 409, 429],
  'get /admin/ops/rebuilds/{id}/events': [200, 404],
  'get /admin/ops/overview': [200, 400],
  'get /admin/ops/trend': [200, 400],
  'get /admin/ops/breakdown': [200, 400],
  'get /admin/ops/latency-distribution': [200, 400],
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
      expect(api.operation(name).security).toBeUndefined();
    }
    expect(Object.keys(api.operation('get /metrics').responses['200']?.content ?? {})).toEqual([
      'text/plain',
    ]);
    for (const [name, operation] of api.operations()) {
      expect([name, operation.summary]).toEqual([name, expect.stringMatching(/\S/)]);
    }
  });

  it('asks for the bearer token on every admin route, and nowhere else', () => {
    expect(document.components?.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
    });
    for (const [name, { security }] of adminOperations()) {
      expect([name, security]).toEqual([name, [{ bearer: [] }]]);
    }
  });

  it('says for every admin route which statuses it answers, and every error in the one shape', () => {
    for (const [name, { responses }] of adminOperations()) {
      const expected = [...(ADMIN_ROUTES[name] ?? []), 401, 500].sort();
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

  it('has 400 on every route with a query or a body', () => {
    for (const [name, { parameters = [], requestBody, responses }] of adminOperations()) {
      const takesInput = requestBody !== undefined || parameters.some((one) => one.in === 'query');
      expect([name, '400' in responses]).toEqual([name, takesInput]);
    }
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
