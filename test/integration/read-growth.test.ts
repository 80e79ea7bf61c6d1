import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import type { SqlStatement } from '../../src/ops/sql/sql-statement.js';
import { DAY_MS, HOUR_MS } from '../../src/ops/common/utc.js';
import { resolveOptions } from '../../src/ops/options/ops.options.js';
import { lastHourSamples } from '../../src/ops/prometheus/sql/last-hour-samples.sql.js';
import { rollupSamples } from '../../src/ops/prometheus/sql/rollup-samples.sql.js';
import type { BreakdownBy } from '../../src/ops/read/read-query.schemas.js';
import { planSegments } from '../../src/ops/read/read-plan.js';
import { ReadService } from '../../src/ops/read/read.service.js';
import type { PieceRow } from '../../src/ops/read/sql/piece-row.js';
import { readPieces, type ReadOptions } from '../../src/ops/read/sql/read-pieces.sql.js';
import { workOf, type PlanWork } from '../support/read/plan-work.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const SIZES = [100, 1_000, 10_000] as const;
const DAYS = 3;
const LIMIT = 20;

/** Metrics rows as the rollup leaves them, three days up to the last midnight and this day up to the last hour. */
async function fill({ dataSource }: TestDatabase, groups: number): Promise<void> {
  await dataSource.query(
    `INSERT INTO groups (id, name, platform) SELECT i, 'group ' || i, 'platform ' || i % 5 FROM generate_series(1, $1::int) i`,
    [groups],
  );
  const levels = `(
    SELECT NULL::text AS platform, NULL::bigint AS group_id, 0 AS i
    UNION ALL SELECT DISTINCT platform, NULL::bigint, 0 FROM groups
    UNION ALL SELECT platform, id, id FROM groups
  ) l`;
  const columns = `platform, group_id, success_count, duration_samples, duration_sum_ms, duration_max_ms,
    duration_values, duration_counts, definition_version, computed_at`;
  const values = `l.platform, l.group_id, 2 + l.i, 2, 30, 20,
    CASE WHEN l.platform IS NULL OR l.group_id IS NOT NULL THEN '{10,20}'::int[] END, '{1,1}'::int[], 2`;
  // Only the hours that the reads here look at have all their rows; the others have the overall one.
  await dataSource.query(
    `INSERT INTO ops_metrics_hourly (bucket_start, ${columns})
     SELECT h.starts, ${values}, h.starts + interval '70 minutes'
     FROM generate_series(date_trunc('day', now(), 'UTC') - $1 * interval '24 hours',
       date_trunc('hour', now()) - interval '1 hour', interval '1 hour') AS h(starts), ${levels}
     WHERE l.platform IS NULL OR h.starts >= date_trunc('hour', now()) - interval '1 hour'
       OR h.starts >= date_trunc('day', now(), 'UTC') - $1 * interval '24 hours' + interval '22 hours'
         AND h.starts < date_trunc('day', now(), 'UTC') - ($1 - 1) * interval '24 hours'`,
    [DAYS],
  );
  await dataSource.query(
    `INSERT INTO ops_metrics_daily (bucket_date, ${columns})
     SELECT (d.starts AT TIME ZONE 'UTC')::date, ${values}, d.starts + interval '25 hours'
     FROM generate_series(date_trunc('day', now(), 'UTC') - $1 * interval '24 hours',
       date_trunc('day', now(), 'UTC') - interval '24 hours', interval '24 hours') AS d(starts), ${levels}`,
    [DAYS],
  );
  // As many models, of which 200 are kept by name, and of 20 groups each.
  await dataSource.query(
    `INSERT INTO ops_metrics_dimension_hourly (bucket_start, dimension, key, group_id, success_count, actual_cost)
     SELECT h.starts, 'model', 'model ' || i, NULLIF(g, 0), 2 + i, 0.5
     FROM generate_series(date_trunc('hour', now()) - interval '3 hours', date_trunc('hour', now()) - interval '1 hour',
       interval '1 hour') AS h(starts), generate_series(1, LEAST($1::int, 200)) AS i, generate_series(0, 20) AS g`,
    [groups],
  );
  await dataSource.query(
    `INSERT INTO ops_detect_state (raw_table, safe_id, closed_through, late_before)
     VALUES ('usage_logs', 0, date_trunc('hour', now()), now()), ('ops_error_logs', 0, date_trunc('hour', now()), now())`,
  );
  await dataSource.query('VACUUM ANALYZE');
}

