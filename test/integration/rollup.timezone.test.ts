import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { END_DAY, FIRST_DAY, scenario } from '../support/oracle/arbitraries.js';
import { computeDaily } from '../support/oracle/daily.js';
import { computeHourly } from '../support/oracle/hourly.js';
import type { HourlyRow } from '../support/oracle/types.js';
import { dayOf } from '../support/oracle/window.js';
import * as rows from '../support/raw-rows.js';
import { useTimeZone } from '../support/test-database.js';
import { RollupScene } from '../support/rollup-scene.js';

const CHILD = fileURLToPath(new URL('../support/rollup-process.mjs', import.meta.url));
const FROM = new Date(FIRST_DAY.getTime() + 90 * 60_000);
const TO = new Date(END_DAY.getTime() - 30 * 60_000);
// Half an hour off, a night with a missing hour within the data, and 45 minutes off on the far side of the date line.
const SESSION_ZONES = ['Asia/Kolkata', 'America/New_York', 'Pacific/Chatham'];

describe('rollup in any time zone', () => {
  const scene = new RollupScene('rollup_timezone', { prepare: rows.loosenUsage });
  let hourly: HourlyRow[];
  let lastHour: string;

  beforeAll(async () => {
    const [raw] = fc.sample(
      scenario.filter(
        ({ groups, usage, errors }) => groups.length > 3 && usage.length > 90 && errors.length > 45,
      ),
      { seed: 20250309, numRuns: 1 },
    );
    if (raw === undefined) throw new Error('fast-check gave no sample');
    await scene.replaceRaw(raw);
    hourly = computeHourly(raw.groups, raw.usage, raw.errors, FROM, TO);
    lastHour = hourly.map((row) => row.bucket_start).reduce((a, b) => (a > b ? a : b));
  });
  beforeEach(async () => {
    await rows.truncateMetrics(scene.dataSource);
  });

  /** The database's own zone reaches only sessions that begin afterwards. */
  async function useSessionZone(zone: string): Promise<void> {
    const { dataSource } = scene;
    await useTimeZone(dataSource, zone);
    await dataSource.destroy();
    await dataSource.initialize();
    expect(await dataSource.query('SHOW timezone')).toEqual([{ TimeZone: zone }]);
  }

  const expectTables = (): Promise<void> => scene.expectTables(hourly, computeDaily(hourly, FROM, TO));

  it.each(SESSION_ZONES)('gives the same rows and latest buckets in a session of %s', async (zone) => {
    await useSessionZone(zone);
    const service = scene.rollup;
    expect(await service.getLatestHourlyBucketStart()).toBeNull();
    expect(await service.getLatestDailyBucketDate()).toBeNull();
    expect(await scene.rollUp(FROM, TO)).toEqual([hourly.length, computeDaily(hourly, FROM, TO).length]);
    await expectTables();
    expect(await service.getLatestHourlyBucketStart()).toEqual(new Date(lastHour));
    expect(await service.getLatestDailyBucketDate()).toEqual(new Date(dayOf(lastHour)));
  });

  // FROM is 01:30 UTC; the hour that the process itself takes it for proves that TZ reached it.
  it.each([
    ['Asia/Kolkata', 'America/New_York', 7],
    ['America/New_York', 'Pacific/Chatham', 20],
    ['UTC', 'Asia/Kolkata', 1],
  ])(
    'gives the same rows and latest buckets in a process of %s, session of %s',
    async (tz, zone, localHour) => {
      await useSessionZone(zone);
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [CHILD, scene.url, FROM.toISOString(), TO.toISOString()],
        { env: { ...process.env, TZ: tz, NODE_OPTIONS: '' } },
      );
      expect(JSON.parse(stdout)).toEqual({
        localHour,
        hourly: hourly.length,
        daily: computeDaily(hourly, FROM, TO).length,
        latestHour: '2025-03-10T23:00:00.000Z',
        latestDay: '2025-03-10T00:00:00.000Z',
      });
      await expectTables();
    },
  );
});
