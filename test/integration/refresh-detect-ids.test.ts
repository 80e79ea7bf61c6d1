import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { migrate } from '../../src/database/migrate.js';
import { OpsScene } from '../support/ops-scene.js';
import { insertFailures, insertRequests } from '../support/refresh-scene.js';
import { hoursAgo } from '../support/rollup-check.js';
import { createUnmigratedDatabase } from '../support/test-database.js';

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

async function partition(dataSource: DataSource): Promise<void> {
  const middle = (await hoursAgo(dataSource, 12)).toISOString();
  await dataSource.query(`${PARTITIONED};
    CREATE INDEX ON usage_logs (created_at);
    CREATE TABLE usage_old PARTITION OF usage_logs FOR VALUES FROM (MINVALUE) TO ('${middle}');
    CREATE TABLE usage_new PARTITION OF usage_logs FOR VALUES FROM ('${middle}') TO (MAXVALUE)`);
  await migrate(dataSource);
}

describe('detection on a partitioned table', () => {
  const scene = new OpsScene(
    'refresh_partitions',
    {},
    { create: () => createUnmigratedDatabase('refresh_partitions'), prepare: partition },
  );
  const { ago } = scene;

  it('finds rows that a transaction inserts straight into a partition', async () => {
    await scene.insertRequests(await ago(40));
    await scene.tick();
    const before = await scene.safeId();

    const writer = await scene.begin();
    await writer.query(
      `INSERT INTO usage_old (id, user_id, api_key_id, account_id, model, group_id, created_at)
       VALUES (nextval('usage_logs_id_seq'), 1, 1, 1, 'm', 1, $1::timestamptz)`,
      [await ago(20)],
    );
    await scene.insertRequests(await ago(3));
    await scene.tick();
    expect(await scene.safeId()).toBe(before);
    await writer.query('COMMIT');
    await scene.tick();
    expect(await scene.storedRequests(await ago(20))).toBe(1);
    await scene.maintain();
    await scene.expectRight();
  });
});

describe('detection on a sequence with CACHE', () => {
  const scene = new OpsScene('refresh_cache');
  const { ago } = scene;

  it('leaves ids that a session took long before to the audit', async () => {
    await scene.query('ALTER SEQUENCE usage_logs_id_seq CACHE 50');
    await scene.query('ALTER SEQUENCE ops_error_logs_id_seq CACHE 50');
    const [first, second] = [await scene.connect(), await scene.connect()];
    for (const [client, count] of [
      [first, 1],
      [second, 120],
    ] as const) {
      await insertRequests(client, await ago(9), count);
      await insertFailures(client, await ago(9), count);
    }
    await scene.tick();

    // With ids of the first block, 100 below those that have been seen.
    for (const hours of [4, 30, 700]) {
      await insertRequests(first, await ago(hours), 2);
      await insertFailures(first, await ago(hours), 1);
      // The hour of the row from 700 hours ago was never noted: it lies beyond every other raw row.
      expect(await scene.tick()).toMatchObject({ detectedHours: 0, differingHours: 1, drainedHours: 1 });
      expect(await scene.storedRequests(await ago(hours))).toBe(2);
    }
    await scene.maintain();
    await scene.expectRight();

    // Late are those that detection saw, and each once.
    await insertRequests(second, await ago(40), 4);
    await scene.tick();
    await scene.tick();
    const { rawTables } = await scene.status();
    expect(rawTables.map(({ lateRows }) => lateRows)).toEqual(['4', '0']);
  });
});
