import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DefinedTables } from '../../src/ops/definitions/defined-tables.service.js';
import { opsTables, type OpsTables } from '../../src/ops/definitions/ops-tables.js';
import type { RawTier } from '../../src/ops/definitions/tiers.js';
import { READY_MADE_DIMENSIONS } from '../../src/ops/options/dimension-options.js';
import { auditHours } from '../../src/ops/audit/sql/compare.sql.js';
import { planSegments } from '../../src/ops/read/read-plan.js';
import { readPieces, type ReadOptions } from '../../src/ops/read/sql/read-pieces.sql.js';
import { upsertBuckets, type BucketToRecompute } from '../../src/ops/rollup/sql/upsert-buckets.sql.js';
import { selectRow, selectRows } from '../../src/ops/sql/sql-runner.js';
import { distributed } from '../support/distributed.js';
import { readDimensions } from '../support/dimension-rows.js';
import { END_DAY, FIRST_DAY, scenario, window } from '../support/oracle/arbitraries.js';
import * as rows from '../support/raw-rows.js';
import { RollupScene } from '../support/rollup-scene.js';

const NO_RETENTION = { usage: null, errors: null, hourly: null, daily: null, distributions: null };
const HOUR_MS = 3_600_000;

const SETS = {
  dimensions: [
    { ...READY_MADE_DIMENSIONS.model, withinGroups: true, maxKeys: 3 },
    { ...READY_MADE_DIMENSIONS.account, withinGroups: false, maxKeys: 2 },
  ],
};

const iso = (time: number): string => new Date(time).toISOString();
/** Every hour of the scenario, and one on both sides. */
const HOURS = Array.from({ length: 74 }, (_, index) => iso(FIRST_DAY.getTime() + (index - 1) * HOUR_MS));
/** Minutes in which its rows meet. */
const MINUTES = [-1, 0, 59, 60, 23 * 60, 24 * 60, 71 * 60 + 59, 72 * 60].map((minute) =>
  iso(FIRST_DAY.getTime() + minute * 60_000),
);

const LEVELS: readonly ReadOptions['level'][] = [
  {},
  { platform: ['openai'] },
  { by: 'platform', limit: 3 },
  { by: 'group', limit: 2 },
  { by: 'model', limit: 2 },
  { by: 'model', limit: 2, groupId: ['1', '2'] },
  { by: 'error', limit: 3 },
  { dimension: 'account', key: ['1'] },
];

