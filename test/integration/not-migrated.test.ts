import { beforeAll, describe, expect, it } from '@jest/globals';
import { AdminClient, type Method } from '../support/admin-client.js';
import { DatabaseScene } from '../support/database-scene.js';
import { createUnmigratedDatabase } from '../support/test-database.js';

const RANGE = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
const QUERY = new URLSearchParams(RANGE).toString();

const ROUTES: readonly [Method, string, object | undefined][] = [
  ['get', 'status', undefined],
  ['post', 'refresh', undefined],
  ['post', 'verify', RANGE],
  ['get', 'rebuilds', undefined],
  ['post', 'rebuilds', RANGE],
  ['get', 'rebuilds/1', undefined],
  ['delete', 'rebuilds/1', undefined],
  ['get', `overview?${QUERY}`, undefined],
  ['get', `trend?${QUERY}`, undefined],
  ['get', `breakdown?${QUERY}&by=group`, undefined],
  ['get', `latency-distribution?${QUERY}&metric=ttft`, undefined],
  ['get', `requests?${QUERY}`, undefined],
];

describe('on a database without the module’s tables', () => {
  const scene = new DatabaseScene('not_migrated', { create: () => createUnmigratedDatabase('not_migrated') });
  let client: AdminClient;

  beforeAll(async () => {
    client = await AdminClient.start(scene.url);
    scene.defer(() => client.close());
  });

  it.each(ROUTES)('%s %s answers 503 and says what to do', async (method, path, body) => {
    const response = await client.send(method, `/admin/ops/${path}`, body);
    expect(response.body).toEqual({
      code: 'NOT_MIGRATED',
      message: expect.stringMatching(/run the migrations .*42P01: relation "\w+" does not exist/),
      field: null,
    });
    expect(response.status).toBe(503);
  });
});

describe('on a database whose tables lack a column', () => {
  const scene = new DatabaseScene('not_migrated_column');

  it('answers 503 too', async () => {
    await scene.query('ALTER TABLE ops_rebuilds DROP COLUMN reason');
    const client = await AdminClient.start(scene.url);
    scene.defer(() => client.close());
    const response = await client.send('get', '/admin/ops/rebuilds');
    expect([response.status, response.body]).toEqual([
      503,
      { code: 'NOT_MIGRATED', message: expect.stringContaining('42703: column'), field: null },
    ]);
  });
});
