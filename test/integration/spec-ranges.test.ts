import { beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { OpsPreaggService } from '../../src/ops/index.js';
import * as raw from '../support/raw-rows.js';
import { failure, HOUR, levelsOf, NEXT_HOUR, SpecScene, storedHour, usage } from '../support/spec-scene.js';

const at = (time: string): Date => new Date(`2026-03-01T${time}Z`);
const LONG_AGO = '2001-01-01T00:00:00Z';

describe('ranges, latest buckets and what happens to rows, line by line', () => {
  const scene = new SpecScene('spec_ranges');
  let rollup: OpsPreaggService;
  beforeEach(() => {
    rollup = scene.rollup;
  });

  const hourly = () => raw.readHourly(scene.dataSource);
  const daily = () => raw.readDaily(scene.dataSource);

  it('a window inside an hour is widened to the whole hour', async () => {
    await scene.add({
      usage: [usage({ createdAt: '2026-03-01T05:00:00Z' }), usage({ createdAt: '2026-03-01T05:59:59Z' })],
    });
    expect(await rollup.upsertHourlyMetrics(at('05:30:00'), at('05:30:00.001'))).toBe(3);
    expect((await hourly()).map((row) => row.success_count)).toEqual([2n, 2n, 2n]);
  });

  it('a window that ends on a boundary does not touch the next bucket', async () => {
    await scene.add({ usage: [usage(), usage({ createdAt: NEXT_HOUR })] });
    expect(await rollup.upsertHourlyMetrics(at('05:00:00'), at('06:00:00'))).toBe(3);
    expect(new Set((await hourly()).map((row) => row.bucket_start))).toEqual(new Set([HOUR]));
  });

  it('a daily window is widened to whole days', async () => {
    await raw.insertHourly(scene.dataSource, [
      storedHour('2026-03-01T00:00:00Z', { success_count: 1n }),
      storedHour('2026-03-01T23:00:00Z', { success_count: 2n }),
      storedHour('2026-03-02T00:00:00Z', { success_count: 4n }),
    ]);
    expect(await rollup.upsertDailyMetrics(at('12:00:00'), at('12:00:01'))).toBe(1);
    expect((await daily()).map((row) => [row.bucket_date, row.success_count])).toEqual([['2026-03-01', 3n]]);
  });

  it('resolves to the rows written, the same on a second run', async () => {
    await scene.add({ usage: [usage(), usage({ groupId: 3 })], errors: [failure({ platform: null })] });
    for (let run = 0; run < 2; run += 1) {
      expect(await rollup.upsertHourlyMetrics(at('05:00:00'), at('06:00:00'))).toBe(7);
      expect(await rollup.upsertDailyMetrics(at('05:00:00'), at('06:00:00'))).toBe(7);
    }
    expect(await hourly()).toHaveLength(7);
    expect(await daily()).toHaveLength(7);
  });

  it('rows whose level has no raw row any more are removed, in the window only', async () => {
    await scene.hourly({
      usage: [usage(), usage({ groupId: 3 }), usage({ groupId: 3, createdAt: NEXT_HOUR })],
    });
    await rollup.upsertDailyMetrics(at('00:00:00'), at('01:00:00'));
    await scene.query('DELETE FROM usage_logs WHERE group_id = 3');
    await rollup.upsertHourlyMetrics(at('05:00:00'), at('06:00:00'));
    const rows = await hourly();
    expect(levelsOf(rows.filter((row) => row.bucket_start === HOUR))).toEqual([
      '-/-',
      'openai/-',
      'openai/1',
    ]);
    expect(levelsOf(rows.filter((row) => row.bucket_start === NEXT_HOUR))).toEqual([
      '-/-',
      'anthropic/-',
      'anthropic/3',
    ]);

    await rollup.upsertHourlyMetrics(at('05:00:00'), at('07:00:00'));
    await rollup.upsertDailyMetrics(at('00:00:00'), at('01:00:00'));
    expect(levelsOf(await daily())).toEqual(['-/-', 'openai/-', 'openai/1']);
    await scene.query('DELETE FROM usage_logs');
    expect(await rollup.upsertHourlyMetrics(at('00:00:00'), at('23:00:00'))).toBe(0);
    expect(await rollup.upsertDailyMetrics(at('00:00:00'), at('23:00:00'))).toBe(0);
    expect([await hourly(), await daily()]).toEqual([[], []]);
  });

  it('created_at is when a row was first written, computed_at when it was last computed', async () => {
    await scene.hourly({ usage: [usage()] });
    for (const [table, upsert] of [
      ['ops_metrics_hourly', () => rollup.upsertHourlyMetrics(at('05:00:00'), at('06:00:00'))],
      ['ops_metrics_daily', () => rollup.upsertDailyMetrics(at('05:00:00'), at('06:00:00'))],
    ] as const) {
      await upsert();
      await scene.query(`UPDATE ${table} SET created_at = $1, computed_at = $1`, [LONG_AGO]);
      const [before] = await scene.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      await upsert();
      const stamps = await scene.query<{ created_at: Date; computed_at: Date }>(
        `SELECT created_at, computed_at FROM ${table}`,
      );
      expect(stamps).toHaveLength(3);
      for (const stamp of stamps) {
        expect(stamp.created_at).toEqual(new Date(LONG_AGO));
        expect(stamp.computed_at.getTime()).toBeGreaterThanOrEqual(before?.now.getTime() ?? Infinity);
      }
    }
  });

  it('rows of another program under the same key are overwritten, not doubled', async () => {
    await raw.insertHourly(scene.dataSource, [
      storedHour(HOUR, { success_count: 77n, duration_avg_ms: 5 }),
      storedHour(HOUR, { platform: 'openai', success_count: 77n }),
      storedHour(HOUR, { platform: 'openai', group_id: 1, success_count: 77n }),
    ]);
    const rows = await scene.hourly({ usage: [usage()] });
    expect(rows.map((row) => row.success_count)).toEqual([1n, 1n, 1n]);
    expect(rows.map((row) => row.duration_avg_ms)).toEqual([null, null, null]);
  });

  it('becomes part of the caller’s transaction', async () => {
    await scene.add({ usage: [usage()] });
    const runner = scene.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      expect(await rollup.upsertHourlyMetrics(at('05:00:00'), at('06:00:00'), runner)).toBe(3);
      expect(await rollup.upsertDailyMetrics(at('05:00:00'), at('06:00:00'), runner.manager)).toBe(3);
      expect(await rollup.getLatestHourlyBucketStart(runner.manager)).toEqual(new Date(HOUR));
      expect(await rollup.getLatestHourlyBucketStart()).toBeNull();
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    expect([await hourly(), await daily()]).toEqual([[], []]);
  });

  describe('latest buckets', () => {
    it('are null where the table is empty', async () => {
      expect(await rollup.getLatestHourlyBucketStart()).toBeNull();
      expect(await rollup.getLatestDailyBucketDate()).toBeNull();
    });

    it.each([
      ['Pacific/Kiritimati', 'SQL, DMY'],
      ['Pacific/Pago_Pago', 'German'],
      ['America/St_Johns', 'Postgres, MDY'],
      ['Europe/Lisbon', 'ISO, YMD'],
    ])('are UTC for a role with TimeZone %s and DateStyle %s', async (zone, style) => {
      await raw.insertHourly(scene.dataSource, [
        storedHour('2026-03-01T23:00:00Z', {}),
        storedHour('2026-03-29T00:00:00Z', { platform: 'openai', group_id: 3 }),
      ]);
      await rollup.upsertDailyMetrics(at('00:00:00'), new Date('2026-04-01T00:00:00Z'));
      const extra = { options: `-c timezone=${zone} -c datestyle=${style.replace(' ', '')}` };
      const odd = await new DataSource({ type: 'postgres', url: scene.url, extra }).initialize();
      scene.defer(() => odd.destroy());
      expect(await odd.query('SHOW timezone')).toEqual([{ TimeZone: zone }]);
      const service = new OpsPreaggService(odd);
      expect(await service.getLatestHourlyBucketStart()).toEqual(new Date('2026-03-29T00:00:00Z'));
      expect(await service.getLatestDailyBucketDate()).toEqual(new Date('2026-03-29T00:00:00Z'));
      await scene.add({ usage: [usage()] });
      expect(await service.upsertHourlyMetrics(at('05:00:00'), at('06:00:00'))).toBe(3);
      expect(await service.upsertDailyMetrics(at('05:00:00'), at('06:00:00'))).toBe(3);
      const rows = await hourly();
      expect(levelsOf(rows.filter((row) => row.bucket_start === HOUR))).toHaveLength(3);
      expect((await daily()).map((row) => row.bucket_date)).toEqual(
        expect.arrayContaining(['2026-03-01', '2026-03-29']),
      );
    });
  });
});
