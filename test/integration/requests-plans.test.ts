import { beforeAll, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { KINDS, type FilterValues, type RequestKind } from '../../src/ops/requests/filters.js';
import {
  requestsPage,
  walkAlongTime,
  type RequestsPage,
} from '../../src/ops/requests/sql/requests-page.sql.js';
import { DatabaseScene } from '../support/database-scene.js';
import { workOf, type PlanWork } from '../support/read/plan-work.js';

const RANGE = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };

/** Where a page begins: at the end of the range, in the middle of it, and near its start. */
const PLACES: readonly (string | null)[] = [
  null,
  '2026-03-12T00:00:00.000000Z',
  '2026-03-01T06:00:00.000000Z',
];

describe('the plan of a page of requests', () => {
  const scene = new DatabaseScene('requests_plans');

  beforeAll(async () => {
    await scene.query(
      `INSERT INTO groups (name, platform) SELECT 'g' || n, 'openai' FROM generate_series(1, 100) AS n`,
    );
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, request_id, created_at)
       SELECT n % 500, n % 900, n % 40, 'model', 1 + n % 100, 'r' || n, $1::timestamptz + n * interval '8 seconds'
         FROM generate_series(1, 300000) AS n`,
      [RANGE.from],
    );
    await scene.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, platform, group_id, status_code, request_id, created_at)
       SELECT 'upstream', 'api_error', 'openai', 1 + n % 100, 500, 'r' || n, $1::timestamptz + n * interval '80 seconds'
         FROM generate_series(1, 30000) AS n`,
      [RANGE.from],
    );
  }, 120_000);

  const columns = async (table: string): Promise<string[]> => {
    const rows = await scene.query<{ name: string }>(
      `SELECT attname::text AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0`,
      [table],
    );
    return rows.map(({ name }) => name);
  };

  async function work(filters: FilterValues, more: Partial<RequestsPage> = {}): Promise<PlanWork> {
    const found: Record<RequestKind, string[]> = {
      success: await columns('usage_logs'),
      error: await columns('ops_error_logs'),
    };
    const page: RequestsPage = {
      ...RANGE,
      level: {},
      filters,
      kinds: KINDS,
      after: null,
      rows: 51,
      columns: found,
      ...more,
    };
    const statement = requestsPage(OPS_TABLES, page);
    return workOf(
      scene.dataSource,
      statement,
      Object.keys(filters).length === 0 ? walkAlongTime() : undefined,
    );
  }

  it.each(['never been analyzed', 'been analyzed'])(
    'reads no more than the page, wherever that is, of tables that have %s',
    async (what) => {
      if (what === 'been analyzed') await scene.query('ANALYZE');
      for (const createdAt of PLACES) {
        for (const kind of KINDS) {
          for (const rows of [51, 201]) {
            const after = createdAt === null ? null : { createdAt, kind, id: '1000' };
            const { pages, rowsOf } = await work({}, { after, rows });
            const read = (rowsOf.get('usage_logs') ?? 0) + (rowsOf.get('ops_error_logs') ?? 0);
            expect(read).toBeLessThanOrEqual(2 * (rows + 1));
            // For each usage row and each shown row its group, by the three pages of that index.
            expect(pages).toBeLessThanOrEqual(8 * rows);
          }
        }
      }
    },
  );

  it('finds a request id, and the newest of an account, by the indexes that serve them', async () => {
    for (const table of ['usage_logs', 'ops_error_logs']) {
      await scene.query(`CREATE INDEX ON ${table} (request_id)`);
      await scene.query(`CREATE INDEX ON ${table} (account_id, created_at)`);
    }
    await scene.query('ANALYZE');
    const byRequestId = await work({ requestId: 'r4711' });
    expect(byRequestId.rowsOf.get('usage_logs')).toBe(1);
    expect(byRequestId.rowsOf.get('ops_error_logs')).toBe(1);
    expect(byRequestId.pages).toBeLessThan(40);
    expect((await work({ accountId: '7' })).rowsOf.get('usage_logs')).toBeLessThanOrEqual(60);
  });
});
