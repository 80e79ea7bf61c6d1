import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeSampleTraffic } from '../../src/gateway/sample-traffic/write-sample-traffic.js';
import { opsTables } from '../../src/ops/definitions/ops-tables.js';
import { OpsPreaggService, ReadService, resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import type { BreakdownItem } from '../../src/ops/read/read.schemas.js';
import * as rows from '../support/raw-rows.js';
import { RollupScene } from '../support/rollup-scene.js';

const FROM = new Date('2025-03-08T00:00:00Z');
const TO = new Date('2025-03-11T00:00:00Z');
const ALL = { from: FROM, to: TO };
/** Ragged at both ends: a day, hours, and raw rows. */
const RAGGED = { from: new Date('2025-03-08T13:20:00Z'), to: new Date('2025-03-10T05:45:00Z') };
const RANGES = [
  ['whole days', ALL],
  ['ragged', RAGGED],
  ['a few hours', { from: new Date('2025-03-09T10:10:00Z'), to: new Date('2025-03-09T12:40:00Z') }],
] as const;

/** Counts and exact sums of a key, as text. */
interface Counted {
  key: string;
  successes: number;
  errors: number;
  output: number;
  cost: string;
}

const WITHIN: OpsModuleOptions = {
  safeDelaySeconds: 0,
  dimensions: [
    { name: 'model', usageColumn: 'model', errorColumn: 'model', withinGroups: true },
    {
      name: 'account',
      usageColumn: 'account_id',
      errorColumn: 'account_id',
      maxKeys: 5,
      label: { table: 'accounts' },
    },
  ],
};

describe('answers about the keys of a set', () => {
  const scene = new RollupScene('read_dimensions', { prepare: rows.loosenUsage });

  const tables = opsTables(resolveOptions(WITHIN));
  const reads = (): ReadService => new ReadService(scene.dataSource, tables, resolveOptions(WITHIN));
  const rollUp = async (): Promise<void> => {
    const rollup = new OpsPreaggService(scene.dataSource, tables);
    await rollup.upsertHourlyMetrics(FROM, TO);
    await rollup.upsertDailyMetrics(FROM, TO);
    await scene.query('TRUNCATE ops_metrics_invalidations');
  };

  beforeAll(async () => {
    await writeSampleTraffic(scene.dataSource, { ...ALL, rows: 6_000, seed: 7 });
    await scene.query('ALTER TABLE usage_logs ALTER COLUMN model DROP NOT NULL');
    await scene.query(
      `UPDATE usage_logs SET model = CASE id % 50 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'o''Brien "x" \\' ELSE model END`,
    );
    await scene.query(`CREATE TABLE accounts (id bigint PRIMARY KEY, name text)`);
    await scene.query(
      `INSERT INTO accounts SELECT DISTINCT account_id, 'account ' || account_id FROM usage_logs`,
    );
  });
  beforeEach(async () => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.query('TRUNCATE ops_metrics_dimension_hourly, ops_metrics_dimension_daily');
  });

  /** The same from raw rows. */
  const fromRaw = (
    { from, to }: { from: Date; to: Date },
    column: string,
    where = { usage: 'true', errors: 'true' },
  ): Promise<Counted[]> =>
    scene.query(
      `SELECT key, sum(s)::int AS successes, sum(e)::int AS errors, sum(o)::int AS output, sum(c)::text AS cost
      FROM (
        SELECT COALESCE(u.${column}::text, '(none)') AS key, 1 AS s, 0 AS e, output_tokens AS o, actual_cost AS c
        FROM usage_logs u JOIN groups g ON g.id = u.group_id
        WHERE u.created_at >= $1 AND u.created_at < $2 AND ${where.usage}
        UNION ALL
        SELECT COALESCE(e.${column}::text, '(none)'), 0, (status_code >= 400)::int, 0, 0 FROM ops_error_logs e
        WHERE e.created_at >= $1 AND e.created_at < $2 AND ${where.errors}
      ) r GROUP BY key ORDER BY sum(s) + COALESCE(sum(e), 0) DESC, key COLLATE "C"`,
      [from.toISOString(), to.toISOString()],
    );
  const counted = ({
    key,
    successCount,
    errorCountTotal,
    outputTokens,
    actualCost,
  }: BreakdownItem): Counted => ({
    key,
    successes: successCount,
    errors: errorCountTotal,
    output: Number(outputTokens),
    cost: actualCost ?? '',
  });
  /** With as many digits after the point, whichever rows they come from. */
  const sameDigits = (items: readonly Counted[]): unknown[] =>
    items.map((item) => ({ ...item, cost: Number(item.cost).toFixed(8) }));

  it.each(RANGES)('break down %s by model, exactly as the raw rows do', async (name, range) => {
    const expected = sameDigits(await fromRaw(range, 'model'));
    // So few hours, and no more, are answered from raw rows where they are not rolled up.
    for (const state of name === 'a few hours' ? ['raw rows only', 'rolled up'] : ['rolled up']) {
      if (state === 'rolled up') {
        await rollUp();
      }
      const { items, total } = await reads().breakdown({ ...range, by: 'model', limit: 1000 });
      expect([state, total, sameDigits(items.map(counted))]).toEqual([state, expected.length, expected]);
      const { requestCountTotal, freshness } = await reads().overview(range);
      expect(items.reduce((sum, item) => sum + item.requestCountTotal, 0)).toBe(requestCountTotal);
      expect(items.reduce((sum, item) => sum + (item.share ?? 0), 0)).toBeCloseTo(1, 9);
      expect(freshness.unsliced).toBeNull();
    }
  });

  it('keep the busiest accounts of each bucket by name, the rest as one, and add up all the same', async () => {
    await rollUp();
    const { items } = await reads().breakdown({ ...ALL, by: 'account', limit: 1000 });
    const overall = await reads().overview(ALL);
    expect(items.find(({ key }) => key === '(other)')?.label).toBeNull();
    expect(items.find(({ key }) => /^\d+$/.test(key))).toMatchObject({
      label: expect.stringMatching(/^account \d+$/) as unknown,
    });
    for (const column of ['successCount', 'errorCountTotal', 'outputTokens', 'upstream429Count'] as const) {
      expect([column, items.reduce((sum, item) => sum + Number(item[column]), 0)]).toEqual([
        column,
        Number(overall[column]),
      ]);
    }
    const samples = (of: 'duration' | 'outputSpeed'): number =>
      items.reduce((sum, item) => sum + item[of].samples, 0);
    expect([samples('duration'), samples('outputSpeed')]).toEqual([
      overall.duration.samples,
      overall.outputSpeed.samples,
    ]);
  });

  it.each(RANGES)('give percentiles, sums and a trend of one model over %s', async (_name, range) => {
    await rollUp();
    const [busiest] = await fromRaw(range, 'model');
    const { key = '' } = busiest ?? {};
    const query = { ...range, dimension: 'model', key };
    const overview = await reads().overview(query);
    const [exact] = await scene.query<{ p50: number; p99: number; speed: number }>(
      `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50, percentile_cont(0.99) WITHIN GROUP (ORDER BY duration_ms) AS p99,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY output_tokens * 1000.0 / NULLIF(duration_ms - first_token_ms, 0)) AS speed
      FROM usage_logs u JOIN groups g ON g.id = u.group_id WHERE model = $3 AND u.created_at >= $1 AND u.created_at < $2`,
      [range.from.toISOString(), range.to.toISOString(), key],
    );
    const error = (given: number | null, right = NaN): number => Math.abs((given ?? NaN) / right - 1);
    expect(error(overview.duration.p50, exact?.p50)).toBeLessThan(0.0079);
    expect(error(overview.duration.p99, exact?.p99)).toBeLessThan(0.0079);
    expect(error(overview.outputSpeed.p50, exact?.speed)).toBeLessThan(0.0085);
    expect(counted({ ...overview, key } as unknown as BreakdownItem)).toMatchObject({
      successes: busiest?.successes,
    });
    for (const bucket of ['hour', 'day'] as const) {
      const { points } = await reads().trend({ ...query, bucket });
      expect(points.reduce((sum, point) => sum + point.successCount, 0)).toBe(busiest?.successes);
    }
    const { summary } = await reads().latencyDistribution({ ...query, metric: 'duration' });
    expect(summary).toEqual(overview.duration);
  });

  it.each(RANGES)(
    'filter %s by platform and by group where a set is kept within groups',
    async (_name, range) => {
      await rollUp();
      const [group] = await scene.query<{ id: string; platform: string }>(
        `SELECT g.id, g.platform FROM groups g JOIN usage_logs u ON u.group_id = g.id GROUP BY g.id ORDER BY count(*) DESC LIMIT 1`,
      );
      const { id = '', platform = '' } = group ?? {};
      const ofGroup = await reads().breakdown({ ...range, by: 'model', groupId: id, limit: 1000 });
      expect(sameDigits(ofGroup.items.map(counted))).toEqual(
        sameDigits(
          await fromRaw(range, 'model', { usage: `u.group_id = ${id}`, errors: `e.group_id = ${id}` }),
        ),
      );
      const ofPlatform = await reads().breakdown({ ...range, by: 'model', platform, limit: 1000 });
      expect(sameDigits(ofPlatform.items.map(counted))).toEqual(
        sameDigits(
          await fromRaw(range, 'model', {
            usage: `g.platform = '${platform}'`,
            errors: `e.group_id IN (SELECT id FROM groups WHERE platform = '${platform}')`,
          }),
        ),
      );
      const groups = await reads().breakdown({ ...range, by: 'group', platform, limit: 1000 });
      expect(new Set(groups.items.map((item) => item.platform))).toEqual(new Set([platform]));
    },
  );

  it.each(RANGES)('count the kinds of errors of %s, and those before', async (name, range) => {
    const status = (column: string): string =>
      `CASE WHEN ${column} IN (429, 529) THEN ${column}::text ELSE ${column} / 100 || 'xx' END`;
    const before = new Date(2 * range.from.getTime() - range.to.getTime());
    const expected = await scene.query<object>(
      `SELECT ${status('status_code')} AS "clientStatus", ${status('upstream_status_code')} AS "upstreamStatus",
        error_owner AS owner, error_phase AS phase, error_type AS type, count(*) FILTER (WHERE created_at >= $2)::int AS count,
        count(*) FILTER (WHERE created_at < $2)::int AS "previousCount"
      FROM ops_error_logs
      WHERE created_at >= $1 AND created_at < $3
        AND (status_code >= 400 OR error_owner = 'provider' AND NOT is_business_limited)
      GROUP BY 1, 2, 3, 4, 5 HAVING count(*) FILTER (WHERE created_at >= $2) > 0`,
      [before.toISOString(), range.from.toISOString(), range.to.toISOString()],
    );
    const order = (items: readonly object[]): string[] => items.map((item) => JSON.stringify(item)).sort();
    // So few hours, and no more, are answered from raw rows where they are not rolled up.
    for (const state of name === 'a few hours' ? ['raw rows only', 'rolled up'] : ['rolled up']) {
      if (state === 'rolled up') {
        await rollUp();
      }
      const { errors, items, total } = await reads().breakdown({ ...range, by: 'error', limit: 1000 });
      expect([items, total]).toEqual([[], expected.length]);
      expect(errors.map(({ count }) => count)).toEqual(
        errors.map(({ count }) => count).toSorted((a, b) => b - a),
      );
      expect(
        order(
          errors.map(({ clientStatus, upstreamStatus, owner, phase, type, count, previousCount }) => ({
            clientStatus,
            upstreamStatus,
            owner,
            phase,
            type,
            count,
            previousCount,
          })),
        ),
      ).toEqual(order(expected));
      expect(errors.reduce((sum, { share }) => sum + (share ?? 0), 0)).toBeCloseTo(
        errors.length > 0 ? 1 : 0,
        9,
      );
    }
  });

  it('answer from the hours of a day that has no rows of the set, and say which hours have none', async () => {
    await rollUp();
    const whole = await reads().breakdown({ ...ALL, by: 'model' });
    await scene.query(`DELETE FROM ops_metrics_dimension_daily WHERE bucket_date = '2025-03-09'`);
    expect(await reads().breakdown({ ...ALL, by: 'model' })).toEqual(whole);

    const gone = { from: new Date('2025-03-09T04:00:00Z'), to: new Date('2025-03-09T06:00:00Z') };
    await scene.query(
      `DELETE FROM ops_metrics_dimension_hourly WHERE bucket_start >= $1 AND bucket_start < $2`,
      [gone.from.toISOString(), gone.to.toISOString()],
    );
    const lacking = await reads().breakdown({ ...ALL, by: 'model', limit: 1000 });
    const { requestCountTotal: requests } = await reads().overview(gone);
    expect(lacking.freshness.unsliced).toEqual({
      requests,
      from: gone.from.toISOString(),
      to: gone.to.toISOString(),
    });
    const sum = lacking.items.reduce((total, item) => total + item.requestCountTotal, 0);
    expect(sum + requests).toBe((await reads().overview(ALL)).requestCountTotal);

    const after = { from: new Date('2025-03-10T00:00:00Z'), to: TO };
    const later = await reads().overview({ ...after, dimension: 'model', key: 'gpt-4o' });
    expect([later.freshness.unsliced, later.previous.unslicedRequests]).toEqual([null, requests]);
  });

  it('say which part of a range does not know tokens by kind and costs', async () => {
    await rollUp();
    const before = await reads().overview(ALL);
    await scene.query(
      `UPDATE ops_metrics_daily SET input_tokens = NULL, output_tokens = NULL, cache_creation_tokens = NULL, cache_read_tokens = NULL,
        total_cost = NULL, actual_cost = NULL, output_speed_sum = NULL, output_speed_samples = NULL,
        output_speed_values = NULL, output_speed_counts = NULL WHERE bucket_date = '2025-03-09'`,
    );
    const after = await reads().overview(ALL);
    const day = { from: new Date('2025-03-09T00:00:00Z'), to: new Date('2025-03-10T00:00:00Z') };
    const [unknown] = await scene.query<{ successes: number; cost: string }>(
      `SELECT count(*)::int AS successes, sum(actual_cost) AS cost FROM usage_logs u JOIN groups g ON g.id = u.group_id
      WHERE u.created_at >= $1 AND u.created_at < $2`,
      [day.from.toISOString(), day.to.toISOString()],
    );
    expect(after.unsplit).toEqual({
      successCount: unknown?.successes,
      from: day.from.toISOString(),
      to: day.to.toISOString(),
    });
    expect(Number(after.actualCost) + Number(unknown?.cost)).toBeCloseTo(Number(before.actualCost), 8);
    expect(after.outputSpeed).toMatchObject({ p50: null, avg: null, percentilesComplete: false });
    expect([before.unsplit, after.tokenConsumed]).toEqual([null, before.tokenConsumed]);
  });

  it.each([
    [{ by: 'user' }, 'by'],
    [{ by: "model' OR true --" }, 'by'],
    [{ by: 'account', groupId: '1' }, 'groupId'],
    [{ by: 'error', platform: 'openai' }, 'platform'],
    [{ by: 'account', platform: ['openai', 'x'] }, 'platform'],
  ])('refuse %j and name the field', async (query, field) => {
    await expect(reads().breakdown({ ...ALL, ...query })).rejects.toMatchObject({
      name: 'OpsInputError',
      field,
    });
  });

  it.each([
    { dimension: 'error', key: 'x' },
    { dimension: 'user', key: '1' },
  ])('refuse an overview of %j', async (query) => {
    await expect(reads().overview({ ...ALL, ...query })).rejects.toMatchObject({ field: 'dimension' });
  });
});
