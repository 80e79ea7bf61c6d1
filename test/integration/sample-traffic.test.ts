import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { SAMPLE_GROUPS } from '../../src/gateway/sample-traffic/catalog.js';
import { insertTraffic } from '../../src/gateway/sample-traffic/insert-traffic.sql.js';
import {
  expectedRequests,
  writeSampleTraffic,
} from '../../src/gateway/sample-traffic/write-sample-traffic.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ROWS = 60_000;
/** A Monday to the next: UTC days of every kind. */
const week = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-09T00:00:00Z'), seed: 4 };

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase('sample_traffic');
  ({ dataSource } = database);
});
afterAll(async () => {
  await database.drop();
});
afterEach(() => {
  jest.restoreAllMocks();
});

const empty = (): Promise<unknown> =>
  dataSource.query('TRUNCATE usage_logs, ops_error_logs, groups RESTART IDENTITY');

/** One row of numbers, arrays and booleans; counts and averages arrive as text otherwise. */
async function figures(sql: string, through: DataSource = dataSource): Promise<Record<string, unknown>> {
  const [row] = await through.query<{ row: Record<string, unknown> }[]>(
    `SELECT to_json(f.*) AS row FROM (${sql}) f`,
  );
  return row?.row ?? {};
}
const FINGERPRINT = `SELECT
  (SELECT md5(string_agg((to_jsonb(u) - 'id')::text, '' ORDER BY request_id)) FROM usage_logs u) AS usage,
  (SELECT md5(string_agg((to_jsonb(e) - 'id')::text, '' ORDER BY request_id)) FROM ops_error_logs e) AS errors`;
const FAILED = 'status_code >= 400 AND NOT is_business_limited';

describe('writing sample traffic', () => {
  async function fingerprint(plan: { rows: number; seed?: number }): Promise<unknown> {
    await empty();
    await writeSampleTraffic(dataSource, { ...week, ...plan });
    return figures(FINGERPRINT);
  }

  test('gives the same rows for the same plan, others for another seed, in a session of any time zone', async () => {
    const first = await fingerprint({ rows: 12_000 });
    expect(await fingerprint({ rows: 12_000, seed: 8 })).not.toEqual(first);
    await dataSource.query(
      `ALTER DATABASE ${String(dataSource.driver.database)} SET timezone = 'Asia/Kolkata'`,
    );
    const elsewhere = await createDataSource(database.url).initialize();
    try {
      await empty();
      await writeSampleTraffic(elsewhere, { ...week, rows: 12_000 });
      expect(await elsewhere.query('SHOW timezone')).toEqual([{ TimeZone: 'Asia/Kolkata' }]);
    } finally {
      await elsewhere.destroy();
      await dataSource.query(`ALTER DATABASE ${String(dataSource.driver.database)} RESET timezone`);
    }
    expect(await figures(FINGERPRINT)).toEqual(first);
  });

  test.each([0, 1, 4_999, 5_001])('writes exactly %d rows, and says so', async (rows) => {
    await empty();
    const written = await writeSampleTraffic(dataSource, { ...week, rows });
    const stored = await figures(
      `SELECT (SELECT count(*) FROM usage_logs) AS "usageRows", (SELECT count(*) FROM ops_error_logs) AS "errorRows"`,
    );
    expect(written).toEqual({ ...stored, usageRows: rows });
  });

  test('fits into a range of one millisecond', async () => {
    await empty();
    await writeSampleTraffic(dataSource, { ...week, to: new Date(week.from.getTime() + 1), rows: 3_000 });
    expect(
      await figures(`SELECT min(created_at) >= '2026-03-02Z' AND max(created_at) < '2026-03-02 00:00:00.001Z' AS within,
        count(DISTINCT created_at) > 900 AS spread FROM usage_logs`),
    ).toEqual({ within: true, spread: true });
  });

  test('needs no sequence value for groups that are there', async () => {
    await empty();
    await writeSampleTraffic(dataSource, { ...week, rows: 10 });
    await writeSampleTraffic(dataSource, { ...week, rows: 10 });
    expect(await figures('SELECT count(*), max(id) FROM groups')).toEqual({ count: 40, max: 40 });
  });

  test.each([
    ['an empty range', { to: week.from }],
    ['an invalid date', { from: new Date(NaN) }],
    ['half a row', { rows: 1.5 }],
    ['fewer rows than none', { rows: -1 }],
    ['a broken seed', { seed: 0.5 }],
  ])('refuses %s and writes nothing', async (_what, change) => {
    await empty();
    await expect(writeSampleTraffic(dataSource, { ...week, rows: 10, ...change })).rejects.toThrow(
      RangeError,
    );
    expect(await figures('SELECT count(*) FROM groups')).toEqual({ count: 0 });
  });

  /** The statements of batches under way; each waits for some turns of the event loop. */
  function watchBatches(onBatch: (nth: number) => void = () => undefined): {
    now: number;
    most: number;
    all: number;
  } {
    const [text] = insertTraffic({ ...week, rows: 0 });
    const count = { now: 0, most: 0, all: 0 };
    const query = dataSource.query.bind(dataSource);
    jest.spyOn(dataSource, 'query').mockImplementation(async (...args: Parameters<typeof query>) => {
      if (args[0] !== text) return query(...args);
      const nth = (count.all += 1);
      count.most = Math.max(count.most, (count.now += 1));
      for (let turn = 0; turn < 5 * nth; turn += 1) await new Promise(setImmediate);
      count.now -= 1;
      onBatch(nth);
      return [{ usageRows: 1, errorRows: 0 }];
    });
    return count;
  }

  test('has few batches under way at once', async () => {
    const count = watchBatches();
    await writeSampleTraffic(dataSource, { ...week, rows: 52_000 });
    expect(count).toEqual({ now: 0, most: 3, all: 11 });
  });

  test('after a failed batch starts no other, waits for those under way, and throws', async () => {
    const failure = new Error('disk full');
    const count = watchBatches((nth) => {
      if (nth === 1) throw failure;
    });
    await expect(writeSampleTraffic(dataSource, { ...week, rows: 52_000 })).rejects.toBe(failure);
    expect(count).toEqual({ now: 0, most: 3, all: 3 });
  });
});

