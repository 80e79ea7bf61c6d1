import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeSampleTraffic } from '../../src/gateway/sample-traffic/write-sample-traffic.js';
import { opsTables } from '../../src/ops/definitions/ops-tables.js';
import { OpsPreaggService, ReadService, resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import { SERIES_MEASURES, type Series, type SeriesQuery } from '../../src/ops/read/series.schemas.js';
import * as rows from '../support/raw-rows.js';
import { countedRows, isNear, isOf, sumOf, type CountedRow } from '../support/read/counted-rows.js';
import { RollupScene } from '../support/rollup-scene.js';

const FROM = new Date('2025-03-08T00:00:00Z');
const TO = new Date('2025-03-11T00:00:00Z');
const ALL = { from: FROM, to: TO };
/** A few hours, ragged at both ends: no more of them are answered from raw rows where they are not rolled up. */
const HOURS = { from: new Date('2025-03-09T10:10:00Z'), to: new Date('2025-03-09T12:40:00Z') };

const OPTIONS: OpsModuleOptions = {
  safeDelaySeconds: 0,
  dimensions: [{ name: 'model', usageColumn: 'model', errorColumn: 'model', withinGroups: true }, 'account'],
};

const KEY_OF: Readonly<Record<string, (row: CountedRow) => string | null>> = {
  platform: (row) => row.platform,
  group: (row) => row.groupId,
  model: (row) => row.model,
};

describe('series over time', () => {
  const scene = new RollupScene('read_series', { prepare: rows.loosenUsage });
  const tables = opsTables(resolveOptions(OPTIONS));
  const reads = (): ReadService => new ReadService(scene.dataSource, tables, resolveOptions(OPTIONS));
  let all: CountedRow[];

  beforeAll(async () => {
    await writeSampleTraffic(scene.dataSource, { ...ALL, rows: 6_000, seed: 11 });
    // Groups with rows under two platforms, and errors of no platform and of no group.
    await scene.query(`UPDATE ops_error_logs SET platform = CASE id % 5 WHEN 0 THEN 'other' WHEN 1 THEN NULL ELSE platform END,
      group_id = CASE WHEN id % 7 = 0 THEN NULL ELSE group_id END`);
    all = await countedRows(scene.dataSource);
  });
  const rollUp = async (): Promise<void> => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.query('TRUNCATE ops_metrics_dimension_hourly, ops_metrics_dimension_daily');
    const rollup = new OpsPreaggService(scene.dataSource, tables);
    await rollup.upsertHourlyMetrics(FROM, TO);
    await rollup.upsertDailyMetrics(FROM, TO);
    await scene.query('TRUNCATE ops_metrics_invalidations');
  };
  /** What a test changes is made right again after it. */
  let isDamaged = true;
  const damage = async (statement: string): Promise<void> => {
    isDamaged = true;
    await scene.query(statement);
  };
  beforeEach(async () => {
    if (isDamaged) {
      await rollUp();
      isDamaged = false;
    }
  });

  /** Compares every value of an answer with what the raw rows come to. */
  function expectRight(answer: Series, query: SeriesQuery): void {
    const { by } = query;
    const keyOf = KEY_OF[by] ?? ((): null => null);
    const [from, to] = [new Date(query.from).getTime(), new Date(query.to).getTime()];
    const asked = all.filter((row) => row.at >= from && row.at < to && isOf(row, query, by === 'model'));
    const counts = new Map<string, number>();
    for (const row of asked) {
      const key = keyOf(row);
      if (key !== null) {
        counts.set(key, (counts.get(key) ?? 0) + row.success + row.failed);
      }
    }
    const before = (a: string, b: string): number =>
      by === 'group' ? Number(a) - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(b));
    const ranked = [...counts]
      .sort(([a, x], [b, y]) => y - x || before(a, b))
      .map(([key]) => key)
      .slice(0, Number(query.limit ?? 5));
    const isRest = (row: CountedRow): boolean => !ranked.includes(keyOf(row) ?? '');
    const named = answer.series.filter((one) => !one.isRest);
    expect([answer.total, named.map(({ key }) => key)]).toEqual([counts.size, ranked]);
    expect(answer.series.some((one) => one.isRest)).toBe(asked.some(isRest));
    const wrong: unknown[] = [];
    for (const { key, values } of answer.series) {
      const own = asked.filter((row) => (key === null ? isRest(row) : keyOf(row) === key));
      answer.starts.forEach((start, index) => {
        const starts = Date.parse(start);
        const ends = Date.parse(answer.starts[index + 1] ?? answer.to);
        const right = sumOf(
          own.filter(({ at }) => at >= starts && at < ends),
          (ends - starts) / 1000,
        );
        wrong.push(
          ...Object.entries(values)
            .filter(([measure, given]) => !isNear(measure, given[index], right[measure]))
            .map(([measure, given]) => [key, start, measure, given[index], right[measure]]),
        );
      });
    }
    expect(wrong).toEqual([]);
  }

  const everything = [...SERIES_MEASURES];

  it.each<Partial<SeriesQuery> & Pick<SeriesQuery, 'by'>>([
    { by: 'platform', limit: 2 },
    { by: 'platform', limit: 20 },
    { by: 'platform', platform: ['openai', 'other', 'none'] },
    { by: 'platform', groupId: ['1', '2', '3', '4'], limit: 1 },
    { by: 'platform', platform: ['other', 'openai'], groupId: ['1', '2', '3'] },
    { by: 'group', limit: 3 },
    { by: 'group', platform: 'openai', limit: 1 },
    { by: 'group', platform: ['openai', 'other'], limit: 3 },
    { by: 'group', groupId: ['1', '2', '3'], limit: 2 },
    { by: 'group', groupId: '2', platform: ['openai', 'other', 'anthropic'] },
    { by: 'model', limit: 2 },
    { by: 'model', limit: 20 },
    { by: 'model', platform: 'openai', limit: 1 },
    { by: 'model', platform: ['openai', 'anthropic'], limit: 3 },
    { by: 'model', groupId: ['1', '3'], limit: 1 },
    { by: 'model', platform: 'openai', groupId: ['1', '2', '3'] },
    { by: 'model', dimension: 'model', key: ['gpt-4o', 'nothing', 'claude-sonnet-4'], limit: 1 },
    { by: 'model', dimension: 'model', key: 'gpt-4o', platform: ['openai', 'anthropic'] },
  ])('have every measure of each key and of the rest, as the raw rows do: %j', async (asked) => {
    for (const [range, bucket] of [
      [ALL, 'day'],
      [{ from: new Date('2025-03-08T13:20:00Z'), to: new Date('2025-03-09T05:45:00Z') }, 'hour'],
      [HOURS, '5m'],
    ] as const) {
      const query = { ...range, ...asked, bucket, measures: everything };
      expectRight(await reads().series(query), query);
    }
  });

  it.each(['platform', 'group', 'model'])('by %s are the same from raw rows', async (by) => {
    await damage(
      'TRUNCATE ops_metrics_hourly, ops_metrics_daily, ops_metrics_dimension_hourly, ops_metrics_dimension_daily',
    );
    const query = { ...HOURS, by, bucket: 'hour', limit: 2, measures: everything } as const;
    const answer = await reads().series(query);
    expect(answer.freshness).toMatchObject({ recent: 'raw', missingHours: 0 });
    expectRight(answer, query);
  });

  it('give only what is asked for, whatever was asked for before by the same service', async () => {
    const service = reads();
    const query = { ...HOURS, by: 'group', bucket: 'hour', limit: 2 } as const;
    for (const measures of [
      ['sla'],
      ['duration.p95'],
      ['ttft.p50', 'actualCost'],
      ['duration.p50', 'ttft.p99'],
    ] as const) {
      for (let times = 0; times < 2; times += 1) {
        const answer = await service.series({ ...query, measures });
        expect(Object.keys(answer.series[0]?.values ?? {})).toEqual(measures);
        expectRight(answer, { ...query, measures: [...measures] });
      }
    }
    // A set's rows, and the total's, which are of another table.
    const byModel = { ...ALL, by: 'model', bucket: 'day', measures: everything } as const;
    for (let times = 0; times < 2; times += 1) {
      expectRight(await service.series(byModel), byModel);
    }
  });

  it('begin and end as a trend does, and leave out points that have not begun', async () => {
    const from = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 2 * 3_600_000);
    const range = { from, to: new Date(from.getTime() + 6 * 3_600_000), bucket: 'hour' } as const;
    const [trend, series] = [
      await reads().trend(range),
      await reads().series({ ...range, by: 'group', measures: 'requestCountTotal' }),
    ];
    expect(series).toMatchObject({ total: 0, series: [], bucket: 'hour' });
    expect(series.starts).toEqual(trend.points.map((point) => point.from));
    expect(series.starts.length).toBeLessThan(6);
  });

  it('have no costs, tokens by kind and speeds where a row does not know them', async () => {
    await damage(
      `UPDATE ops_metrics_daily SET input_tokens = NULL, output_tokens = NULL, cache_creation_tokens = NULL, cache_read_tokens = NULL,
        total_cost = NULL, actual_cost = NULL, output_speed_sum = NULL, output_speed_samples = NULL,
        output_speed_values = NULL, output_speed_counts = NULL WHERE bucket_date = '2025-03-09'`,
    );
    const measures = [
      'actualCost',
      'inputTokens',
      'cacheHitRate',
      'outputSpeed.avg',
      'requestCountTotal',
    ] as const;
    const { series } = await reads().series({ ...ALL, by: 'group', bucket: 'day', limit: 1, measures });
    expect(series).toHaveLength(2);
    for (const { values } of series) {
      for (const measure of measures) {
        const known = measure === 'requestCountTotal';
        expect([measure, values[measure]?.map((value) => value !== null)]).toEqual([
          measure,
          [true, known, true],
        ]);
      }
    }
  });

  it('say which requests of a range have no rows of the set, and count them in the rest', async () => {
    await damage(`DELETE FROM ops_metrics_dimension_hourly WHERE bucket_start = '2025-03-09 11:00Z'`);
    const query = {
      ...HOURS,
      by: 'model',
      bucket: 'hour',
      limit: 20,
      measures: 'requestCountTotal',
    } as const;
    const { series, freshness } = await reads().series(query);
    const rest = series.at(-1);
    expect([rest?.isRest, rest?.values.requestCountTotal]).toEqual([
      true,
      [0, freshness.unsliced?.requests, 0],
    ]);
  });

  it('are no finer than hours of a set above three hours, as its trend, since it has no minutes', async () => {
    const end = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const range = (hours: number) => ({ from: new Date(end - hours * 3_600_000), to: new Date(end) });
    const measures = 'requestCountTotal';
    for (const [hours, ofSet, ofLevel] of [
      [3, '1m', '1m'],
      [4, 'hour', '1m'],
      [24, 'hour', '5m'],
    ] as const) {
      const [model, trend, group] = [
        await reads().series({ ...range(hours), by: 'model', measures }),
        await reads().trend({ ...range(hours), dimension: 'model', key: 'gpt-4o' }),
        await reads().series({ ...range(hours), by: 'group', measures }),
      ];
      expect([model.bucket, trend.bucket, group.bucket]).toEqual([ofSet, ofSet, ofLevel]);
    }
    // A day is then answered from rows: no raw one is read.
    const day = { from: new Date('2025-03-09T00:00:00Z'), to: new Date('2025-03-10T00:00:00Z') };
    const { bucket, freshness } = await reads().trend({ ...day, dimension: 'model', key: 'gpt-4o' });
    expect([bucket, freshness.recent]).toEqual(['hour', null]);
    expect((await reads().series({ ...day, by: 'model', measures })).freshness.recent).toBeNull();
  });

  it.each([
    [{ by: 'error' }, 'by'],
    [{ by: 'user' }, 'by'],
    [{ by: 'account', platform: 'openai' }, 'platform'],
    [{ by: 'account', dimension: 'model', key: 'gpt-4o' }, 'dimension'],
    [{ by: 'group', dimension: 'model', key: 'gpt-4o' }, 'dimension'],
    [{ by: 'platform', dimension: 'platform', key: 'openai' }, 'dimension'],
  ])('are refused for %j', async (query, field) => {
    await expect(reads().series({ ...ALL, measures: 'sla', ...query })).rejects.toMatchObject({
      name: 'OpsInputError',
      field,
    });
  });
});
