import { beforeEach, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { selectRow } from '../../src/ops/sql/sql-runner.js';
import { upsertDailyRange } from '../../src/ops/rollup/sql/upsert-daily.sql.js';
import { upsertHourlyRange } from '../../src/ops/rollup/sql/upsert-buckets.sql.js';
import { cellsOf, cellsOfStored, readDistributions, type Grain } from '../support/distributions.js';
import * as rows from '../support/raw-rows.js';
import { PLAIN_USAGE } from '../support/spec-rows.js';
import { RollupScene } from '../support/rollup-scene.js';

const DAY = new Date('2026-03-29T00:00:00Z');
const NEXT_DAY = new Date('2026-03-30T00:00:00Z');
const RANGE = { start: DAY, end: NEXT_DAY };

interface Request {
  hour: number;
  groupId: number;
  durationMs: number | null;
  firstTokenMs: number | null;
}

/** Group 3's platform is '': its requests count in the overall row only. */
const GROUPS = [
  { id: 1, name: 'one', platform: 'openai' },
  { id: 2, name: 'two', platform: 'openai' },
  { id: 3, name: 'three', platform: '' },
];

/** Group 1 has enough requests in the first hour to be counted by bin, the others are few; every octave occurs. */
function requests(): Request[] {
  const latency = (index: number): number => Math.floor(2 ** ((index * 0.618_034) % 21)) + (index % 7);
  const many = Array.from({ length: 2500 }, (_, index) => ({
    hour: 0,
    groupId: 1,
    durationMs: latency(index),
    firstTokenMs: index % 3 === 0 ? Math.floor(latency(index + 5) / 3) : null,
  }));
  const few = Array.from({ length: 120 }, (_, index) => ({
    hour: index % 4,
    groupId: 1 + (index % 3),
    durationMs: index % 11 === 0 ? null : latency(index + 1000),
    firstTokenMs: index % 5 === 0 ? latency(index) : null,
  }));
  return [...many, ...few];
}

describe('latency distributions', () => {
  const scene = new RollupScene('distributions');
  beforeEach(async () => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.replaceRaw({ groups: GROUPS });
  });

  async function insert(usage: readonly Request[]): Promise<void> {
    await rows.insertUsage(
      scene.dataSource,
      usage.map(({ hour, groupId, durationMs, firstTokenMs }) => ({
        ...PLAIN_USAGE,
        groupId,
        inputTokens: 1,
        outputTokens: 1,
        cacheCreationTokens: 0,
        cacheReadTokens: 0,
        durationMs,
        firstTokenMs,
        createdAt: new Date(DAY.getTime() + hour * 3_600_000 + 1).toISOString(),
      })),
    );
  }

  const upsertHourly = (distributions = true): Promise<unknown> =>
    selectRow(scene.dataSource, upsertHourlyRange(OPS_TABLES, RANGE, { distributions }));
  const upsertDaily = (distributions = true): Promise<unknown> =>
    selectRow(scene.dataSource, upsertDailyRange(OPS_TABLES, RANGE, { distributions }));

  function samplesOf(usage: readonly Request[], latency: 'duration' | 'ttft'): number[] {
    const all = usage.map((request) => (latency === 'duration' ? request.durationMs : request.firstTokenMs));
    return all.filter((value) => value !== null);
  }

  async function expectDistributions(usage: readonly Request[], grain: Grain): Promise<void> {
    for (const latency of ['duration', 'ttft'] as const) {
      const stored = await readDistributions(scene.dataSource, grain, latency);
      expect(stored.length).toBeGreaterThan(2);
      for (const row of stored) {
        const samples = samplesOf(
          usage.filter(
            ({ hour, groupId }) =>
              (grain === 'daily' || row.bucket === `2026-03-29T0${hour}Z`) &&
              (row.platform === null ||
                (groupId !== 3 && (row.groupId === null || Number(row.groupId) === groupId))),
          ),
          latency,
        );
        expect(row.samples).toBe(String(samples.length));
        expect(row.sumMs).toBe(String(samples.reduce((sum, value) => sum + value, 0)));
        expect(row.values?.length).toBe(row.counts?.length);
        if (grain === 'hourly' && row.platform !== null && row.groupId === null) {
          expect(row.values).toBeNull(); // a platform's is the sum of its groups'
          continue;
        }
        expect(row.values === null).toBe(samples.length === 0);
        expect(row.values).toEqual(row.values?.toSorted((a, b) => a - b) ?? null);
        expect(cellsOfStored(row)).toEqual(cellsOf(samples));
      }
    }
  }

  it('hold every request of every level and hour, and add up to those of the day', async () => {
    const usage = requests();
    await insert(usage);
    await upsertHourly();
    await upsertDaily();
    await expectDistributions(usage, 'hourly');
    await expectDistributions(usage, 'daily');
    const [overall] = await readDistributions(scene.dataSource, 'daily', 'duration');
    const grouped = usage.filter(({ groupId }) => groupId !== 3);
    expect(samplesOf(grouped, 'duration').length).toBeLessThan(Number(overall?.samples));
  });

  it('keep the largest int within int, and count negative latencies', async () => {
    const extremes = [2_147_483_647, 2_147_483_646, 0, -1, -300, -2_147_483_648];
    const ordinary = Array.from({ length: 1500 }, (_, index) => index * 1_000_003);
    const usage = [...extremes, ...ordinary].map((durationMs) => ({
      hour: 1,
      groupId: 1,
      durationMs: Math.min(durationMs, 2_147_483_647),
      firstTokenMs: Math.min(Math.abs(durationMs), 2_147_483_647),
    }));
    await insert(usage);
    await upsertHourly();
    await upsertDaily();
    await expectDistributions(usage, 'hourly');
    await expectDistributions(usage, 'daily');
  });

  it('are left out where they are switched off, but sums and samples are not', async () => {
    await insert(requests());
    await upsertHourly();
    await upsertDaily();
    await upsertHourly(false);
    await upsertDaily(false);
    for (const grain of ['hourly', 'daily'] as const) {
      const stored = await readDistributions(scene.dataSource, grain, 'duration');
      expect(stored.every(({ values, counts }) => values === null && counts === null)).toBe(true);
      expect(stored.some(({ samples, sumMs }) => Number(samples) > 0 && Number(sumMs) > 0)).toBe(true);
    }
  });

  it('of a day stay when those of its hours have been dropped, until its samples change', async () => {
    const usage = requests();
    await insert(usage);
    await upsertHourly();
    await upsertDaily();
    await scene.query(
      `UPDATE ops_metrics_hourly SET duration_values = NULL, duration_counts = NULL, ttft_values = NULL, ttft_counts = NULL`,
    );
    await upsertDaily();
    await expectDistributions(usage, 'daily');

    await scene.query(
      'UPDATE ops_metrics_hourly SET duration_samples = duration_samples + 1 WHERE duration_samples > 0',
    );
    await upsertDaily();
    const stored = await readDistributions(scene.dataSource, 'daily', 'duration');
    expect(stored.map(({ values }) => values)).toEqual(stored.map(() => null));
  });
});