describe('with the number of groups', () => {
  const databases: TestDatabase[] = [];
  const midnight = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  const daysAgo = (days: number): Date => new Date(midnight.getTime() - days * DAY_MS);

  beforeAll(async () => {
    for (const groups of SIZES) {
      const database = await createTestDatabase(`read_growth_${groups}`);
      databases.push(database);
      await fill(database, groups);
    }
  }, 120_000);
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.drop()));
  });

  const pieces = (cuts: readonly Date[], wanted: Partial<ReadOptions>): SqlStatement =>
    readPieces(OPS_TABLES, {
      plan: planSegments(cuts),
      level: {},
      safeDelaySeconds: 0,
      freshFrom: 0,
      rates: false,
      bucketByBucket: null,
      ...wanted,
    });
  const breakdown = (by: BreakdownBy, cuts: readonly Date[]): SqlStatement =>
    pieces([cuts[0] ?? midnight, cuts.at(-1) ?? midnight], { level: { by, limit: LIMIT } });
  const eachSize = async (statement: SqlStatement): Promise<PlanWork[]> =>
    Promise.all(databases.map(async ({ dataSource }) => workOf(dataSource, statement)));
  /** Ends two hours after, and before, a midnight: two days' rows, and hours at both ends. */
  const ragged = [new Date(daysAgo(DAYS).getTime() + 22 * HOUR_MS), daysAgo(0)];
  const everyDay = Array.from({ length: DAYS + 1 }, (_, index) => daysAgo(DAYS - index));

  it.each([
    ['an overview', pieces([daysAgo(2 * DAYS), daysAgo(DAYS), daysAgo(0)], { rates: true, freshFrom: 1 })],
    ['an overview of a platform', pieces([daysAgo(1), daysAgo(0)], { level: { platform: 'platform 1' } })],
    ['an overview of groups', pieces(ragged, { level: { groupId: ['7', '8', '9'] }, rates: true })],
    [
      'an overview of groups of platforms',
      pieces(ragged, { level: { groupId: ['7', '8'], platform: ['platform 2', 'platform 3'] } }),
    ],
    ['a trend of platforms by day', pieces(everyDay, { level: { platform: ['platform 1', 'platform 2'] } })],
    ['an overview of a group', pieces(ragged, { level: { groupId: '7' }, rates: true })],
    ['a trend by day', pieces(everyDay, {})],
    ['a trend by hour', pieces(ragged, { bucketByBucket: 'hour' })],
    ['the Prometheus samples of the rollup', rollupSamples(OPS_TABLES, 0, ['a', 'b'])],
  ])('the work of %s does not grow', async (_what, statement) => {
    const [few, , many] = await eachSize(statement);
    expect(many?.rows).toBeLessThanOrEqual((few?.rows ?? NaN) * 1.1);
    // Indexes over a hundred times as many rows are deeper.
    expect(many?.pages).toBeLessThanOrEqual((few?.pages ?? NaN) * 4);
  });

  it.each([
    ['a breakdown by group', breakdown('group', everyDay)],
    ['a breakdown by group, with hours at an end', breakdown('group', ragged)],
    ['a breakdown by platform', breakdown('platform', everyDay)],
    ['a breakdown by platform, with hours at an end', breakdown('platform', ragged)],
    ['the Prometheus samples of the last hour', lastHourSamples(OPS_TABLES, 0, 50)],
  ])('the work of %s grows no faster', async (_what, statement) => {
    const [few, some, many] = await eachSize(statement);
    expect(some?.rows).toBeLessThanOrEqual((few?.rows ?? NaN) * 10 * 1.2);
    expect(many?.rows).toBeLessThanOrEqual((some?.rows ?? NaN) * 10 * 1.2);
    expect(many?.pages).toBeLessThanOrEqual((some?.pages ?? NaN) * 10 * 1.5);
  });

  it.each(['group', 'platform', 'model'])(
    'series by %s cost what a breakdown counts, and a row of each key and of the total for each point',
    async (by) => {
      const closed = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
      // Where all levels, and the models, have rows: two hours and two days; three hours.
      const cuts =
        by === 'model'
          ? [3, 2, 1, 0].map((ago) => new Date(closed - ago * HOUR_MS))
          : [2, 1, 0]
              .map((ago) => new Date(+daysAgo(DAYS - 1) - ago * HOUR_MS))
              .concat(daysAgo(1), daysAgo(0));
      const points = cuts.length - 1;
      const level = { by, limit: 5, withTotal: true };
      for (const [index, { dataSource }] of databases.entries()) {
        const [counted, series] = [
          await workOf(dataSource, pieces(cuts, { level: { by, limit: 5 }, distributions: [] })),
          await workOf(dataSource, pieces(cuts, { level, distributions: [] })),
        ];
        const more = [series.rows - counted.rows, series.pages - counted.pages];
        expect([SIZES[index], more.filter((work) => work > 100 * points)]).toEqual([SIZES[index], []]);
        const { text, values } = pieces(cuts, {
          level,
          distributions: by === 'platform' ? [] : ['duration'],
        });
        const rows = await dataSource.query<PieceRow[]>(text, values);
        expect(rows.length).toBeGreaterThan(points);
        expect(rows.length).toBeLessThanOrEqual(6 * points);
      }
    },
  );

  it.each([
    ['group', { platform: ['platform 1', 'platform 2'] }],
    ['group', { groupId: ['7', '8', '9'] }],
    ['platform', { groupId: ['7', '8', '9'] }],
  ] as const)('a breakdown by %s of %j reads the rows of these only', async (by, filter) => {
    const works = await eachSize(pieces(everyDay, { level: { by, limit: LIMIT, ...filter } }));
    const read = works.map(({ rowsOf }) => rowsOf.get('ops_metrics_daily') ?? NaN);
    const own = 'groupId' in filter ? [3, 3, 3] : SIZES.map((groups) => (2 / 5) * groups + LIMIT);
    // To count, and of the busiest to show.
    own.forEach((groups, index) => {
      expect(read[index]).toBeLessThanOrEqual((2 * groups + 1) * DAYS);
    });
  });

  it('a breakdown fetches distributions of the groups that it shows, and of no other', async () => {
    const statement = breakdown('group', everyDay);
    for (const [index, { dataSource }] of databases.entries()) {
      const groups = SIZES[index] ?? NaN;
      const rows = await dataSource.query<PieceRow[]>(statement.text, statement.values);
      expect(rows).toHaveLength(LIMIT * DAYS);
      expect(new Set(rows.map(({ key }) => Number(key)))).toEqual(
        new Set(Array.from({ length: LIMIT }, (_, place) => groups - place)),
      );
      const reads = new ReadService(dataSource, OPS_TABLES, resolveOptions());
      const { items, total } = await reads.breakdown({
        from: daysAgo(DAYS),
        to: daysAgo(0),
        by: 'group',
        limit: 2,
      });
      expect(total).toBe(groups);
      expect(items).toMatchObject([
        { groupId: String(groups), groupName: `group ${groups}`, successCount: DAYS * (groups + 2) },
        { groupId: String(groups - 1), duration: { samples: 2 * DAYS, p50: 15 } },
      ]);
    }
  });
});

