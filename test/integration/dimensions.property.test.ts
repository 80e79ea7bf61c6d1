import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { opsTables, type OpsTables } from '../../src/ops/definitions/ops-tables.js';
import { OpsPreaggService } from '../../src/ops/index.js';
import { READY_MADE_DIMENSIONS } from '../../src/ops/options/dimension-options.js';
import { expectedRows, readDimensions, setsThatDoNotAddUp } from '../support/dimension-rows.js';
import {
  END_DAY,
  FIRST_DAY,
  HOSTILE_MODELS,
  scenario,
  type Scenario,
} from '../support/oracle/arbitraries.js';
import { computeDaily } from '../support/oracle/daily.js';
import {
  computeDimension,
  computeDimensionDays,
  ERROR_SET,
  type DimensionSet,
} from '../support/oracle/dimensions.js';
import { computeHourly } from '../support/oracle/hourly.js';
import * as rows from '../support/raw-rows.js';
import { RollupScene } from '../support/rollup-scene.js';
import { failure, usage } from '../support/spec-rows.js';

const ALL_FROM = new Date(FIRST_DAY.getTime() - 86_400_000);
const ALL_TO = new Date(END_DAY.getTime() + 86_400_000);

const text = (value: number | null): string | null => (value === null ? null : String(value));

/** Few names, so that most hours have others. */
const SETS: readonly DimensionSet[] = [
  { name: 'model', usage: (u) => u.model, error: (e) => e.model, withinGroups: true, maxKeys: 2 },
  {
    name: 'account',
    usage: (u) => text(u.accountId),
    error: (e) => text(e.accountId),
    withinGroups: false,
    maxKeys: 3,
  },
  {
    name: 'api_key',
    usage: (u) => text(u.apiKeyId),
    error: (e) => text(e.apiKeyId),
    withinGroups: true,
    maxKeys: 1,
  },
];

const tablesOf = (sets: readonly DimensionSet[]): OpsTables =>
  opsTables({
    dimensions: sets.map(({ name, withinGroups, maxKeys }) => ({
      ...READY_MADE_DIMENSIONS[name as 'model' | 'account' | 'api_key'],
      withinGroups,
      maxKeys,
    })),
  });

describe('the dimensions against the oracle', () => {
  const scene = new RollupScene('dimensions_property', { prepare: rows.loosenUsage });
  let service: OpsPreaggService;
  beforeAll(() => {
    service = new OpsPreaggService(scene.dataSource, tablesOf(SETS));
  });

  async function rollUp(raw: Scenario): Promise<void> {
    await rows.truncateMetrics(scene.dataSource);
    await scene.replaceRaw(raw);
    await service.upsertHourlyMetrics(ALL_FROM, ALL_TO);
    await service.upsertDailyMetrics(ALL_FROM, ALL_TO);
  }

  async function expectDimensions({ groups, usage, errors }: Scenario): Promise<void> {
    const overall = computeHourly(groups, usage, errors, ALL_FROM, ALL_TO);
    await scene.expectTables(overall, computeDaily(overall, ALL_FROM, ALL_TO));
    const hourly = [...SETS, ERROR_SET].map((set) => ({
      set,
      rows: computeDimension(set, groups, usage, errors),
    }));
    const daily = hourly.flatMap(({ set, rows: of }) => computeDimensionDays(set, of, overall));
    expect(await readDimensions(scene.dataSource, 'hourly')).toEqual(
      expectedRows(hourly.flatMap(({ rows: of }) => of)),
    );
    expect(await readDimensions(scene.dataSource, 'daily')).toEqual(expectedRows(daily));
    expect(await setsThatDoNotAddUp(scene.dataSource, 'hourly')).toEqual([]);
    expect(await setsThatDoNotAddUp(scene.dataSource, 'daily')).toEqual([]);
  }

  it('equals it in every row of every set, which adds up to the overall one', async () => {
    const property = fc.asyncProperty(scenario, async (raw) => {
      await rollUp(raw);
      await expectDimensions(raw);
    });
    await fc.assert(property, {
      numRuns: 60,
      interruptAfterTimeLimit: 100_000,
      markInterruptAsFailure: true,
    });
  }, 130_000);

  it('follows changed rows, and leaves no row of a key that is gone', async () => {
    const property = fc.asyncProperty(scenario, scenario, async (before, after) => {
      await rollUp(before);
      await scene.replaceRaw(after);
      await service.upsertHourlyMetrics(ALL_FROM, ALL_TO, undefined, { force: true });
      await service.upsertDailyMetrics(ALL_FROM, ALL_TO);
      await expectDimensions(after);
    });
    await fc.assert(property, {
      numRuns: 20,
      interruptAfterTimeLimit: 100_000,
      markInterruptAsFailure: true,
    });
  }, 130_000);

  it('keeps every hostile key as it is, within groups too', async () => {
    const at = '2025-03-09T07:30:00Z';
    const groups = [
      { id: 1, name: 'one', platform: 'openai' },
      { id: 2, name: 'two', platform: '' },
    ];
    const models = [null, ...HOSTILE_MODELS];
    const raw = {
      groups,
      usage: models.flatMap((model, index) =>
        [1, 2].map((groupId) =>
          usage({
            model,
            groupId,
            createdAt: at,
            totalCost: BigInt(index),
            durationMs: index,
            firstTokenMs: 1,
          }),
        ),
      ),
      errors: models.map((model) => failure({ model, groupId: 1, createdAt: at })),
    };
    const wide = SETS.map((set) => ({ ...set, maxKeys: 200 }));
    await rows.truncateMetrics(scene.dataSource);
    await scene.replaceRaw(raw);
    await new OpsPreaggService(scene.dataSource, tablesOf(wide)).upsertHourlyMetrics(ALL_FROM, ALL_TO);
    const expected = [...wide, ERROR_SET].flatMap((set) =>
      computeDimension(set, raw.groups, raw.usage, raw.errors),
    );
    expect(await readDimensions(scene.dataSource, 'hourly')).toEqual(expectedRows(expected));
    const keys = await scene.query<{ key: string }>(
      `SELECT key FROM ops_metrics_dimension_hourly WHERE dimension = 'model' AND group_id IS NULL ORDER BY key COLLATE "C"`,
    );
    expect(keys.map(({ key }) => key)).toEqual([...HOSTILE_MODELS].sort());
  });
});
