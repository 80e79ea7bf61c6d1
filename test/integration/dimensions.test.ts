import { beforeEach, describe, expect, it } from '@jest/globals';
import { DimensionScene } from '../support/dimension-scene.js';

const scene = new DimensionScene('dimensions', { retryBaseSeconds: 1 });
const { beforeNoon } = scene;
let hour: Date;

/** Two days of traffic, rolled up; `hour` is in the middle of it. */
beforeEach(async () => {
  hour = await beforeNoon(30);
  for (const back of [80, 55, 30, 29]) {
    const at = await beforeNoon(back);
    await scene.slice(
      { at, count: 5 },
      { at, model: 'b', account: 2, group: 3, count: 2, cost: '0.0000000001' },
    );
    await scene.fail(at);
    await scene.fail(at, null, null);
  }
  await scene.settle();
});

describe('the sets of keys by which requests are sliced', () => {
  it('have rows for each hour and day, and add up to those of the levels', async () => {
    await scene.expectSets();
    expect(await scene.sets()).toEqual({ model: 4, account: 4, error: 4 });
    expect(await scene.keys('model', hour)).toEqual(['(none) 0 1', 'a 5 1', 'b 2 0']);
    expect(await scene.keys('account', hour)).toEqual(['(none) 0 1', '1 5 1', '2 2 0']);
    expect(await scene.keys('error', hour)).toEqual([
      '["5xx", null, "provider", "upstream", "api_error"] 0 2',
    ]);
  });

  it('store every speed of an output, in hundredths of a token per second', async () => {
    const rows = await scene.query(
      `SELECT key, output_speed_samples::int AS samples, output_speed_sum::int AS sum,
         ARRAY(SELECT unnest(output_speed_values) ORDER BY 1) AS values, output_speed_counts AS counts
       FROM ops_metrics_dimension_hourly WHERE dimension = 'model' AND bucket_start = $1::timestamptz AND key = 'b'`,
      [hour],
    );
    // 50 tokens in 901 and 902 ms.
    expect(rows).toEqual([{ key: 'b', samples: 2, sum: 5549 + 5543, values: [5543, 5549], counts: null }]);
  });

  it('are computed again with their hour and day when late rows come', async () => {
    await scene.slice({ at: hour, model: 'late', account: 9, count: 3 });
    await scene.fail(await beforeNoon(80), 'b', 2);
    await scene.settle();
    await scene.expectSets();
    expect(await scene.keys('model', hour)).toEqual(['(none) 0 1', 'a 5 1', 'b 2 0', 'late 3 0']);
    expect(await scene.keys('model', hour, 'daily')).toContain('late 3 0');
  });

  it('lose the keys whose rows were removed, and those that have changed', async () => {
    await scene.query(`DELETE FROM usage_logs WHERE model = 'b' AND created_at = $1::timestamptz`, [hour]);
    await scene.query(
      `UPDATE usage_logs SET model = 'moved' WHERE model = 'b' AND created_at = $1::timestamptz`,
      [await beforeNoon(29)],
    );
    await scene.note(hour);
    await scene.note(await beforeNoon(29));
    // A smaller loss is watched for a while before it is taken.
    await scene.rebuilt({ from: hour, to: await beforeNoon(28), force: true });
    await scene.settle();
    await scene.expectSets();
    expect(await scene.keys('model', hour)).toEqual(['(none) 0 1', 'a 5 1']);
    expect(await scene.keys('model', await beforeNoon(29))).toEqual(['(none) 0 1', 'a 5 1', 'moved 2 0']);
  });

  it('are made right by a rebuild, whatever has become of them', async () => {
    await scene.query(`DELETE FROM ops_metrics_dimension_hourly WHERE key = 'a'`);
    await scene.query(`UPDATE ops_metrics_dimension_daily SET actual_cost = 7, key = key || '!'`);
    await scene.query(
      `INSERT INTO ops_metrics_dimension_hourly (bucket_start, dimension, key, group_id) VALUES ($1::timestamptz, 'model', 'a', 7)`,
      [hour],
    );
    await scene.rebuilt({ from: await beforeNoon(81), to: await beforeNoon(0) });
    await scene.settle();
    await scene.expectSets();
  });

  it('go with an hour that has lost all its rows', async () => {
    await scene.purge(hour);
    await scene.rebuilt({ from: hour, to: await beforeNoon(29), force: true });
    await scene.settle();
    await scene.expectSets();
    expect(await scene.keys('model', hour)).toEqual([]);
    expect(await scene.sets()).toEqual({ model: 3, account: 3, error: 3 });
  });

  it('count no row of a group that does not exist, and no group 0', async () => {
    await scene.query('ALTER TABLE usage_logs DROP CONSTRAINT fk_usage_logs_group_id');
    await scene.slice({ at: hour, model: 'nobody', group: 999 }, { at: hour, model: 'nobody', group: 0 });
    await scene.slice({ at: hour, model: 'nobody', group: null });
    await scene.settle();
    await scene.expectSets();
    expect(await scene.keys('model', hour)).toEqual(['(none) 0 1', 'a 5 1', 'b 2 0']);
  });

  it('hold what the filters leave', async () => {
    const filtered = await scene.start({
      usageFilter: `u.model <> 'b'`,
      errorFilter: 'e.model IS NOT NULL -- those of a model',
    });
    await scene.settle(filtered);
    await scene.settle(filtered);
    await scene.expectAddedUp();
    expect(await scene.keys('model', hour)).toEqual(['a 5 1']);
    expect(await scene.keys('model', hour, 'daily')).toEqual(['a 10 2']);
  });
});

describe('rows of levels and of sets', () => {
  it('are written by several instances at once', async () => {
    const others = await Promise.all([scene.start(), scene.start()]);
    for (const back of [80, 55, 30, 29]) {
      await scene.slice({ at: await beforeNoon(back), model: 'late', count: 4 });
    }
    await Promise.all([scene.app, ...others].map(({ refresh }) => refresh.tick()));
    await scene.settle();
    await scene.expectSets();
  });

  it.each(['ops_metrics_dimension_hourly', 'ops_metrics_dimension_daily'])(
    'never disagree, also where a connection is killed while it writes %s',
    async (table) => {
      await scene.query(`
        CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NEW;
        END $$;
        CREATE TRIGGER kill BEFORE INSERT ON ${table} FOR EACH ROW WHEN (NEW.key = 'b') EXECUTE FUNCTION kill()`);
      scene.defer(() => scene.query('DROP FUNCTION IF EXISTS kill CASCADE'));
      await scene.slice({ at: hour, model: 'late', count: 4 });
      const isHour = table.endsWith('hourly');
      for (let round = 0; round < 3; round += 1) {
        await scene.tick().catch(() => undefined);
        expect(await scene.keys('model', hour)).toEqual([
          '(none) 0 1',
          'a 5 1',
          'b 2 0',
          ...(isHour ? [] : ['late 4 0']),
        ]);
        expect(await scene.keys('model', hour, 'daily')).not.toContain('late 4 0');
        await scene.expectAddedUp();
      }
      await scene.query('DROP FUNCTION kill CASCADE');
      await scene.endPauses();
      await scene.settle();
      await scene.expectSets();
      expect(await scene.keys('model', hour, 'daily')).toContain('late 4 0');
    },
  );
});
