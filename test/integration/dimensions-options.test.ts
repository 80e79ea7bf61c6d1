import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpsOptionsError, type OpsModuleOptions } from '../../src/ops/index.js';
import { DimensionScene } from '../support/dimension-scene.js';
import type { OpsApp } from '../support/ops-app.js';

const scene = new DimensionScene('dimensions_options', {}, { each: 'test' });
const { beforeNoon } = scene;
let hour: Date;

beforeEach(async () => {
  hour = await beforeNoon(30);
  // The oldest hour of a raw table keeps what it has: it is none of those that are looked at.
  for (const back of [80, 30, 29]) {
    const at = await beforeNoon(back);
    await scene.slice({ at, count: 5 }, { at, model: 'b', account: 2, group: 3, count: 2 });
    await scene.fail(at);
  }
});

/** Another instance, with other sets, that has rolled up what there is. */
async function sliced(dimensions: OpsModuleOptions['dimensions']): Promise<OpsApp> {
  const app = await scene.start({ dimensions });
  await scene.settle(app);
  await scene.settle(app);
  return app;
}

/** One set, of a column of the host's. */
async function addColumn(name: string, type: string, value: string): Promise<void> {
  await scene.query(`ALTER TABLE usage_logs ADD COLUMN ${name} ${type}`);
  await scene.query(`ALTER TABLE ops_error_logs ADD COLUMN ${name} ${type}`);
  await scene.query(`UPDATE usage_logs SET ${name} = ${value} WHERE model = 'a'`);
}