describe('a week of sample traffic', () => {
  beforeAll(async () => {
    await empty();
    await writeSampleTraffic(dataSource, { ...week, rows: ROWS });
  });

  test('lies in its range, to the microsecond, every row marked as its own', async () => {
    const of = (
      table: string,
    ): string => `SELECT min(created_at) >= '2026-03-02Z' AND max(created_at) < '2026-03-09Z' AS within,
      bool_or(extract(microseconds FROM created_at)::int % 1000 > 0) AS fine,
      bool_and(request_id ~ '^sample-traffic-[0-9a-f]{16}$') AND count(DISTINCT request_id) = count(*) AS marked FROM ${table}`;
    for (const table of ['usage_logs', 'ops_error_logs'])
      expect(await figures(of(table))).toEqual({ within: true, fine: true, marked: true });
  });

  test('is of 40 groups on six platforms, of sizes after Zipf', async () => {
    const shares = await figures(`SELECT count(DISTINCT name), count(DISTINCT platform) AS platforms,
        (count(*) FILTER (WHERE name = '${SAMPLE_GROUPS[0]?.name ?? ''}'))::float8 / count(*) AS first,
        (count(*) FILTER (WHERE name = '${SAMPLE_GROUPS[9]?.name ?? ''}'))::float8 / count(*) AS tenth,
        (count(*) FILTER (WHERE name IS NULL))::float8 / count(*) AS none
      FROM usage_logs LEFT JOIN groups ON groups.id = group_id`);
    expect(shares).toMatchObject({ count: 40, platforms: 6 });
    const { first, tenth, none } = shares as Record<string, number>;
    expect(first).toBeGreaterThan(0.18);
    // Zipf with exponent 1.05: the tenth has 1/11 of the first.
    expect((first ?? NaN) / (tenth ?? NaN)).toBeGreaterThan(8);
    expect((first ?? NaN) / (tenth ?? NaN)).toBeLessThan(15);
    expect(none).toBeGreaterThan(0.003);
    expect(none).toBeLessThan(0.01);
  });

  test('office hours are busy, nights and weekends are not; bursts are short, and several times the usual', async () => {
    const { night, weekend, bursts, burst_share } = (await figures(`WITH minutes AS (
        SELECT date_trunc('minute', created_at AT TIME ZONE 'UTC') AS at, count(*) AS n FROM usage_logs GROUP BY 1
      ), hours AS (
        SELECT date_trunc('hour', at) AS at, sum(n) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS usual,
          max(n) AS most FROM minutes GROUP BY 1
      ), busy AS (
        SELECT avg(n) FILTER (WHERE extract(isodow FROM at) < 6 AND extract(hour FROM at) BETWEEN 13 AND 16) AS peak,
          avg(n) FILTER (WHERE extract(isodow FROM at) < 6 AND extract(hour FROM at) BETWEEN 1 AND 4) AS night,
          avg(n) FILTER (WHERE extract(isodow FROM at) > 5 AND extract(hour FROM at) BETWEEN 13 AND 16) AS weekend
        FROM hours
      )
      SELECT peak / night AS night, weekend / peak AS weekend,
        (SELECT count(*) FROM hours WHERE usual >= 3 AND most > 3 * usual) AS bursts,
        (SELECT count(*) FILTER (WHERE m.n > 3 * usual)::float8 / count(*)
          FROM minutes m JOIN hours h ON h.at = date_trunc('hour', m.at) WHERE usual >= 3) AS burst_share
      FROM busy`)) as Record<string, number>;
    expect(night).toBeGreaterThan(3);
    expect(weekend).toBeLessThan(0.65);
    expect(bursts).toBeGreaterThan(5);
    expect(burst_share).toBeLessThan(0.05);
  });

  test('a first token comes on streamed requests only, and before the end', async () => {
    expect(
      await figures(`SELECT count(first_token_ms) > ${ROWS / 3} AS many,
          bool_and(stream) FILTER (WHERE first_token_ms IS NOT NULL) AS streamed,
          bool_and(first_token_ms >= 1 AND first_token_ms < duration_ms) AS before_end,
          bool_or(duration_ms IS NULL) AS unmeasured, bool_or(stream AND first_token_ms IS NULL) AS untimed,
          bool_or(NOT stream) AS plain, max(duration_ms) <= 600000 AS given_up
        FROM usage_logs`),
    ).toEqual({
      ...{ many: true, streamed: true, before_end: true, unmeasured: true },
      ...{ untimed: true, plain: true, given_up: true },
    });
  });

  test('tokens and costs are such as a gateway logs', async () => {
    expect(
      await figures(`SELECT min(least(input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens)) AS least,
          bool_or(cache_read_tokens > 0) AS reads, bool_or(cache_creation_tokens > 0) AS writes,
          bool_or(output_tokens = 0) AS embeddings, bool_or(scale(trim_scale(total_cost)) > 6) AS exact,
          bool_and(total_cost > 0 AND actual_cost BETWEEN 0.59 * total_cost AND 1.11 * total_cost) AS costs
        FROM usage_logs WHERE input_tokens > 0 AND total_cost > 0.00001`),
    ).toEqual({ least: 0, reads: true, writes: true, embeddings: true, exact: true, costs: true });
  });

  test('one request in a hundred fails, by every owner and with every status', async () => {
    const seen = await figures(`SELECT count(*) / ${ROWS}::float8 AS share,
        array_agg(DISTINCT coalesce(error_owner, '')) AS owners, array_agg(DISTINCT coalesce(status_code, 0)) AS statuses,
        array_agg(DISTINCT upstream_status_code) FILTER (WHERE status_code = 200) AS recovered,
        array_agg(DISTINCT status_code) FILTER (WHERE is_business_limited) AS limited,
        bool_or(platform IS NULL AND group_id IS NULL) AS "not identified",
        bool_or(platform IS NOT NULL AND group_id IS NULL) AS "not routed",
        bool_or(platform IS NULL AND group_id IS NOT NULL) AS never
      FROM ops_error_logs`);
    expect(seen).toEqual({
      share: expect.any(Number),
      owners: ['', 'client', 'platform', 'provider'],
      statuses: [0, 200, 400, 401, 402, 403, 404, 408, 422, 429, 499, 500, 502, 503, 504, 529],
      recovered: [429, 500, 503, 529],
      limited: [402, 429],
      ...{ 'not identified': true, 'not routed': true, never: false },
    });
    expect(seen.share).toBeGreaterThan(0.006);
    expect(seen.share).toBeLessThan(0.02);
  });

  test('errors pile up in incidents, and latency with them', async () => {
    const { incidents, good, slow, usual } = (await figures(`WITH usual AS (
        SELECT group_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50 FROM usage_logs GROUP BY 1
      ), hours AS (
        SELECT group_id, date_trunc('hour', created_at) AS hour, count(*) AS n,
          percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50
        FROM usage_logs GROUP BY 1, 2 HAVING count(*) >= 30
      ), fared AS (
        SELECT h.p50 / u.p50 AS ratio, (SELECT count(*) FROM ops_error_logs e
          WHERE e.group_id = h.group_id AND date_trunc('hour', e.created_at) = h.hour) > 0.09 * n AS incident
        FROM hours h JOIN usual u USING (group_id)
      )
      SELECT count(*) FILTER (WHERE incident) AS incidents, count(*) FILTER (WHERE NOT incident) AS good,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio) FILTER (WHERE incident) AS slow,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio) FILTER (WHERE NOT incident) AS usual FROM fared`)) as Record<
      string,
      number
    >;
    expect(incidents).toBeGreaterThan(0);
    expect(good).toBeGreaterThan(10 * (incidents ?? NaN));
    expect(slow).toBeGreaterThan(1.8);
    expect(usual).toBeLessThan(1.3);
  });
});

