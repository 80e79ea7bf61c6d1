import { describe, expect, it } from '@jest/globals';
import type { Difference } from '../../src/ops/index.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { noteBuckets } from '../../src/ops/verify/sql/verify.sql.js';
import { VerifyScene } from '../support/verify-scene.js';

const MINUTE_MS = 60_000;

describe('verify of minutes', () => {
  // Without the audit, which finds what somebody has changed before verify is asked.
  const scene = new VerifyScene('verify_minutes', { auditPercent: 0, minuteRetentionHours: 120 });

  const OVERALL = 'bucket_start = {hour} AND platform IS NULL';
  const GROUP = 'bucket_start = {hour} AND group_id = 3';
  const overall = { table: 'minutely', level: 'overall', platform: null, groupId: null } as const;
  const ofGroup = { table: 'minutely', level: 'group', platform: 'anthropic', groupId: '3' } as const;

  const notes = (): Promise<{ at: string; reason: string }[]> =>
    scene.query(
      `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, reason
         FROM ops_metrics_invalidations WHERE tier = 'minute' AND bucket_start < $1::timestamptz ORDER BY 1`,
      [scene.to],
    );

  it('finds nothing where everything is right', async () => {
    expect(await scene.verify()).toMatchObject({ differences: [], unjudged: [], notedMinutes: 0 });
  });

  it.each<[string, string, Partial<Difference>]>([
    [
      'a count',
      `UPDATE ops_metrics_minutely SET success_count = 6 WHERE ${OVERALL}`,
      { ...overall, column: 'success_count', stored: '6', computed: '5' },
    ],
    [
      'an error count',
      `UPDATE ops_metrics_minutely SET upstream_error_count_excl_429_529 = 0 WHERE ${OVERALL}`,
      { ...overall, column: 'upstream_error_count_excl_429_529', stored: '0', computed: '1' },
    ],
    [
      'a percentile that is off by one',
      `UPDATE ops_metrics_minutely SET duration_p95_ms = duration_p95_ms + 1 WHERE ${GROUP}`,
      { ...ofGroup, column: 'duration_p95_ms' },
    ],
    [
      'a mean',
      `UPDATE ops_metrics_minutely SET duration_avg_ms = duration_avg_ms * 1.000001 WHERE ${OVERALL}`,
      { ...overall, column: 'duration_avg_ms' },
    ],
    [
      'a value of a distribution',
      `UPDATE ops_metrics_minutely SET duration_values[1] = 1 WHERE ${OVERALL}`,
      { ...overall, column: 'duration_values', stored: '{1,136,174,212}', computed: '{136,174,212}' },
    ],
    [
      'a distribution that is missing',
      `UPDATE ops_metrics_minutely SET ttft_values = NULL, ttft_counts = NULL WHERE ${GROUP}`,
      { ...ofGroup, column: 'ttft_values', stored: null, computed: '{40}' },
    ],
    [
      'a row that somebody deleted',
      `DELETE FROM ops_metrics_minutely WHERE ${GROUP}`,
      { ...ofGroup, column: '(row)', stored: 'missing', computed: 'present' },
    ],
    [
      'a row of a minute without traffic',
      `INSERT INTO ops_metrics_minutely (bucket_start, success_count) VALUES ({hour} + interval '7 minutes', 1)`,
      { ...overall, column: '(row)', stored: 'present', computed: 'missing' },
    ],
  ])('finds %s, and the minute is noted and mended', async (_what, text, expected) => {
    await scene.change(text);
    const report = await scene.verify(true);
    expect(report).toMatchObject({ notedMinutes: 1, notedHours: 0, notedDays: 0, unjudged: [] });
    const [found] = report.differences;
    expect(found).toMatchObject(expected);
    expect(await notes()).toEqual([{ at: found?.bucket, reason: 'verify' }]);
    expect((await scene.verify()).differences[0]).toMatchObject({ pending: true });
    await scene.tick();
    expect(await scene.verify()).toMatchObject({ differenceCount: 0 });
  });

  it('finds raw rows that nobody has seen, in the minute and in its hour', async () => {
    await scene.change(`UPDATE usage_logs SET output_tokens = output_tokens + 1 WHERE created_at = {hour}`);
    const report = await scene.verify(true);
    expect(new Set(report.differences.map(({ table }) => table))).toEqual(
      new Set(['minutely', 'hourly', 'dimension_hourly']),
    );
    expect(report).toMatchObject({ notedMinutes: 1, notedHours: 1 });
    await scene.tick();
    expect(await scene.verify()).toMatchObject({ differenceCount: 0 });
  });

  it.each([
    ['are no longer kept', `UPDATE ops_metrics_live SET minutes_from = {hour} + interval '1 minute'`],
    ['are not complete any more', 'UPDATE ops_metrics_live SET live_through = {hour}'],
    ['are not kept at all', 'UPDATE ops_metrics_live SET minutes_from = NULL, live_through = NULL'],
    [
      'wait for their backfill',
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ('minute', {hour}, 'backfill')`,
    ],
  ])('leaves minutes alone that %s', async (_what, text) => {
    await scene.change(`UPDATE ops_metrics_minutely SET success_count = 99 WHERE bucket_start = {hour}`);
    expect((await scene.verify()).differenceCount).toBe(5);
    await scene.change(text);
    expect(await scene.verify(true)).toMatchObject({ differences: [], unjudged: [], notedMinutes: 0 });
  });

  it('says of which minutes the raw rows have been purged', async () => {
    const before = new Date(scene.hour.getTime() + 10 * MINUTE_MS);
    await scene.purge(new Date(0), before);
    const { unjudged, differences } = await scene.verify(true);
    expect(differences).toEqual([]);
    const reasons = { usage: 'raw_rows_purged', errors: 'raw_rows_purged' };
    const bucket = scene.hour.toISOString();
    expect(unjudged).toEqual([
      { table: 'hourly', bucket, ...reasons },
      { table: 'minutely', bucket, ...reasons },
    ]);
  });

  it('leaves a minute that has never been computed one when it notes it', async () => {
    await scene.change(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ('minute', {hour}, 'backfill')`,
    );
    const { text, values } = noteBuckets(OPS_TABLES, 'minute', [scene.hour.toISOString()]);
    await scene.query(text, [...values]);
    expect(await notes()).toEqual([{ at: scene.hour.toISOString(), reason: 'backfill' }]);
  });
});