describe('the form of the statements for distributed raw tables', () => {
  const scene = new RollupScene('distributed_form', { prepare: rows.loosenUsage });
  const defined = (options: Parameters<typeof opsTables>[0]): Promise<OpsTables> =>
    new DefinedTables(scene.dataSource, opsTables(options)).current();
  let local: OpsTables;
  beforeAll(async () => {
    local = await defined(SETS);
  });

  const recompute = async (
    tables: OpsTables,
    tier: RawTier,
    buckets: readonly string[],
    mode: Pick<BucketToRecompute, 'usage' | 'errors'> = { usage: 'take', errors: 'take' },
  ): Promise<unknown> => {
    const given = buckets.map((bucket) => ({ bucket, ...mode, asked: false, settled: true }));
    const { held } = await selectRow<{ held: unknown }>(
      scene.dataSource,
      upsertBuckets(tables, tier, given, { distributions: true }),
    );
    return held;
  };

  /** Everything that is stored; of latencies that are kept as they come no order is promised. */
  const stored = async (): Promise<unknown> => ({
    hourly: await rows.readHourly(scene.dataSource),
    minutely: await rows.readHourly(scene.dataSource, 'minutely'),
    dimensions: await readDimensions(scene.dataSource, 'hourly'),
    distributions: await scene.query(
      `SELECT 'hour', bucket_start, platform, group_id, duration_values, duration_counts, ttft_values, ttft_counts,
         output_speed_values, output_speed_counts FROM ops_metrics_hourly
       UNION ALL SELECT 'minute', bucket_start, platform, group_id, duration_values, duration_counts, ttft_values,
         ttft_counts, output_speed_values, output_speed_counts FROM ops_metrics_minutely ORDER BY 1, 2, 3, 4`,
    ),
  });

  const forget = async (): Promise<void> => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.query('TRUNCATE ops_metrics_minutely');
  };

  it('is taken where the catalogue says so, and not without Citus', () => {
    expect(local.distributed).toMatchObject({ usage: false, errors: false });
  });

  it('computes the same hours, minutes and sets', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (raw) => {
        await scene.replaceRaw(raw);
        const found: unknown[] = [];
        for (const tables of [local, distributed(local)]) {
          await forget();
          await recompute(tables, 'hour', HOURS);
          await recompute(tables, 'minute', MINUTES);
          found.push(await stored());
        }
        expect(found[1]).toEqual(found[0]);
      }),
      { numRuns: 25, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
    );
  }, 120_000);

  it('leaves a side that is kept as it is, and computes the other', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, scenario, async (before, after) => {
        const found: unknown[] = [];
        for (const tables of [local, distributed(local)]) {
          await forget();
          await scene.replaceRaw(before);
          await recompute(local, 'hour', HOURS);
          await scene.replaceRaw({ ...after, groups: before.groups });
          await recompute(tables, 'hour', HOURS.slice(0, 37), { usage: 'keep', errors: 'take' });
          await recompute(tables, 'hour', HOURS.slice(37), { usage: 'take', errors: 'keep' });
          found.push(await stored());
        }
        expect(found[1]).toEqual(found[0]);
      }),
      { numRuns: 10, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
    );
  }, 120_000);

  it('judges a smaller count in the same way, with filters that leave rows out', async () => {
    const filtered = await defined({ usageFilter: 'input_tokens > 4000', errorFilter: 'status_code > 450' });
    await fc.assert(
      fc.asyncProperty(scenario, async (raw) => {
        const found: unknown[] = [];
        for (const tables of [filtered, distributed(filtered)]) {
          await forget();
          await scene.replaceRaw(raw);
          await recompute(local, 'hour', HOURS);
          found.push(
            await recompute(tables, 'hour', HOURS, { usage: 'redefine', errors: 'guard' }),
            await stored(),
          );
        }
        expect(found.slice(2)).toEqual(found.slice(0, 2));
      }),
      { numRuns: 10, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
    );
  }, 120_000);

  it('answers ranges, totals and breakdowns with the same pieces', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, window, async (raw, { from, to }) => {
        await forget();
        await scene.replaceRaw(raw);
        await recompute(local, 'hour', HOURS.slice(20, 60));
        for (const level of LEVELS) {
          const pieces = async (tables: OpsTables): Promise<unknown[]> => {
            const found = await selectRows<Record<string, unknown>>(
              scene.dataSource,
              readPieces(tables, {
                plan: planSegments([from, to]),
                safeDelaySeconds: 0,
                freshFrom: 0,
                level,
                rates: false,
                bucketByBucket: null,
              }),
            );
            return found.map(comparable).toSorted();
          };
          expect(await pieces(distributed(local))).toEqual(await pieces(local));
        }
      }),
      { numRuns: 10, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
    );
  }, 120_000);

  it('finds the same hours that differ from their raw rows', async () => {
    const step = {
      from: iso(FIRST_DAY.getTime()),
      to: iso(END_DAY.getTime()),
      closed: iso(END_DAY.getTime()),
    };
    await fc.assert(
      fc.asyncProperty(scenario, scenario, async (before, after) => {
        await forget();
        await scene.replaceRaw(before);
        await recompute(local, 'hour', HOURS);
        await scene.replaceRaw(after);
        const found: unknown[] = [];
        for (const tables of [local, distributed(local)]) {
          await scene.query('TRUNCATE ops_metrics_invalidations');
          found.push(await selectRow(scene.dataSource, auditHours(tables, step, NO_RETENTION)));
          found.push(
            await scene.query('SELECT tier, bucket_start FROM ops_metrics_invalidations ORDER BY 1, 2'),
          );
        }
        expect(found.slice(2)).toEqual(found.slice(0, 2));
      }),
      { numRuns: 10, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
    );
  }, 120_000);
});

/** A piece as text: latencies that are sent as they are come in any order, and the clock goes on. */
const comparable = (piece: Record<string, unknown>): string =>
  JSON.stringify(
    Object.entries(piece)
      .filter(([name]) => name !== 'as_of')
      .map(([name, value]) => [
        name,
        name.endsWith('_vals') && typeof value === 'string'
          ? value.slice(1, -1).split(',').toSorted().join()
          : value,
      ]),
  );