// The dashboard calls an SLA below 99 % degraded.
test.each(['2026-01-05', '2026-04-01', '2026-08-15', '2026-11-20'])(
  'traffic from %s on is healthy, but for incidents that pass',
  async (day) => {
    await empty();
    const from = new Date(`${day}T00:00:00Z`);
    const to = new Date(from.getTime() + 30 * 86_400_000);
    await writeSampleTraffic(dataSource, { from, to, seed: 3, rows: 150_000 });
    const health = (await figures(`WITH requests AS (
        SELECT created_at, group_id, 0 AS failed FROM usage_logs
        UNION ALL SELECT created_at, group_id, 1 FROM ops_error_logs WHERE ${FAILED}
      ), days AS (SELECT 1 - avg(failed) AS sla FROM requests GROUP BY (created_at AT TIME ZONE 'UTC')::date),
      hours AS (
        SELECT 1 - avg(failed) AS sla FROM requests JOIN groups g ON g.id = group_id
        GROUP BY g.platform, date_trunc('hour', requests.created_at) HAVING count(*) >= 30
      )
      SELECT (SELECT count(*) FROM days) AS days, (SELECT count(*) FROM days WHERE sla < 0.99) AS bad_days,
        (SELECT count(*) FROM days WHERE sla = 1) AS spotless,
        (SELECT count(*) FROM hours WHERE sla < 0.95) AS bad_hours, (SELECT count(*) FROM hours) AS hours`)) as Record<
      string,
      number
    >;
    expect(health).toMatchObject({ days: 30, spotless: 0 });
    expect(health.bad_days).toBeLessThan(5);
    expect(health.bad_hours).toBeGreaterThan(0);
    expect(health.bad_hours).toBeLessThan((health.hours ?? NaN) / 30);
  },
);