describe('the option dimensions', () => {
  it('takes sets of the host’s own, within each group where it is asked to', async () => {
    await sliced([
      'model',
      { name: 'who', usageColumn: 'user_id', errorColumn: 'user_id', withinGroups: true },
    ]);
    await scene.expectSets({ model: 'model', who: 'user_id' });
    expect(await scene.sets()).toEqual({ model: 3, who: 3, error: 3 });
    expect(await scene.keys('who', hour)).toEqual([
      '(none) 0 1',
      '1 2 0',
      '2 2 0',
      '3 1 0',
      '4 1 0',
      '5 1 0',
    ]);
    expect(await scene.keys('who', hour, 'hourly', 3)).toEqual(['1 1 0', '2 1 0']);
    expect(await scene.keys('who', hour, 'hourly', 1)).toContain('(none) 0 1');
    expect(await scene.keys('model', hour, 'hourly', 1)).toEqual([]);
    expect(await scene.keys('who', hour, 'daily', 3)).toEqual(['1 2 0', '2 2 0']);
  });

  it('keeps so many keys of a bucket by name: the busiest, of each bucket, and equal ones by key', async () => {
    await scene.slice({ at: hour, model: 'z', count: 4 }, { at: await beforeNoon(29), model: 'b', count: 9 });
    await sliced([
      { name: 'model', usageColumn: 'model', errorColumn: 'model', maxKeys: 1, withinGroups: true },
      { name: 'who', usageColumn: 'user_id', errorColumn: 'user_id', maxKeys: 2 },
    ]);
    await scene.expectAddedUp();
    expect(await scene.keys('model', hour)).toEqual(['(other) 6 0', 'a 5 1']);
    expect(await scene.keys('model', await beforeNoon(29))).toEqual(['(other) 5 1', 'b 11 0']);
    // Within groups the names are those of the whole bucket.
    expect(await scene.keys('model', hour, 'hourly', 3)).toEqual(['(other) 2 0']);
    expect(await scene.keys('who', hour)).toEqual(['(other) 5 1', '1 3 0', '2 3 0']);
  });

  it('has none but the errors where the list is empty, and removes those of before', async () => {
    await sliced(['model', 'user']);
    expect(await scene.sets('daily')).toEqual({ model: 2, user: 2, error: 2 });
    await sliced([]);
    expect(await scene.sets()).toEqual({ error: 3 });
    expect(await scene.sets('daily')).toEqual({ error: 2 });
    await scene.expectAddedUp();
    await sliced(['api_key']);
    await scene.expectSets({ api_key: 'api_key_id' });
  });

  it('leaves a set out whose column is missing, with one warning, until it comes', async () => {
    await scene.query('ALTER TABLE ops_error_logs RENAME COLUMN account_id TO account');
    const warnings = scene.warnings();
    for (let round = 0; round < 3; round += 1) await scene.settle();
    expect(warnings.filter((line) => line.includes('not sliced by account'))).toEqual([
      'Requests are not sliced by account: it needs usage_logs.account_id and ops_error_logs.account_id',
    ]);
    expect(await scene.sets()).toEqual({ model: 3, error: 3 });
    await scene.expectSets({ model: 'model' });

    await scene.query('ALTER TABLE ops_error_logs RENAME COLUMN account TO account_id');
    await scene.settle();
    await scene.settle();
    await scene.expectSets();
    expect(await scene.sets()).toEqual({ model: 3, account: 3, error: 3 });
  });

  it('takes a column by any name that is one, and refuses what is none', async () => {
    await addColumn('"Region"', 'text', `'eu'`);
    await addColumn('"select"', 'text', `'x'`);
    await sliced([
      { name: 'region', usageColumn: 'Region', errorColumn: 'Region' },
      { name: 'choice', usageColumn: 'select', errorColumn: 'select' },
    ]);
    expect(await scene.keys('region', hour)).toEqual(['(none) 2 1', 'eu 5 0']);
    expect(await scene.keys('choice', hour)).toEqual(['(none) 2 1', 'x 5 0']);
    for (const column of ['two words', 'a"b', `x'; DROP TABLE groups; --`, '']) {
      await expect(
        scene.start({ dimensions: [{ name: 'bad', usageColumn: column, errorColumn: 'model' }] }),
      ).rejects.toThrow(OpsOptionsError);
    }
  });

  it('takes a column of any type', async () => {
    const types = [
      ['text', `repeat('long é', 2000)`, 'long é'.repeat(43).slice(0, 255)],
      ['json', `'{"a": [1, "x"]}'::json`, '{"a": [1, "x"]}'],
      ['jsonb', `'{"a": 1}'::jsonb`, '{"a": 1}'],
      ['bigint', '0', '0'],
      ['uuid', `'00000000-0000-4000-8000-000000000000'`, '00000000-0000-4000-8000-000000000000'],
      ['boolean', 'true', 'true'],
      ['int[]', `'{1,2}'`, '{1,2}'],
      ['point', `'(1,2)'`, '(1,2)'],
      ['xml', `'<a>1</a>'::xml`, '<a>1</a>'],
      ['varchar(9)', `''`, ''],
      ['text', `'(other)'`, '(other)'],
      ['char(4)', `'ab'`, 'ab'],
      ['mood', `'fine'`, 'fine'],
      ['bytea', `'\\x00ff'`, '\\x00ff'],
      ['numeric', '1.50', '1.50'],
    ] as const;
    await scene.query(`CREATE TYPE mood AS ENUM ('fine')`);
    for (const [index, [type, value]] of types.entries()) await addColumn(`c${index}`, type, value);
    const names = types.map((_type, index) => `c${index}`);
    await sliced([
      'model',
      ...names.map((name) => ({ name, usageColumn: name, errorColumn: name, withinGroups: true })),
    ]);
    await scene.expectAddedUp();
    expect(await scene.sets()).toEqual(
      Object.fromEntries(['model', 'error', ...names].map((name) => [name, 3])),
    );
    for (const [index, name] of names.entries()) {
      const key = types[index]?.[2] ?? '';
      expect(await scene.keys(name, hour)).toEqual(['(none) 2 1', `${key} 5 0`].toSorted());
      expect(await scene.keys(name, hour, 'hourly', 1)).toHaveLength(2);
    }
  });

  it('counts ten thousand keys of an hour, hostile ones among them', async () => {
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, actual_cost, created_at)
       SELECT 1, i, i, CASE i % 4 WHEN 0 THEN repeat('é✓', 47) || i WHEN 1 THEN '''"\\;--' || i WHEN 2 THEN '' ELSE 'm' || i END,
         1, i, i / 7.0, $1::timestamptz FROM generate_series(1, 10000) AS i`,
      [hour],
    );
    await sliced(['model', 'account']);
    await scene.expectAddedUp();
    const keys = await scene.keys('model', hour);
    expect(keys).toHaveLength(201);
    expect(keys).toEqual(expect.arrayContaining([' 2500 0', 'a 5 1', 'b 2 0']));
    expect(await scene.keys('account', hour, 'daily')).toHaveLength(201);
  });

  it('knows no cost, and no kind of an error, where the raw tables have none of it', async () => {
    await scene.query('ALTER TABLE usage_logs DROP COLUMN total_cost, ALTER COLUMN actual_cost DROP DEFAULT');
    await scene.query('ALTER TABLE usage_logs ALTER COLUMN actual_cost TYPE text');
    await scene.query('ALTER TABLE ops_error_logs DROP COLUMN error_type');
    const warnings = scene.warnings();
    await scene.settle();
    expect(warnings.filter((line) => line.includes('_cost'))).toHaveLength(2);
    expect(await scene.keys('error', hour)).toEqual(['["5xx", null, "provider", "upstream", null] 0 1']);
    const costs = (): Promise<unknown[]> =>
      scene.query(
        `SELECT DISTINCT total_cost, actual_cost, input_tokens IS NULL AS unknown FROM ops_metrics_hourly WHERE success_count > 0`,
      );
    expect(await costs()).toEqual([{ total_cost: null, actual_cost: null, unknown: false }]);
    await scene.query(
      'ALTER TABLE usage_logs ALTER COLUMN actual_cost TYPE float8 USING actual_cost::float8',
    );
    await scene.settle();
    await scene.settle();
    const [row] = await scene.query(
      `SELECT actual_cost, total_cost FROM ops_metrics_daily WHERE platform IS NULL AND bucket_date = $1::date`,
      [await beforeNoon(80)],
    );
    expect(row).toEqual({ actual_cost: '0.7', total_cost: null });
  });
});
