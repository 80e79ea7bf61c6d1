import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import type { SqlStatement } from '../../src/ops/sql/sql-statement.js';
import { resolveOptions } from '../../src/ops/options/ops.options.js';
import { retentionHours } from '../../src/ops/invalidation/sql/floors.sql.js';
import { upsertHourlyRange, upsertBuckets } from '../../src/ops/rollup/sql/upsert-buckets.sql.js';
import { rawDifferences } from '../../src/ops/verify/sql/verify.sql.js';
import { guarded } from '../support/hours-to-recompute.js';
import { scansOf, type Scan } from '../support/read/plan-scans.js';
import { DatabaseScene } from '../support/database-scene.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_DAY = Date.parse('2026-03-01T00:00:00Z');
const DAYS = 5;
const ROWS_PER_HOUR = 200;
/** The day that the statements ask for. */
const ASKED = FIRST_DAY + 2 * DAY_MS;

const iso = (time: number): string => new Date(time).toISOString();
const dayOf = (time: number): string => iso(time).slice(0, 10).replaceAll('-', '_');
const hours = Array.from({ length: 24 }, (_, hour) => iso(ASKED + hour * HOUR_MS));
const range = { start: new Date(ASKED), end: new Date(ASKED + DAY_MS) };

const STATEMENTS: readonly (readonly [name: string, statement: SqlStatement])[] = [
  ['the hours of a drain', upsertBuckets(OPS_TABLES, 'hour', guarded(hours))],
  ['a window', upsertHourlyRange(OPS_TABLES, range)],
  [
    'a verification',
    rawDifferences(OPS_TABLES, 'hour', {
      start: iso(ASKED),
      end: iso(ASKED + DAY_MS),
      limit: 10,
      retention: retentionHours(resolveOptions()),
      distributions: true,
    }),
  ],
];

/** The raw tables by UTC day, and every statement that reads the raw rows of one of these days. */
describe.each(['plain', 'partitioned'] as const)('the plan on %s raw tables', (layout) => {
  const scene = new DatabaseScene(`rollup_plans_${layout}`, {
    prepare: async (dataSource) => {
      if (layout === 'partitioned') {
        await partition(dataSource, 'usage_logs');
        await partition(dataSource, 'ops_error_logs');
      }
      await fill(dataSource);
    },
  });

  it.each(STATEMENTS)(
    'reads the raw rows of %s by its time, and no others',
    async (_name, { text, values }) => {
      const scans = (await scansOf(scene.dataSource, text, values)).filter(({ table }) => isRaw(table));
      const executed = scans.filter(({ loops }) => loops > 0);
      expect(executed.length).toBeGreaterThan(0);
      expect(scans.filter(({ node }) => node === 'Seq Scan' && layout === 'plain')).toEqual([]);
      expect(rowsOf(executed, 'usage_logs')).toBe(24 * ROWS_PER_HOUR);
      expect(rowsOf(executed, 'ops_error_logs')).toBe(24 * ROWS_PER_HOUR);
      if (layout === 'partitioned') {
        const read = executed.filter(({ node }) => node !== 'Index Only Scan'); // the probe for the oldest row
        expect([...new Set(read.map(({ table }) => table))].sort()).toEqual([
          `ops_error_logs_${dayOf(ASKED)}`,
          `usage_logs_${dayOf(ASKED)}`,
        ]);
      } else {
        expect(executed.every(({ condition }) => condition.includes('created_at'))).toBe(true);
      }
    },
  );
});

const isRaw = (table: string): boolean =>
  table.startsWith('usage_logs') || table.startsWith('ops_error_logs');

/** Index-only probes for the ends of a window read one row each, and are no reading of the window. */
function rowsOf(scans: readonly Scan[], table: string): number {
  return scans
    .filter((scan) => scan.table.startsWith(table) && scan.node !== 'Index Only Scan')
    .reduce((sum, { rowsRead }) => sum + rowsRead, 0);
}

/** Rebuilds a raw table as one partition a day, as a host might have it. */
async function partition(dataSource: DataSource, table: string): Promise<void> {
  await dataSource.query(`ALTER TABLE ${table} RENAME TO ${table}_template`);
  await dataSource.query(
    `CREATE TABLE ${table} (LIKE ${table}_template INCLUDING DEFAULTS) PARTITION BY RANGE (created_at)`,
  );
  for (let day = 0; day < DAYS; day += 1) {
    const start = FIRST_DAY + day * DAY_MS;
    await dataSource.query(
      `CREATE TABLE ${table}_${dayOf(start)} PARTITION OF ${table}
        FOR VALUES FROM ('${iso(start)}') TO ('${iso(start + DAY_MS)}')`,
    );
  }
  await dataSource.query(`CREATE INDEX ON ${table} (created_at)`);
}

async function fill(dataSource: DataSource): Promise<void> {
  await dataSource.query(`INSERT INTO groups (name, platform) VALUES ('one', 'openai')`);
  await dataSource.query(
    `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, created_at)
      SELECT 1, 1, 1, 'm', (SELECT id FROM groups), n, $1::timestamptz + n * interval '18 seconds'
      FROM generate_series(0, $2::int - 1) AS n`,
    [iso(FIRST_DAY), DAYS * 24 * ROWS_PER_HOUR],
  );
  await dataSource.query(
    `INSERT INTO ops_error_logs (error_phase, error_type, status_code, created_at)
      SELECT 'upstream', 'timeout', 504, $1::timestamptz + n * interval '18 seconds'
      FROM generate_series(0, $2::int - 1) AS n`,
    [iso(FIRST_DAY), DAYS * 24 * ROWS_PER_HOUR],
  );
  await dataSource.query('VACUUM ANALYZE');
}
