import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OpsBusyError, OpsReadTimeoutError, type Requests, type RequestsQuery } from '../../src/ops/index.js';
import { AdminClient } from '../support/admin-client.js';
import { OpsScene } from '../support/ops-scene.js';
import { insertGroups, loosenUsage, truncateRaw } from '../support/raw-rows.js';
import * as oracle from '../support/requests-oracle.js';

const HOUR = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T01:00:00Z' };
const HALF = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T00:30:00Z' };
const GROUPS = [
  { id: 0, name: 'zero', platform: 'openai' },
  { id: 1, name: 'one', platform: 'openai' },
  { id: 2, name: 'two', platform: 'anthropic' },
  { id: 3, name: 'nameless', platform: '' },
];

describe('the list of requests', () => {
  const scene = new OpsScene(
    'requests',
    {},
    {
      prepare: async (dataSource) => {
        await loosenUsage(dataSource);
        await dataSource.query(`ALTER TABLE usage_logs ALTER COLUMN model DROP NOT NULL,
          ALTER COLUMN user_id DROP NOT NULL, ALTER COLUMN api_key_id DROP NOT NULL, ALTER COLUMN account_id DROP NOT NULL`);
        await dataSource.query('ALTER TABLE ops_error_logs ADD COLUMN is_count_tokens boolean');
      },
    },
  );

  beforeEach(async () => {
    await truncateRaw(scene.dataSource);
    await insertGroups(scene.dataSource, GROUPS);
  });

  const list = (query: Partial<RequestsQuery> = {}): Promise<Requests> =>
    scene.app.requests.list({ ...HOUR, ...query });
  const namesOf = (items: Requests['items']): string[] => items.map(({ kind, id }) => `${kind} ${id}`);

  it('has each row that counts exactly once, newest first, whatever the filters and the pages', async () => {
    const rows = fc.array(fc.oneof(oracle.success, oracle.failure), { maxLength: 60, size: 'max' });
    const questions = fc.array(
      fc.tuple(
        oracle.filters,
        fc.constantFrom(HOUR, HALF),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      ),
      { minLength: 8, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(rows, questions, async (given, asked) => {
        await scene.query('TRUNCATE usage_logs, ops_error_logs');
        // Ids in another order than that in which the rows are stored.
        const stored = given.map((row, index) => ({ ...row, id: 1 + ((index * 37) % 61) }));
        await oracle.insertRows(scene.dataSource, stored);
        for (const [filters, range, pageSizes] of [[{}, HOUR, [2, 3]] as const, ...asked]) {
          const query = { ...range, ...filters };
          const items = await oracle.everyItem(scene.app.requests, query, pageSizes);
          expect(namesOf(items)).toEqual(await oracle.expectedList(scene.dataSource, query));
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('has for each filter the rows that pass it', async () => {
    const rows = fc.sample(fc.oneof(oracle.success, oracle.failure), { numRuns: 800, seed: 12 });
    await oracle.insertRows(scene.dataSource, rows);
    for (const filter of oracle.EACH_FILTER) {
      const query = { ...HOUR, ...filter };
      const items = await oracle.everyItem(scene.app.requests, query, [200]);
      const expected = await oracle.expectedList(scene.dataSource, query);
      expect([filter, namesOf(items)]).toEqual([filter, expected]);
    }
  });

  it('has the columns of a success as they were logged, to the last digit', async () => {
    await scene.query(
      `INSERT INTO usage_logs (id, user_id, api_key_id, account_id, request_id, model, group_id, input_tokens,
         output_tokens, cache_creation_tokens, cache_read_tokens, total_cost, actual_cost, stream, duration_ms,
         first_token_ms, created_at)
       VALUES (9007199254740993, 9007199254740995, 31, 3, 'req', 'm', 2, 2147483647, 300, 1, 2, 1234567890.0123456789,
         0.0000000001, true, 2500, 1000, '2026-03-01T00:00:00.123456Z')`,
    );
    expect(await list()).toEqual({
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-03-01T01:00:00.000Z',
      next: null,
      items: [
        {
          kind: 'success',
          id: '9007199254740993',
          createdAt: '2026-03-01T00:00:00.123456Z',
          requestId: 'req',
          platform: 'anthropic',
          groupId: '2',
          groupName: 'two',
          model: 'm',
          userId: '9007199254740995',
          apiKeyId: '31',
          accountId: '3',
          inputTokens: 2_147_483_647,
          outputTokens: 300,
          cacheCreationTokens: 1,
          cacheReadTokens: 2,
          totalCost: '1234567890.0123456789',
          actualCost: '0.0000000001',
          stream: true,
          durationMs: 2500,
          firstTokenMs: 1000,
          outputTokensPerSecond: 200,
        },
      ],
    });
  });

  it.each([
    ['no first token', 'NULL', '1000', '5'],
    ['no duration', '10', 'NULL', '5'],
    ['no time between them', '1000', '1000', '5'],
    ['no output', '10', '1000', '0'],
  ])('has no speed of output where there is %s', async (_what, first, duration, output) => {
    await scene.query(
      `INSERT INTO usage_logs (group_id, output_tokens, first_token_ms, duration_ms, created_at)
       VALUES (1, ${output}, ${first}, ${duration}, '2026-03-01T00:10:00Z')`,
    );
    expect((await list()).items).toMatchObject([{ outputTokensPerSecond: null }]);
  });

  it('has the columns of an error, and its message short and without secrets', async () => {
    await scene.query(
      `INSERT INTO ops_error_logs (id, error_phase, error_type, status_code, upstream_status_code, error_owner,
         is_business_limited, error_message, created_at)
       VALUES (7, 'upstream', 'auth_error', 502, 401, 'provider', true, $1, '2026-03-01T00:00:00.5Z')`,
      [`Incorrect API key sk-ant-api03-${'x'.repeat(80)} ${'🦊'.repeat(100_000)}`],
    );
    expect((await list()).items).toEqual([
      {
        kind: 'error',
        id: '7',
        createdAt: '2026-03-01T00:00:00.500000Z',
        requestId: null,
        platform: 'unknown',
        groupId: null,
        groupName: null,
        model: null,
        userId: null,
        apiKeyId: null,
        accountId: null,
        statusCode: 502,
        upstreamStatusCode: 401,
        errorOwner: 'provider',
        errorPhase: 'upstream',
        errorType: 'auth_error',
        severity: 'P2',
        isBusinessLimited: true,
        message: 'Incorrect API key *** …',
      },
    ]);
  });

  it('finds each of 10,000 hostile models, and nothing else', async () => {
    await scene.query(
      `INSERT INTO usage_logs (group_id, model, created_at)
       SELECT 1, ($1::text[])[1 + n % cardinality($1::text[])] || n, '2026-03-01T00:10:00Z'
         FROM generate_series(1, 10000) AS n`,
      [oracle.HOSTILE],
    );
    const models = oracle.HOSTILE.map((text, index) => `${text}${9000 + index}`);
    for (const model of [...models, `' OR true --`, '$2']) {
      const { items, next } = await list({ model });
      expect(items.map((item) => item.model)).toEqual(models.includes(model) ? [model] : []);
      expect(next).toBeNull();
    }
  });

  it('goes on where it was while newer rows come in, and past rows that are deleted', async () => {
    await scene.query(
      `INSERT INTO usage_logs (group_id, created_at)
       SELECT 1, timestamptz '2026-03-01T00:10:00Z' + n * interval '1 second' FROM generate_series(1, 9) AS n`,
    );
    const first = await list({ limit: 3 });
    await scene.query(`INSERT INTO usage_logs (group_id, created_at) VALUES (1, '2026-03-01T00:50:00Z')`);
    await scene.query('DELETE FROM usage_logs WHERE id = $1', [first.items.at(-1)?.id]);
    const rest = await list({ after: first.next ?? '' });
    expect(rest.items.map(({ createdAt }) => createdAt.slice(14, 19))).toEqual(
      [6, 5, 4, 3, 2, 1].map((n) => `10:0${n}`),
    );
  });

  it('shares its turns with the other reads of an instance', async () => {
    const app = await scene.start({ maxConcurrentReads: 1, readTimeoutMs: 400 });
    const holder = await scene.begin('LOCK TABLE usage_logs, groups');
    const listed = app.requests.list(HOUR).catch((error: unknown) => error);
    const waiting = Array.from({ length: 25 }, () =>
      app.reads.overview(HALF).catch((error: unknown) => error),
    );
    await expect(app.requests.list(HOUR)).rejects.toBeInstanceOf(OpsBusyError);
    expect(await listed).toBeInstanceOf(OpsReadTimeoutError);
    await holder.query('ROLLBACK');
    await Promise.all(waiting);
  });

  describe('over HTTP', () => {
    let client: AdminClient;
    beforeAll(async () => {
      client = await AdminClient.start(scene.url);
      scene.defer(() => client.close());
    });
    const get = (query: Record<string, string>) =>
      client.send('get', `/admin/ops/requests?${new URLSearchParams({ ...HOUR, ...query }).toString()}`);

    it('goes from page to page', async () => {
      await oracle.insertRows(
        scene.dataSource,
        [1, 2, 3].map((n) => ({
          kind: 'success' as const,
          group_id: 1,
          model: '日本語 & 🦊=+',
          created_at: `2026-03-01T00:10:0${n}Z`,
        })),
      );
      const query = { model: '日本語 & 🦊=+', limit: '2' };
      const first = (await get(query).expect(200)).body as Requests;
      const second = (await get({ ...query, after: first.next ?? '' }).expect(200)).body as Requests;
      expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, null]);
    });

    it.each([
      ['after', { after: 'x' }],
      ['after', { after: '' }],
      ['status', { status: '4xx', kind: 'success' }],
      ['minDurationMs', { status: '4xx', minDurationMs: '5' }],
      ['limit', { limit: '201' }],
      ['to', { to: HOUR.from }],
    ])('answers 400 and names %s', async (field, query) => {
      const response = await get(query).expect(400);
      expect(response.body).toMatchObject({ code: 'INVALID_INPUT', field });
    });
  });
});
