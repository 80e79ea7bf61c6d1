import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { OpsScene } from '../support/ops-scene.js';
import { useTimeZone } from '../support/test-database.js';

const CHILD = fileURLToPath(new URL('../support/refresh-process.mjs', import.meta.url));
const MINUTE_MS = 60_000;
const HOURS = 40;

describe('refresh in a process whose clock or zone is wrong', () => {
  const scene = new OpsScene('refresh_clock');
  const { ago } = scene;

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
      await useTimeZone(scene.dataSource, zone);
      const [from, to] = [await ago(HOURS), await ago(0)];
      // Open hours too, up to three that are still to come.
      const hours = Array.from({ length: HOURS + 4 }, (_, index) => new Date(+from + index * 60 * MINUTE_MS));
      await scene.insertRequests(hours, 2);
      await scene.insertFailures(hours, 1);
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [CHILD, scene.url, String(offset * MINUTE_MS), from.toISOString(), to.toISOString()],
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
      const now = await ago(0);
      const [stored] = await scene.query<{ hours: string; latest: string }>(
        `SELECT count(DISTINCT bucket_start) FILTER (WHERE bucket_start < $1::timestamptz) AS hours,
              extract(epoch FROM max(bucket_start)) * 1000 AS latest FROM ops_metrics_hourly`,
        [to],
      );
      expect(stored?.hours).toBe(String(HOURS));
      expect(Number(stored?.latest)).toBeLessThan(now.getTime());
      await scene.expectRight(from, to);
    },
  );
});
