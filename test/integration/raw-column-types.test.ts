import { beforeAll, describe, expect, it } from '@jest/globals';
import { OpsScene } from '../support/ops-scene.js';

const HALF_AN_HOUR = 1_800_000;

const COUNTS = ['input_tokens', 'output_tokens', 'cache_creation_tokens', 'cache_read_tokens'] as const;
const LATENCIES = ['duration_ms', 'first_token_ms'] as const;

/** What other programs may have made of the raw columns. */
const TYPES = {
  bigint: { count: 'bigint', latency: 'bigint', status: 'bigint', cost: 'numeric', text: 'text' },
  smallint: {
    count: 'smallint',
    latency: 'smallint',
    status: 'smallint',
    cost: 'numeric(12, 4)',
    text: 'text',
  },
} as const;

describe.each(Object.entries(TYPES))('raw columns of other types: %s', (name, type) => {
  const scene = new OpsScene(`raw_types_${name}`);

  beforeAll(async () => {
    const change = (columns: readonly string[], to: string): string =>
      columns.map((column) => `ALTER COLUMN ${column} TYPE ${to}`).join(', ');
    await scene.query(
      `ALTER TABLE usage_logs ${change(COUNTS, type.count)}, ${change(LATENCIES, type.latency)},
        ${change(['total_cost', 'actual_cost'], type.cost)}, ${change(['model'], type.text)}`,
    );
    await scene.query(
      `ALTER TABLE ops_error_logs ${change(['status_code', 'upstream_status_code'], type.status)},
        ${change(['platform', 'error_type', 'error_owner'], type.text)}`,
    );
  });

  it('are rolled up, recomputed, verified and read', async () => {
    const [old, late, now] = [await scene.ago(50), await scene.ago(26), await scene.ago(1)];
    for (const hour of [old, late, now]) {
      await scene.insertRequests(hour, 7);
      await scene.insertFailures(hour, 3);
    }
    expect(await scene.tick()).toMatchObject({ failedBuckets: 0 });
    await scene.insertRequests(late, 2, 3);
    expect(await scene.tick()).toMatchObject({ drainedHours: 1, failedBuckets: 0 });
    await scene.expectAllRight();

    const from = new Date(+old - HALF_AN_HOUR);
    const to = new Date(+now + HALF_AN_HOUR);
    expect(await scene.app.reads.overview({ from, to })).toMatchObject({
      requestCountTotal: 32,
      errorCountTotal: 9,
    });
    // Sets of keys have no minutes: the ends of the range are read from raw rows.
    const { items } = await scene.app.reads.breakdown({ from, to, by: 'model' });
    expect(items).toMatchObject([
      { key: 'model', requestCountTotal: 23, duration: { samples: 23, max: 359 } },
      { key: '(none)', requestCountTotal: 9 },
    ]);
    expect((await scene.app.requests.list({ from, to })).items).toHaveLength(32);
  });
});
