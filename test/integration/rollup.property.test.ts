import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { END_DAY, FIRST_DAY, scenario, window } from '../support/oracle/arbitraries.js';
import { computeDaily } from '../support/oracle/daily.js';
import { storedHourly } from '../support/oracle/hourly-arbitrary.js';
import { computeHourly } from '../support/oracle/hourly.js';
import { bucketsOf, daysOf } from '../support/oracle/window.js';
import type { OpsPreaggService } from '../../src/ops/index.js';
import * as rows from '../support/raw-rows.js';
import { RollupScene } from '../support/rollup-scene.js';

/** An hour and a day on both sides of the window, so that rows outside it are there to be left alone. */
const ALL_FROM = new Date(FIRST_DAY.getTime() - 86_400_000);
const ALL_TO = new Date(END_DAY.getTime() + 86_400_000);

describe('rollup against the oracle', () => {
  const scene = new RollupScene('rollup_property', { prepare: rows.loosenUsage });
  let service: OpsPreaggService;
  beforeAll(() => {
    service = scene.rollup;
  });

  /** fast-check prints seed, path and the smallest failing rows it found before its time was up. */
  async function assertProperty<T>(
    numRuns: number,
    arbitrary: fc.Arbitrary<T>,
    check: (value: T) => Promise<void>,
  ): Promise<void> {
    const property = fc.asyncProperty(arbitrary, async (value) => {
      await rows.truncateRaw(scene.dataSource);
      await rows.truncateMetrics(scene.dataSource);
      await check(value);
    });
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true });
  }

  it('equals it to the last digit in any window, and again on a second run', async () => {
    await assertProperty(50, fc.record({ raw: scenario, window }), async ({ raw, window: { from, to } }) => {
      await scene.replaceRaw(raw);
      const hourly = computeHourly(raw.groups, raw.usage, raw.errors, from, to);
      const daily = computeDaily(hourly, from, to);
      for (let run = 0; run < 2; run += 1) {
        expect(await service.upsertHourlyMetrics(from, to)).toBe(hourly.length);
        expect(await service.upsertDailyMetrics(from, to)).toBe(daily.length);
        await scene.expectTables(hourly, daily);
      }
    });
  }, 120_000);

  it('follows changed and removed raw rows inside the window and leaves everything outside it', async () => {
    const arbitrary = fc.record({ before: scenario, after: scenario, window });
    await assertProperty(25, arbitrary, async ({ before, after, window: { from, to } }) => {
      await scene.replaceRaw(before);
      await service.upsertHourlyMetrics(ALL_FROM, ALL_TO);
      await service.upsertDailyMetrics(ALL_FROM, ALL_TO);
      const oldHourly = computeHourly(before.groups, before.usage, before.errors, ALL_FROM, ALL_TO);
      const oldDaily = computeDaily(oldHourly, ALL_FROM, ALL_TO);
      await scene.expectTables(oldHourly, oldDaily);

      await scene.replaceRaw(after);
      const newHourly = computeHourly(after.groups, after.usage, after.errors, from, to);
      expect(await service.upsertHourlyMetrics(from, to)).toBe(newHourly.length);
      const [isHour, isDay] = [bucketsOf(from, to, 'hour'), daysOf(from, to)];
      const hourly = [...oldHourly.filter((row) => !isHour(row.bucket_start)), ...newHourly];
      await scene.expectTables(hourly, oldDaily);

      const newDaily = computeDaily(hourly, from, to);
      expect(await service.upsertDailyMetrics(from, to)).toBe(newDaily.length);
      await scene.expectTables(hourly, [...oldDaily.filter((row) => !isDay(row.bucket_date)), ...newDaily]);
    });
  }, 120_000);

  it('derives daily rows from whatever the hourly table holds', async () => {
    await assertProperty(
      40,
      fc.record({ stored: storedHourly, window }),
      async ({ stored, window: { from, to } }) => {
        await rows.insertHourly(scene.dataSource, stored);
        const daily = computeDaily(stored, from, to);
        expect(await service.upsertDailyMetrics(from, to)).toBe(daily.length);
        await scene.expectTables(stored, daily);
      },
    );
  }, 120_000);

  it('keeps when a row was first written and renews when it was last computed', async () => {
    const [raw] = fc.sample(
      scenario.filter(({ errors }) => errors.length > 40),
      { seed: 1, numRuns: 1 },
    );
    if (raw === undefined) throw new Error('fast-check gave no sample');
    await scene.replaceRaw(raw);
    for (const table of ['ops_metrics_hourly', 'ops_metrics_daily']) {
      const upsert = (): Promise<number> =>
        table === 'ops_metrics_hourly'
          ? service.upsertHourlyMetrics(ALL_FROM, ALL_TO)
          : service.upsertDailyMetrics(ALL_FROM, ALL_TO);
      const written = await upsert();
      expect(written).toBeGreaterThan(20);
      await scene.query(
        `UPDATE ${table} SET created_at = '2001-01-01T00:00:00Z', computed_at = '2001-01-01T00:00:00Z'`,
      );
      expect(await upsert()).toBe(written);
      const [counts] = await scene.query<Record<string, string>>(
        `SELECT count(*) FILTER (WHERE created_at = '2001-01-01T00:00:00Z') AS kept,
                count(*) FILTER (WHERE computed_at > '2001-01-01T00:00:00Z') AS renewed
           FROM ${table}`,
      );
      expect(counts).toEqual({ kept: String(written), renewed: String(written) });
    }
  });

  it.each([
    ['empty', FIRST_DAY, FIRST_DAY],
    ['backward', END_DAY, FIRST_DAY],
    ['without a start', new Date(NaN), END_DAY],
    ['without an end', FIRST_DAY, new Date(NaN)],
  ])('touches nothing for a range that is %s', async (_what, from, to) => {
    await rows.truncateRaw(scene.dataSource);
    await rows.truncateMetrics(scene.dataSource);
    const [stored] = fc.sample(
      storedHourly.filter((hourly) => hourly.length > 20),
      { seed: 1, numRuns: 1 },
    );
    await rows.insertHourly(scene.dataSource, stored ?? []);
    expect(await service.upsertHourlyMetrics(from, to)).toBe(0);
    expect(await service.upsertDailyMetrics(from, to)).toBe(0);
    await scene.expectTables(stored ?? [], []);
  });
});
