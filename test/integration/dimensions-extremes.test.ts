import { beforeEach, describe, expect, it } from '@jest/globals';
import { expectedRows, readDimensions, setsThatDoNotAddUp } from '../support/dimension-rows.js';
import { readRaw, truncateMetrics } from '../support/raw-rows.js';
import { computeDimension } from '../support/oracle/dimensions.js';
import { outputSpeed, samplesOf } from '../support/oracle/split-sums.js';
import { samplesOf as storedSamples } from '../support/dimension-rows.js';
import { rowAt, SpecScene, usage } from '../support/spec-scene.js';

const [FROM, TO] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-03-02T00:00:00Z')];
const KEYS = 10_000;
const INT_MAX = 2_147_483_647;

describe('sets of many keys', () => {
  const scene = new SpecScene('dimensions_extremes');
  beforeEach(async () => {
    await truncateMetrics(scene.dataSource);
  });

  it('have a row for each of the busiest and one for the others, of 10,000 in an hour, and add up', async () => {
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, output_tokens, total_cost, duration_ms,
                               first_token_ms, created_at)
       SELECT 1, 1, key, 'model ' || key, 1, key % 900, key * 0.0000000001, 100 + key * 13 % 90000, key % 100, $1::timestamptz
         FROM generate_series(1, $2::int) AS key, generate_series(0, CASE WHEN key % 37 = 0 THEN 2 ELSE 0 END)`,
      ['2026-03-01T05:10:00Z', KEYS],
    );
    await scene.rollUp(FROM, TO);
    const raw = await readRaw(scene.dataSource);
    const expected = [
      { name: 'model', usage: (row: (typeof raw.usage)[number]) => row.model },
      { name: 'account', usage: (row: (typeof raw.usage)[number]) => String(row.accountId) },
    ].flatMap((set) =>
      computeDimension(
        { ...set, error: () => null, withinGroups: false, maxKeys: 200 },
        raw.groups,
        raw.usage,
        raw.errors,
      ),
    );
    expect(expected).toHaveLength(2 * 201);
    expect(await readDimensions(scene.dataSource, 'hourly')).toEqual(expectedRows(expected));
    expect(await setsThatDoNotAddUp(scene.dataSource, 'hourly')).toEqual([]);
    expect(await setsThatDoNotAddUp(scene.dataSource, 'daily')).toEqual([]);

    // The percentiles of the others, from what is stored of them.
    const [other] = await scene.query<Record<string, number[] | null>>(
      `SELECT duration_values, duration_counts FROM ops_metrics_dimension_daily WHERE dimension = 'model' AND key = '(other)'`,
    );
    const stored = storedSamples(other?.duration_values ?? null, other?.duration_counts ?? null);
    const exact =
      expected.find(({ key }) => key === '(other)')?.samples.duration.toSorted((a, b) => a - b) ?? [];
    expect(stored).toHaveLength(exact.length);
    for (const fraction of [0.5, 0.9, 0.95, 0.99]) {
      const rank = Math.floor(fraction * (exact.length - 1));
      expect(Math.abs((stored[rank] ?? NaN) / (exact[rank] ?? NaN) - 1)).toBeLessThan(0.0079);
    }
  });

  it.each<[string, number, number | null, number | null, number | null]>([
    ['a tie goes to the even neighbour below', 1, 8_000, 0, 12],
    ['and to the even one above', 3, 8_000, 0, 38],
    ['a third is rounded', 1, 300, 0, 333],
    ['the most tokens in a millisecond do not overflow', INT_MAX, 1, 0, INT_MAX],
    ['nor does the longest generation', 1, INT_MAX, -INT_MAX, 0],
    ['a negative time to first token counts', 10, 900, -100, 1_000],
    ['no time, no speed', 10, 100, 100, null],
    ['nor after its end', 10, 100, 200, null],
    ['no tokens, no speed', 0, 100, 50, null],
    ['not streamed', 10, 100, null, null],
  ])('output speed: %s', async (_what, outputTokens, durationMs, firstTokenMs, speed) => {
    const row = usage({ outputTokens, durationMs, firstTokenMs });
    expect(outputSpeed(row)).toBe(speed);
    const stored = rowAt(await scene.hourly({ usage: [row, row] }), '-/-');
    const samples = samplesOf([row, row], outputSpeed);
    expect([stored.output_speed_sum, stored.output_speed_samples]).toEqual([
      BigInt(2 * (speed ?? 0)),
      BigInt(samples.length),
    ]);
  });
});