test('a week has about one request a second, and ranges that touch add up', async () => {
  const [from, to] = [week.from.getTime(), week.to.getTime()];
  const requests = (start: number, end: number, rate = 1): Promise<number> =>
    expectedRequests(dataSource, { from: new Date(start), to: new Date(end), seed: 4 }, rate);
  const whole = await requests(from, to);
  expect(whole / ((to - from) / 1000)).toBeGreaterThan(0.95);
  expect(whole / ((to - from) / 1000)).toBeLessThan(1.2); // bursts come on top
  for (const cut of [from + 1, from + 86_400_000, from + 123_456_789]) {
    // Each of the three is rounded by itself.
    expect(Math.abs((await requests(from, cut)) + (await requests(cut, to)) - whole)).toBeLessThanOrEqual(2);
  }
  // A live ticker asks for half a second at a time, most of which have none: over an hour they are as many.
  const starts = Array.from({ length: 7_200 }, (_, tick) => from + 36_000_000 + tick * 500);
  const ticks: number[] = [];
  // No more at once than the pool has connections: waiting for one has a limit.
  while (starts.length > 0) {
    ticks.push(...(await Promise.all(starts.splice(0, 8).map((start) => requests(start, start + 500, 0.2)))));
  }
  expect(Math.max(...ticks)).toBe(1);
  const hour = await requests(from + 36_000_000, from + 39_600_000, 0.2);
  expect(sum(ticks) / hour).toBeGreaterThan(0.9);
  expect(sum(ticks) / hour).toBeLessThan(1.1);
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
