import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import request from 'supertest';
import type { App } from 'supertest/types.js';
import { OpenApiDocument } from '../support/openapi.js';
import { GROUPS } from '../support/oracle/samples.js';
import * as rows from '../support/raw-rows.js';
import { createReadApp } from '../support/read/read-app.js';
import { RollupScene } from '../support/rollup-scene.js';

const RANGE = { from: '2025-03-09T06:00:00Z', to: '2025-03-09T09:30:00Z' };
const INT64_MAX = 2n ** 63n - 1n;
const MAX_SAFE = 2n ** 53n - 1n;

describe('sums past what a double holds', () => {
  const scene = new RollupScene('read_sums', {
    prepare: (dataSource) => dataSource.query('ALTER TABLE usage_logs ALTER input_tokens TYPE bigint'),
  });
  let app: INestApplication<App>;
  let api: OpenApiDocument;

  beforeAll(async () => {
    app = await createReadApp(scene.dataSource, { canActivate: () => true });
    scene.defer(() => app.close());
    api = new OpenApiDocument(SwaggerModule.createDocument(app, new DocumentBuilder().build()));
  });
  beforeEach(async () => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.replaceRaw({ groups: GROUPS });
  });

  /** Overall and group rows of the hours from 06:00 on, with so many tokens, or successes, each. */
  const storeHours = (values: readonly bigint[], column = 'token_consumed'): Promise<unknown> =>
    scene.query(
      `INSERT INTO ops_metrics_hourly (bucket_start, platform, group_id, ${column})
       SELECT '2025-03-09T06:00:00Z'::timestamptz + (i - 1) * interval '1 hour', l.platform, l.group_id, v
       FROM unnest($1::bigint[]) WITH ORDINALITY AS given(v, i),
         (VALUES (NULL, NULL), ('openai', 1::bigint)) AS l(platform, group_id)`,
      [values.map(String)],
    );
  /** A row within the ragged end. */
  const insertRaw = (tokens: bigint): Promise<unknown> =>
    scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, created_at)
       VALUES (1, 1, 1, 'm', 1, $1, '2025-03-09T09:10:00Z')`,
      [String(tokens)],
    );

  let asked = 0;
  /** In another zone for each question: in the same words it would be given the answer of a moment ago. */
  const inWords = (time: string): string => {
    const offset = asked % 60;
    const there = new Date(Date.parse(time) + offset * 60_000).toISOString().slice(0, 16);
    return `${there}+00:${String(offset).padStart(2, '0')}`;
  };

  async function get(
    path: string,
    query: Record<string, string> = {},
  ): Promise<{ status: number; body: unknown }> {
    asked += 1;
    const range = { from: inWords(RANGE.from), to: inWords(RANGE.to) };
    const response = await request(app.getHttpServer())
      .get(`/admin/ops/${path}`)
      .query({ ...range, ...query });
    return { status: response.status, body: response.body as unknown };
  }

  /** The answer, held against its schema. */
  async function answer(path: string, query: Record<string, string> = {}): Promise<unknown> {
    const { status, body } = await get(path, query);
    expect(status).toBe(200);
    expect(api.problems(body, api.media(`get /admin/ops/${path}`, 200).schema ?? {})).toEqual([]);
    return body;
  }

  it.each([
    ['a number up to 2^53 - 1', [MAX_SAFE - 8n], Number(MAX_SAFE)],
    ['text from 2^53 on', [MAX_SAFE - 7n], '9007199254740992'],
    ['text where doubles have gaps', [2n ** 53n, 2n ** 53n - 7n], '18014398509481985'],
    ['text up to 2^63 - 1', [2n ** 62n, 2n ** 62n - 9n], '9223372036854775807'],
  ])('are exact in every answer: %s', async (_what, hours, expected) => {
    await storeHours(hours);
    await insertRaw(8n);
    expect(await answer('overview')).toMatchObject({
      tokenConsumed: expected,
      previous: { tokenConsumed: 0 },
    });
    expect(await answer('breakdown', { by: 'group' })).toMatchObject({
      items: [{ tokenConsumed: expected }],
    });
    const { points } = (await answer('trend', { bucket: 'day' })) as { points: unknown[] };
    expect(points).toMatchObject([{ tokenConsumed: expected }]);
  });

  it.each([
    ['of stored rows', [INT64_MAX, 1n], []],
    ['of a stored row and a raw one', [INT64_MAX], [1n]],
    ['of raw rows', [], [INT64_MAX, 1n]],
  ])('are a clear error past 2^63: %s', async (_what, hours, raw) => {
    await storeHours(hours);
    for (const tokens of raw) {
      await insertRaw(tokens);
    }
    for (const [path, query] of [
      ['overview', {}],
      ['trend', { bucket: 'day' }],
      ['breakdown', { by: 'group' }],
    ] as const) {
      const { status, body } = await get(path, query);
      expect([path, status, (body as { code: string }).code]).toEqual([path, 422, 'SUM_OUT_OF_RANGE']);
      expect(api.problems(body, api.media(`get /admin/ops/${path}`, 422).schema ?? {})).toEqual([]);
      expect((body as { message: string }).message).toContain('ask for a shorter range');
    }
  });

  it('are a clear error for counts, which stay numbers', async () => {
    await storeHours([MAX_SAFE], 'success_count');
    expect(await answer('overview')).toMatchObject({ successCount: Number(MAX_SAFE) });
    await insertRaw(0n);
    expect((await get('overview')).body).toMatchObject({ code: 'SUM_OUT_OF_RANGE' });
  });
});
