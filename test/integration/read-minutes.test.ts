import { beforeEach, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { planSegments } from '../../src/ops/read/read-plan.js';
import type { LevelQuery } from '../../src/ops/read/read-query.schemas.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import { readPieces, type ReadOptions } from '../../src/ops/read/sql/read-pieces.sql.js';
import type { Scenario } from '../support/oracle/arbitraries.js';
import { error, GROUPS, usage } from '../support/oracle/samples.js';
import * as rows from '../support/raw-rows.js';
import { keepMinutes } from '../support/read/minutes.js';
import { scansOf } from '../support/read/plan-scans.js';
import { rawAnswer } from '../support/read/raw-answer.js';
import { hoursAgo } from '../support/rollup-check.js';
import { RollupScene } from '../support/rollup-scene.js';

const MINUTE = 60_000;
const LEVELS = [
  ['everything', {}],
  ['a platform', { platform: 'openai' }],
  ['a group', { groupId: '1' }],
  ['a group of a platform', { platform: 'openai', groupId: '1' }],
] as const;
const BREAKDOWNS = [
  ['each platform', { by: 'platform', limit: 20 }],
  ['each group', { by: 'group', limit: 20 }],
  ['each platform over time', { by: 'platform', limit: 5, withTotal: true }],
  ['each group over time', { by: 'group', limit: 5, withTotal: true }],
] as const;

describe('minutes in an answer', () => {
  const scene = new RollupScene('read_minutes', { prepare: rows.loosenUsage });
  /** An answer is of the running minute: times are counted from its start. */
  let minute: Date;
  let raw: Scenario;
  let reads: ReadService;

  const at = (minutes: number, seconds = 0): Date =>
    new Date(minute.getTime() + minutes * MINUTE + seconds * 1000);
  const iso = (minutes: number, seconds = 0): string => at(minutes, seconds).toISOString();

  beforeEach(async () => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.query('TRUNCATE ops_metrics_invalidations, ops_metrics_minutely, ops_metrics_live');
    // Begins early in a minute, but after the instant that minutes are complete up to, and not in the first one of an
    // hour: what is read stays the same meanwhile.
    await scene.query(
      `SELECT pg_sleep(CASE WHEN s % 60 > 30 OR s < 60 THEN 62.1 - s % 60 ELSE GREATEST(0, 2.1 - s % 60) END)
       FROM (SELECT extract(epoch FROM clock_timestamp())::numeric % 3600 AS s) c`,
    );
    const [clock] = await scene.query<{ minute: Date }>(
      `SELECT date_bin(interval '1 minute', clock_timestamp(), 'epoch') AS minute`,
    );
    minute = clock?.minute ?? new Date(NaN);
    const often = Array.from({ length: 150 }, (_, index) => -index);
    raw = {
      groups: GROUPS,
      usage: often.flatMap((ago) => [
        usage({ durationMs: 100 - ago, firstTokenMs: 40, inputTokens: 7, createdAt: iso(ago) }),
        usage({ durationMs: 900 - 3 * ago, groupId: 2, createdAt: iso(ago) }),
      ]),
      errors: often.filter((ago) => ago % 2 === 0).map((ago) => error({ createdAt: iso(ago) })),
    };
    await scene.replaceRaw(raw);
    // An hour is closed, and none is rolled up.
    reads = scene.reads({ safeDelaySeconds: 0 });
  });

  const live = (): Promise<void> => keepMinutes(scene.dataSource, at(-400), at(0, 1));
  const scans = async (
    cuts: readonly Date[],
    wanted: Partial<ReadOptions>,
  ): Promise<readonly { readonly table: string; readonly loops: number; readonly node: string }[]> => {
    const { text, values } = readPieces(OPS_TABLES, {
      plan: planSegments(cuts),
      level: {},
      safeDelaySeconds: 0,
      freshFrom: 0,
      rates: false,
      bucketByBucket: null,
      ...wanted,
    });
    return scansOf(scene.dataSource, text, values);
  };
  const rawScans = async (cuts: readonly Date[], wanted: Partial<ReadOptions> = {}): Promise<number> =>
    (await scans(cuts, wanted))
      .filter(({ table }) => ['usage_logs', 'ops_error_logs'].includes(table))
      .reduce((sum, { loops }) => sum + loops, 0);

  async function expectRaw(range: { from: Date; to: Date }, level: Partial<LevelQuery>): Promise<void> {
    const overview = await reads.overview({ ...range, ...level });
    const expected = rawAnswer(raw, range.from, range.to, level);
    expect(overview).toMatchObject({
      successCount: expected.successCount,
      tokenConsumed: expected.tokenConsumed,
      errorCountTotal: expected.errorCounts[0],
      duration: { samples: expected.durations.length, percentilesComplete: true },
      ttft: { samples: expected.ttfts.length, percentilesComplete: true },
    });
    const { points } = await reads.trend({ ...range, ...level, bucket: '1m' });
    for (const point of points) {
      const one = rawAnswer(raw, new Date(point.from), new Date(point.to), level);
      expect(point).toMatchObject({
        successCount: one.successCount,
        duration: {
          samples: one.durations.length,
          max: one.durations.length === 0 ? null : Math.max(...one.durations),
        },
      });
    }
  }

  it.each([...LEVELS, ...BREAKDOWNS])(
    'an answer about the last hours for %s touches no raw row while minutes are up to date',
    async (_what, level) => {
      await live();
      const range = [at(-125), at(-60), at(5)];
      expect(await rawScans(range, { level, rates: !('by' in level), freshFrom: 1 })).toBe(0);
      const minutes = (await scans(range, { level })).filter(({ table }) => table === 'ops_metrics_minutely');
      expect(minutes.length).toBeGreaterThan(0);
      for (const { node } of minutes) {
        expect(node).not.toBe('Seq Scan');
      }
      // Without minutes the same answer reads raw rows.
      await scene.query('TRUNCATE ops_metrics_live');
      expect(await rawScans(range, { level })).toBeGreaterThan(0);
    },
  );

  it.each(LEVELS)(
    'has what the raw rows have, for %s, in an overview and in points',
    async (_what, level) => {
      await live();
      await expectRaw({ from: at(-130), to: at(0) }, level);
      await expectRaw({ from: at(-47), to: at(1) }, level);
    },
  );

  it('is as of the minutes: rates and points go up to there, and later rows are left out', async () => {
    await live();
    await rows.insertUsage(scene.dataSource, [usage({ createdAt: iso(0, 2) })]);
    const range = { from: at(-10), to: at(10) };
    const answer = await reads.overview(range);
    expect(answer).toMatchObject({
      successCount: 22,
      requestsPerSecond: answer.requestCountTotal / 601,
      freshness: {
        asOf: iso(0, 1),
        freshThrough: iso(0, 1),
        recent: 'minutes',
        missingHours: 0,
        pendingHours: 0,
      },
      current: { at: iso(-1), requestsPerSecond: 2 / 60, tokensPerSecond: 7 / 60 },
      peakMinuteRequestsPerSecond: 3 / 60,
      peakMinuteTokensPerSecond: 7 / 60,
      previous: { peakMinuteRequestsPerSecond: 3 / 60 },
    });
    const { points } = await reads.trend({ ...range, bucket: '1m' });
    expect(points.map(({ to }) => to).at(-1)).toBe(iso(1));
    expect(points).toHaveLength(11);
    const past = await reads.overview({ from: at(-20), to: at(-10) });
    expect(past).toMatchObject({ current: null, freshness: { asOf: iso(-10), recent: 'minutes' } });
  });

  it('counts raw rows since then where minutes are behind, and up to now', async () => {
    await keepMinutes(scene.dataSource, at(-400), at(-3, 30));
    await rows.insertUsage(scene.dataSource, [usage({ durationMs: 5, createdAt: iso(-3, 40) })]);
    const range = { from: at(-10), to: at(10) };
    const answer = await reads.overview(range);
    expect(answer).toMatchObject({
      successCount: 2 * 11 + 1,
      current: null,
      peakMinuteRequestsPerSecond: null,
      freshness: { recent: 'raw' },
    });
    expect(answer.freshness.asOf >= iso(0)).toBe(true);
    expect(await rawScans([at(-10), at(-4)])).toBe(0);
  });

  it('counts raw rows from before minutes are kept', async () => {
    await keepMinutes(scene.dataSource, at(-20), at(0, 1));
    await expectRaw({ from: at(-30), to: at(1) }, {});
    const { freshness, peakMinuteRequestsPerSecond: peak } = await reads.overview({
      from: at(-30),
      to: at(1),
    });
    expect([freshness.recent, peak]).toEqual(['raw', null]);
  });

  it('answers minutes that wait for their backfill from raw rows', async () => {
    await live();
    await scene.query(`DELETE FROM ops_metrics_minutely WHERE bucket_start <= $1`, [at(-30)]);
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason)
       SELECT 'minute', m, 'backfill' FROM generate_series($1::timestamptz, $2, interval '1 minute') m`,
      [at(-400), at(-30)],
    );
    await expectRaw({ from: at(-50), to: at(1) }, {});
    expect((await reads.overview({ from: at(-29), to: at(1) })).freshness.recent).toBe('minutes');
  });

  it('answers a stale hour from its minutes, which is then no longer pending', async () => {
    const hour = await hoursAgo(scene.dataSource, 1);
    const range = { from: hour, to: new Date(hour.getTime() + 60 * MINUTE) };
    await scene.rollUp(range.from, range.to);
    const before = (await reads.overview(range)).successCount;
    await rows.insertUsage(scene.dataSource, [usage({ createdAt: hour.toISOString() })]);
    const note = async (columns = '', values = ''): Promise<unknown> =>
      scene.query(
        `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason${columns}) VALUES
         ('hour', $1, 'new_rows'${values}), ('minute', $1, 'new_rows'${values})
         ON CONFLICT (tier, bucket_start) DO UPDATE SET attempts = EXCLUDED.attempts`,
        [hour],
      );
    await note();
    expect(await reads.overview(range)).toMatchObject({
      successCount: before,
      freshness: { pendingHours: 1 },
    });
    await live();
    expect(await reads.overview(range)).toMatchObject({
      successCount: before + 1,
      peakRequestsPerSecond: (before + 1 + 30) / 3600,
      freshness: { pendingHours: 0, recent: 'minutes', freshThrough: range.to.toISOString() },
    });
    await note(', attempts', ', 1');
    expect((await reads.overview(range)).freshness.freshThrough).toBe(hour.toISOString());
  });

  it('has the exact percentiles of a minute that is one row', async () => {
    await live();
    await rows.insertUsage(
      scene.dataSource,
      [1000, 1001, 1002, 1003].map((durationMs) => usage({ durationMs, createdAt: iso(-200) })),
    );
    await live();
    const { points } = await reads.trend({ from: at(-201), to: at(-198), bucket: '1m' });
    // A distribution knows 1000 and 1008, or 1000 and 992.
    expect(points.map(({ duration }) => duration.p50)).toEqual([null, 1002, null]);
  });

  it('are sent once, unless they are written anew', async () => {
    await live();
    const [from, to] = [at(-100), at(-40)];
    const first = await reads.overview({ from, to });
    expect((await reads.overview({ from, to })).duration).toEqual(first.duration);
    const options = {
      plan: planSegments([from, to]),
      level: {},
      safeDelaySeconds: 0,
      freshFrom: 0,
      rates: false,
      bucketByBucket: null,
    };
    const pieces = async (
      known: string[],
    ): Promise<{ version: string; duration_values: string | null }[]> => {
      const { text, values } = readPieces(OPS_TABLES, { ...options, known });
      return scene.query(text, values);
    };
    const sent = await pieces([]);
    expect(sent).toHaveLength(60);
    expect(sent.every(({ duration_values: values }) => values !== null)).toBe(true);
    const again = await pieces(sent.map(({ version }) => version));
    expect(again.map(({ duration_values: values }) => values)).toEqual(Array(60).fill(null));

    await scene.query(`UPDATE ops_metrics_minutely SET duration_values = '{5}', duration_counts = '{2}'
      WHERE platform IS NULL AND duration_samples = 2`);
    expect(
      (await pieces(sent.map(({ version }) => version))).every((row) => row.duration_values === '{5}'),
    ).toBe(true);
    expect((await reads.overview({ from, to })).duration).toMatchObject({ p50: 5, p99: 5 });
  });
});
