import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const CHILD = fileURLToPath(new URL('../support/refresh-process.mjs', import.meta.url));
const MINUTE_MS = 60_000;
const HOURS = 80;

describe('refresh in a process whose clock or zone is wrong', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('refresh_clock');
  });
  afterAll(async () => {
    await database.drop();
  });

  // Offsets at which nothing in the process agrees with the database on the hour, or on the day.
  it.each([
    ['UTC', 0, 'UTC'],
    ['UTC', 60, 'Asia/Kolkata'],
    ['Asia/Kolkata', -60, 'America/New_York'],
    ['America/New_York', 26 * 60, 'Pacific/Chatham'],
    ['Pacific/Chatham', -26 * 60, 'UTC'],
  ])(
    'decides by the database: process of %s, clock %i minutes off, sessions of %s',
    async (tz, offset, zone) => {
      const { dataSource, url } = database;
      await dataSource.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), '${zone}'); END $$`,
      );
      await scene.resetScene(dataSource);
      const [from, to] = [await hoursAgo(dataSource, HOURS), await hoursAgo(dataSource, 0)];
      for (let hours = -3; hours <= HOURS; hours += 1) {
        await scene.insertRequests(dataSource, await hoursAgo(dataSource, hours), 1 + ((hours + 3) % 4));
        await scene.insertFailures(dataSource, await hoursAgo(dataSource, hours), 1);
      }
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [CHILD, url, String(offset * MINUTE_MS), from.toISOString(), to.toISOString()],
        { env: { ...process.env, TZ: tz, NODE_OPTIONS: '' } },
      );
      const localHour = Number(
        new Intl.DateTimeFormat('en', { timeZone: tz, hour: '2-digit', hourCycle: 'h23' }).format(from),
      );
      expect(JSON.parse(stdout)).toEqual({
        localHour,
        clockOffset: offset,
        failed: 0,
        refused: 'to',
        rebuilt: to.toISOString(),
        differences: 0,
      });

      // Every hour that was closed when it began is there, and none that is still open now.
      const now = await hoursAgo(dataSource, 0);
      const [stored] = await dataSource.query<{ hours: string; latest: string }[]>(
        `SELECT count(DISTINCT bucket_start) FILTER (WHERE bucket_start < $1::timestamptz) AS hours,
              extract(epoch FROM max(bucket_start)) * 1000 AS latest FROM ops_metrics_hourly`,
        [to.toISOString()],
      );
      expect(stored?.hours).toBe(String(HOURS));
      expect(Number(stored?.latest)).toBeLessThan(now.getTime());
      await expectRight(url, from, to);
    },
  );
});
