import { afterEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { insertGroups } from '../support/raw-rows.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createEmptyDatabase, createTestDatabase, dropDatabase, urlOf } from '../support/test-database.js';

/** As a host might have it: by day, for dropping old days at once. */
const PARTITIONED = `CREATE TABLE usage_logs (
  id bigserial NOT NULL,
  user_id bigint NOT NULL, api_key_id bigint NOT NULL, account_id bigint NOT NULL,
  request_id varchar(64), model varchar(100) NOT NULL, group_id bigint,
  input_tokens int NOT NULL DEFAULT 0, output_tokens int NOT NULL DEFAULT 0,
  cache_creation_tokens int NOT NULL DEFAULT 0, cache_read_tokens int NOT NULL DEFAULT 0,
  total_cost numeric(20,10) NOT NULL DEFAULT 0, actual_cost numeric(20,10) NOT NULL DEFAULT 0,
  stream boolean NOT NULL DEFAULT false, duration_ms int, first_token_ms int,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at)`;

describe('detection where ids do not come from a plain table', () => {
  const cleanups: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  async function startApp(url: string): Promise<OpsApp> {
    const app = await createOpsApp(url);
    cleanups.push(() => app.close());
    return app;
  }

  async function connect(url: string): Promise<pg.Client> {
    const client = await scene.connect(url);
    cleanups.push(() => client.end());
    return client;
  }

  it('finds rows that a transaction inserts straight into a partition', async () => {
    const name = await createEmptyDatabase('refresh_partitions');
    cleanups.push(() => dropDatabase(name));
    const url = urlOf(name);
    const dataSource = await createDataSource(url).initialize();
    cleanups.push(() => dataSource.destroy());
    await dataSource.query(PARTITIONED);
    await dataSource.query('CREATE INDEX ON usage_logs (created_at)');
    const middle = await hoursAgo(dataSource, 12);
    await dataSource.query(
      `CREATE TABLE usage_old PARTITION OF usage_logs FOR VALUES FROM (MINVALUE) TO ('${middle.toISOString()}')`,
    );
    await dataSource.query(
      `CREATE TABLE usage_new PARTITION OF usage_logs FOR VALUES FROM ('${middle.toISOString()}') TO (MAXVALUE)`,
    );
    await migrate(dataSource);
    await insertGroups(dataSource, [{ id: 1, name: 'one', platform: 'openai' }]);

    const app = await startApp(url);
    await scene.insertRequests(dataSource, await hoursAgo(dataSource, 40));
    await app.refresh.tick();
    const before = await scene.safeId(dataSource);

    const writer = await connect(url);
    await writer.query('BEGIN');
    await writer.query(
      `INSERT INTO usage_old (id, user_id, api_key_id, account_id, model, group_id, created_at)
       VALUES (nextval('usage_logs_id_seq'), 1, 1, 1, 'm', 1, $1::timestamptz)`,
      [(await hoursAgo(dataSource, 20)).toISOString()],
    );
    await scene.insertRequests(dataSource, await hoursAgo(dataSource, 3));
    await app.refresh.tick();
    expect(await scene.safeId(dataSource)).toBe(before);
    await writer.query('COMMIT');
    await app.refresh.tick();
    expect(await scene.storedRequests(dataSource, await hoursAgo(dataSource, 20))).toBe(1);
    await app.refresh.maintain();
    await expectRight(url, await hoursAgo(dataSource, 60 * 24), await hoursAgo(dataSource, 0));
  });

  it('leaves ids that a session took long before, from a sequence with CACHE, to the audit', async () => {
    const database = await createTestDatabase('refresh_cache');
    cleanups.push(() => database.drop());
    const { url, dataSource } = database;
    await scene.resetScene(dataSource);
    await dataSource.query('ALTER SEQUENCE usage_logs_id_seq CACHE 50');
    await dataSource.query('ALTER SEQUENCE ops_error_logs_id_seq CACHE 50');
    const app = await startApp(url);
    const [first, second] = [await connect(url), await connect(url)];
    await scene.insertRequests(first, await hoursAgo(dataSource, 9), 1);
    await scene.insertFailures(first, await hoursAgo(dataSource, 9), 1);
    await scene.insertRequests(second, await hoursAgo(dataSource, 9), 120);
    await scene.insertFailures(second, await hoursAgo(dataSource, 9), 120);
    await app.refresh.tick();

    // With ids of the first block, 100 below those that have been seen.
    for (const hours of [4, 30, 700]) {
      await scene.insertRequests(first, await hoursAgo(dataSource, hours), 2);
      await scene.insertFailures(first, await hoursAgo(dataSource, hours), 1);
      // The hour of the row from 700 hours ago was never noted: it lies beyond every other raw row.
      expect(await app.refresh.tick()).toMatchObject({
        detectedHours: 0,
        differingHours: 1,
        drainedHours: 1,
      });
      expect(await scene.storedRequests(dataSource, await hoursAgo(dataSource, hours))).toBe(2);
    }
    await app.refresh.maintain();
    await expectRight(url, await hoursAgo(dataSource, 60 * 24), await hoursAgo(dataSource, 0));

    // Late are those that detection saw, and each once.
    await scene.insertRequests(second, await hoursAgo(dataSource, 40), 4);
    await app.refresh.tick();
    await app.refresh.tick();
    const { rawTables } = await app.status.status();
    expect(rawTables.map(({ lateRows }) => lateRows)).toEqual(['4', '0']);
  });
});
