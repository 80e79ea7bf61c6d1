import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LevelFilter } from '../../src/ops/read/read-query.schemas.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import type { LatencySummary, Measures, Overview, Slower } from '../../src/ops/read/read.types.js';
import type { Scenario } from '../support/oracle/arbitraries.js';
import { percentileCont } from '../support/oracle/arithmetic.js';
import * as rows from '../support/raw-rows.js';
import { DAY_MS } from '../../src/ops/common/utc.js';
import * as arbitraries from '../support/read/arbitraries.js';
import { knownRows, type KeptMinutes } from '../support/read/missing-hours.js';
import { keepMinutes } from '../support/read/minutes.js';
import { rawAnswer } from '../support/read/raw-answer.js';
import { RollupScene } from '../support/rollup-scene.js';

const WORST_ERROR = 0.0079;
/** Among the latencies of the crowd. */
const SLOWER_THAN_MS = 230;

/** The raw rows, up to where they are rolled up, and which minutes are kept. */
interface Loaded {
  readonly raw: Scenario;
  readonly rolledUpBefore: Date;
  readonly kept: KeptMinutes | null;
}

function expectLatency(summary: LatencySummary, samples: readonly number[]): void {
  expect(summary.samples).toBe(samples.length);
  expect(summary.percentilesComplete).toBe(true);
  if (samples.length === 0) {
    expect(summary).toMatchObject({ p50: null, p90: null, p95: null, p99: null, avg: null, max: null });
    return;
  }
  expect(summary.max).toBe(samples.reduce((a, b) => Math.max(a, b)));
  expect(summary.avg).toBe(samples.reduce((a, b) => a + b, 0) / samples.length);
  for (const [name, fraction] of [
    ['p50', 0.5],
    ['p90', 0.9],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    const exact = percentileCont(samples, fraction) ?? NaN;
    expect(Math.abs((summary[name] ?? NaN) - exact)).toBeLessThanOrEqual(WORST_ERROR * exact);
  }
}

/** Latencies that are not near the threshold fall on their side of it. */
function expectSlower(slower: Slower, samples: readonly number[]): void {
  const above = (threshold: number): number => samples.filter((one) => one > threshold).length;
  expect(slower?.thanMs).toBe(SLOWER_THAN_MS);
  const { count, share } = slower ?? {};
  expect(count).toBeGreaterThanOrEqual(above(SLOWER_THAN_MS * (1 + WORST_ERROR)));
  expect(count).toBeLessThanOrEqual(above(SLOWER_THAN_MS * (1 - WORST_ERROR)));
  expect(share).toBe(samples.length === 0 ? null : (count ?? NaN) / samples.length);
}

const countsOf = (answer: Measures): number[] => [
  answer.errorCountTotal,
  answer.businessLimitedCount,
  answer.errorCountSla,
  answer.upstreamErrorCountExcl429529,
  answer.upstream429Count,
  answer.upstream529Count,
];

/** Everything that adds up: counts, tokens, samples, and the sums behind the averages. */
const sumsOf = (answer: Measures): number[] => [
  answer.successCount,
  ...countsOf(answer),
  Number(answer.tokenConsumed),
  answer.requestCountTotal,
  ...[answer.duration, answer.ttft].flatMap(({ samples, avg }) => [
    samples,
    Math.round((avg ?? 0) * samples),
  ]),
];

const added = (answers: readonly Measures[]): number[] =>
  answers.map(sumsOf).reduce((sum, one) => sum.map((value, index) => value + (one[index] ?? NaN)));

describe('reading any range', () => {
  const scene = new RollupScene('read_property', { prepare: rows.loosenUsage });
  let reads: ReadService;

  beforeAll(() => {
    reads = scene.reads({});
  });

  async function load({ raw, rolledUpBefore, kept }: Loaded, hasDaily: boolean): Promise<void> {
    await rows.truncateMetrics(scene.dataSource);
    await scene.replaceRaw(raw);
    const service = scene.rollup;
    await service.upsertHourlyMetrics(arbitraries.HISTORY_START, rolledUpBefore);
    const wholeDays = new Date(Math.floor(rolledUpBefore.getTime() / DAY_MS) * DAY_MS);
    if (hasDaily) {
      await service.upsertDailyMetrics(arbitraries.HISTORY_START, wholeDays);
    }
    await scene.query('TRUNCATE ops_metrics_minutely, ops_metrics_live');
    if (kept !== null) {
      await keepMinutes(scene.dataSource, kept.from, kept.to);
    }
  }

  async function expectEqualsKnown(
    loaded: Loaded,
    from: Date,
    to: Date,
    level: LevelFilter,
  ): Promise<Overview> {
    const answer = await reads.overview({ from, to, slowerThanMs: SLOWER_THAN_MS, ...level });
    const before = new Date(2 * from.getTime() - to.getTime());
    const known = knownRows(loaded.raw, [before, from, to], loaded);
    expect(answer.freshness).toMatchObject({
      missingHours: known.missing.length,
      missingFrom: known.missing[0] === undefined ? null : new Date(known.missing[0]).toISOString(),
    });
    const expected = rawAnswer(known.raw, from, to, level);
    expect(answer.successCount).toBe(expected.successCount);
    expect(answer.tokenConsumed).toBe(expected.tokenConsumed);
    expect(countsOf(answer)).toEqual(expected.errorCounts);
    expectLatency(answer.duration, expected.durations);
    expectLatency(answer.ttft, expected.ttfts);
    expectSlower(answer.slower, expected.durations);
    return answer;
  }

  async function assertProperty(
    numRuns: number,
    check: (
      loaded: Loaded,
      range: { from: Date; split: Date; to: Date },
      level: LevelFilter,
    ) => Promise<void>,
  ): Promise<void> {
    const questions = fc.array(
      fc.record({
        range: fc.oneof(arbitraries.splitRange, arbitraries.alignedRange),
        level: arbitraries.level,
      }),
      { minLength: 6, maxLength: 6 },
    );
    const property = fc.asyncProperty(
      arbitraries.history,
      arbitraries.progress,
      questions,
      async (raw, { rolledUpMinutes, hasDaily, keptMinutes }, asked) => {
        const { minuteAt } = arbitraries;
        const kept =
          keptMinutes === null ? null : { from: minuteAt(keptMinutes.from), to: minuteAt(keptMinutes.to) };
        const loaded = { raw, rolledUpBefore: minuteAt(rolledUpMinutes), kept };
        await load(loaded, hasDaily);
        for (const { range, level } of asked) {
          await check(loaded, range, level);
        }
      },
    );
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 60_000 });
  }

  it('gives what the raw rows give but for the missing hours it names, and its parts add up to it, however far the rollup has come', async () => {
    await assertProperty(30, async (loaded, { from, split, to }, level) => {
      const whole = await expectEqualsKnown(loaded, from, to, level);
      const parts = [
        await expectEqualsKnown(loaded, from, split, level),
        await expectEqualsKnown(loaded, split, to, level),
      ];
      if ([whole, ...parts].every(({ freshness }) => freshness.missingHours === 0)) {
        expect(added(parts)).toEqual(sumsOf(whole));
      }
    });
  }, 300_000);

  it('gives the period before as that period itself', async () => {
    await assertProperty(8, async (_loaded, { split, to }, level) => {
      const before = new Date(2 * split.getTime() - to.getTime());
      const asked = { ...level, slowerThanMs: SLOWER_THAN_MS };
      const { missingHours, unslicedRequests, ...previous } = (
        await reads.overview({ from: split, to, ...asked })
      ).previous;
      const alone = await reads.overview({ from: before, to: split, ...asked });
      if (missingHours === 0) {
        expect(alone).toMatchObject(previous);
      }
      expect(unslicedRequests).toBe(0);
      expect(alone.freshness.missingHours).toBeLessThanOrEqual(missingHours);
      expect(alone).toMatchObject({ platform: level.platform ?? null, groupId: level.groupId ?? null });
    });
  }, 300_000);

  it('cuts a range into points and into platforms and groups that add up', async () => {
    await assertProperty(10, async (loaded, { from, to }, level) => {
      const { raw } = knownRows(loaded.raw, [from, to], loaded);
      const whole = sumsOf(await reads.overview({ from, to, ...level }));
      const hours = to.getTime() - from.getTime() <= 31 * 86_400_000;
      for (const bucket of [...(hours ? (['hour'] as const) : []), 'day' as const]) {
        const { points } = await reads.trend({ from, to, bucket, ...level });
        expect(added(points)).toEqual(whole);
        const slow = await reads.trend({ from, to, bucket, slowerThanMs: SLOWER_THAN_MS, ...level });
        for (const [index, point] of points.entries()) {
          if (point.requestCountTotal === 0) continue;
          const expected = rawAnswer(raw, new Date(point.from), new Date(point.to), level);
          expectLatency(point.duration, expected.durations);
          expectLatency(point.ttft, expected.ttfts);
          expect(point.slower).toBeNull();
          expectSlower(slow.points[index]?.slower ?? null, expected.durations);
        }
        expect(points[0]?.from).toBe(from.toISOString());
        expect(points.at(-1)?.to).toBe(to.toISOString());
        points.slice(1).forEach((point, index) => {
          expect(point.from).toBe(points[index]?.to);
        });
      }
      for (const by of ['platform', 'group'] as const) {
        const { items, total } = await reads.breakdown({ from, to, by, limit: 1000 });
        expect(items).toHaveLength(total);
        for (const item of items) {
          const only: LevelFilter =
            item.groupId === null ? { platform: item.platform ?? '' } : { groupId: item.groupId };
          expect(sumsOf(item)).toEqual(sumsOf(await reads.overview({ from, to, ...only })));
          expectLatency(item.duration, rawAnswer(raw, from, to, only).durations);
        }
        const requests = items.map((item) => item.requestCountTotal);
        expect(requests).toEqual(requests.toSorted((a, b) => b - a));
      }
    });
  }, 300_000);
});