describe('with the length of the range', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('read_growth_days');
    // Two years of overall rows, rolled up.
    await database.dataSource.query(
      `INSERT INTO ops_metrics_hourly (bucket_start, success_count, computed_at)
       SELECT h, 1, h + interval '70 minutes' FROM generate_series('2024-01-01Z'::timestamptz, '2025-12-31 23:00Z', '1 hour') h`,
    );
    await database.dataSource.query(
      `INSERT INTO ops_metrics_daily (bucket_date, success_count, computed_at)
       SELECT d, 24, (d + 1)::timestamp AT TIME ZONE 'UTC' + interval '1 hour'
       FROM (SELECT date '2024-01-01' + i AS d FROM generate_series(0, 730) i) days`,
    );
    await database.dataSource.query('VACUUM ANALYZE');
  });
  afterAll(async () => {
    await database.drop();
  });

  const overviewOf = (from: string, to: string): SqlStatement => {
    const [start, end] = [Date.parse(from), Date.parse(to)];
    return readPieces(OPS_TABLES, {
      plan: planSegments([new Date(2 * start - end), new Date(start), new Date(end)]),
      level: {},
      safeDelaySeconds: 300,
      freshFrom: 1,
      rates: true,
      bucketByBucket: null,
    });
  };

  it("a year's overview takes its days from one scan, each read once, and looks only at the hours at its ends", async () => {
    const { scans, rowsOf } = await workOf(
      database.dataSource,
      overviewOf('2025-01-01T05:00:00Z', '2025-12-31T05:00:00Z'),
    );
    expect(scans.get('ops_metrics_daily')).toBe(1);
    expect(rowsOf.get('ops_metrics_daily')).toBe(2 * 363 + 1); // one more for the day that both have a part of
    // Of both years: the hours outside whole days, looked for in a scan for each end and then taken.
    expect(scans.get('ops_metrics_hourly')).toBeLessThanOrEqual(2 * (2 + 24));
    expect(rowsOf.get('ops_metrics_hourly')).toBe(2 * (24 + 24));
    const reads = new ReadService(database.dataSource, OPS_TABLES, resolveOptions());
    const range = { from: new Date('2025-01-01T05:00:00Z'), to: new Date('2025-12-31T05:00:00Z') };
    expect(await reads.overview(range)).toMatchObject({
      successCount: 364 * 24,
      peakRequestsPerSecond: null,
      previous: { successCount: 364 * 24, peakRequestsPerSecond: null },
      freshness: { missingHours: 0, pendingHours: 0 },
    });
  });

  it('a day that is noted is the only one whose hours are looked at', async () => {
    await database.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES
       ('day', '2025-06-01Z', 'new_rows'), ('hour', '2025-07-01 07:00Z', 'new_rows')`,
    );
    const { scans } = await workOf(
      database.dataSource,
      overviewOf('2025-01-01T00:00:00Z', '2025-12-31T00:00:00Z'),
    );
    expect(scans.get('ops_metrics_hourly')).toBeLessThanOrEqual(2 * (1 + 24));
  });

  it('the busiest hour of a month is one scan a period', async () => {
    const { scans, rowsOf } = await workOf(
      database.dataSource,
      overviewOf('2025-10-01T00:00:00Z', '2025-11-01T00:00:00Z'),
    );
    expect(scans.get('ops_metrics_hourly')).toBe(2);
    expect(rowsOf.get('ops_metrics_hourly')).toBe(2 * 31 * 24);
  });

  it('days that are not there cost one scan each, and not one for each hour', async () => {
    const { scans } = await workOf(
      database.dataSource,
      overviewOf('2023-01-01T00:00:00Z', '2024-01-01T00:00:00Z'),
    );
    expect(scans.get('ops_metrics_hourly')).toBeLessThanOrEqual(2 * 365);
  });
});
