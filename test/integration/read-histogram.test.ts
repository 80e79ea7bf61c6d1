import { beforeAll, describe, expect, it } from '@jest/globals';
import { ReadService } from '../../src/ops/read/read.service.js';
import { GROUPS } from '../support/oracle/samples.js';
import * as rows from '../support/raw-rows.js';
import { RollupScene } from '../support/rollup-scene.js';

const DAY = { from: new Date('2025-03-09T00:00:00Z'), to: new Date('2025-03-10T00:00:00Z') };

describe('the bins of a histogram', () => {
  const scene = new RollupScene('read_histogram');
  let reads: ReadService;

  beforeAll(async () => {
    const { dataSource } = scene;
    reads = scene.reads();
    await rows.insertGroups(dataSource, GROUPS);
    // Every latency up to 6 s, in an hour of more samples than are stored one by one, and a few in a small hour.
    await dataSource.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, first_token_ms, created_at)
       SELECT 1, 1, 1, 'm', 1, ms, CASE WHEN ms % 2 = 0 THEN ms * 100 END,
         '2025-03-09T07:00:00Z'::timestamptz + ms * interval '100 milliseconds'
       FROM generate_series(0, 6000) AS ms
       UNION ALL
       SELECT 1, 1, 1, 'm', 2, ms, NULL, '2025-03-09T12:00:00Z' FROM generate_series(100, 1000, 7) AS ms`,
    );
  });

  /** How many bins of each latency were held against the raw rows. */
  async function expectRawCounts(from: Date, to: Date): Promise<number> {
    let compared = 0;
    for (const [metric, column] of [
      ['duration', 'duration_ms'],
      ['ttft', 'first_token_ms'],
    ] as const) {
      for (const groupId of [undefined, '1', '2']) {
        const query = { from, to, metric, ...(groupId !== undefined && { groupId }) };
        const { bins } = await reads.latencyDistribution(query);
        const counted = await scene.query<{ count: string }>(
          `SELECT (
             SELECT count(*) FROM usage_logs
             WHERE created_at >= $3 AND created_at < $4 AND ($5::bigint IS NULL OR group_id = $5)
               AND ${column} >= bin.starts AND ${column} < bin.ends
           ) AS count
           FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS bin(starts, ends, place) ORDER BY place`,
          [bins.map((bin) => bin.from), bins.map((bin) => bin.to), from, to, groupId ?? null],
        );
        expect(bins.map(({ count }) => count)).toEqual(counted.map(({ count }) => Number(count)));
        compared += bins.length;
      }
    }
    return compared;
  }

  it('have as many latencies as the raw rows between their borders: counted live, of hours, of days', async () => {
    const whole = await expectRawCounts(DAY.from, DAY.to);
    expect(whole).toBeGreaterThan(100);
    await scene.rollup.upsertHourlyMetrics(DAY.from, DAY.to);
    expect(await expectRawCounts(DAY.from, DAY.to)).toBe(whole);
    expect(await expectRawCounts(new Date('2025-03-09T07:00:00Z'), new Date('2025-03-09T12:30:00Z'))).toBe(
      whole,
    );
    await scene.rollup.upsertDailyMetrics(DAY.from, DAY.to);
    expect(await expectRawCounts(DAY.from, DAY.to)).toBe(whole);
  });
});
