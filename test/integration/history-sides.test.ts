import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** Both sides of every hour: requests and errors, overall. */
const SIDES = `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24') AS hour, success_count::int AS requests,
  error_count_total::int AS errors, upstream_error_count_excl_429_529::int AS upstream
FROM ops_metrics_hourly WHERE platform IS NULL AND group_id IS NULL ORDER BY 1`;

const GROUP_SIDES = `SELECT platform, group_id, sum(success_count)::int AS requests, sum(error_count_total)::int AS errors,
  sum(duration_sum_ms)::bigint AS ms, sum(cardinality(duration_values))::int AS latencies
FROM ops_metrics_hourly GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST`;

interface GroupSides {
  platform: string | null;
  group_id: string | null;
  errors: number;
}

interface Sides {
  hour: string;
  requests: number;
  errors: number;
}

describe('the two sides of an hour', () => {
  let database: TestDatabase;
  let app: OpsApp;

  beforeAll(async () => {
    database = await createTestDatabase('history_sides');
    app = await createOpsApp(database.url);
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);
  const sides = (): Promise<Sides[]> => database.dataSource.query<Sides[]>(SIDES);
  const remove = async (table: string, before: Date): Promise<unknown> =>
    database.dataSource.query(`DELETE FROM ${table} WHERE created_at < $1::timestamptz`, [
      before.toISOString(),
    ]);

  /** Six days of requests and errors in every second hour, rolled up. */
  async function writeSixDays(of: OpsApp = app): Promise<void> {
    for (let hours = 6 * DAY_HOURS; hours > 0; hours -= 2) {
      await scene.insertRequests(database.dataSource, await ago(hours), 4, 1 + (hours % 3));
      await scene.insertFailures(database.dataSource, await ago(hours), 2, hours % 4 === 0 ? null : 'openai');
    }
    await of.refresh.tick();
    await of.refresh.maintain();
  }

  /** Late requests in nine old hours; what their hours come to. */
  async function insertLate(): Promise<void> {
    for (let hours = 60; hours < 60 + 9 * 8; hours += 8) {
      await scene.insertRequests(database.dataSource, await ago(hours), 1, 2);
    }
  }

  it('keeps stored errors where error rows were purged first, and takes up late requests', async () => {
    await writeSixDays();
    const before = await sides();
    await remove('ops_error_logs', await ago(48));
    await insertLate();
    expect(await app.refresh.tick()).toMatchObject({
      drainedHours: 9,
      suspiciousHours: 0,
      pendingHours: 0,
      pendingDays: 0,
    });
    const after = await sides();
    expect(after.map(({ hour, errors }) => [hour, errors])).toEqual(
      before.map(({ hour, errors }) => [hour, errors]),
    );
    const gained = after.filter(({ requests }, index) => requests === (before[index]?.requests ?? 0) + 1);
    expect(gained).toHaveLength(9);
    // The days have both too.
    const [daily] = await database.dataSource.query<{ requests: number; errors: number }[]>(
      `SELECT sum(success_count)::int AS requests, sum(error_count_total)::int AS errors FROM ops_metrics_daily
        WHERE platform IS NULL AND bucket_date < $1::date`,
      [(await ago(0)).toISOString().slice(0, 10)],
    );
    const today = (await ago(0)).toISOString().slice(0, 10);
    const closed = after.filter(({ hour }) => hour.slice(0, 10) < today);
    expect(daily).toEqual({
      requests: closed.reduce((sum, { requests }) => sum + requests, 0),
      errors: closed.reduce((sum, { errors }) => sum + errors, 0),
    });
  });

  it('keeps them at every level, also where a definition has changed', async () => {
    await writeSixDays();
    const before = await database.dataSource.query<GroupSides[]>(GROUP_SIDES);
    const errorsBefore = await sides();
    await remove('ops_error_logs', await ago(48));
    await database.dataSource.query('UPDATE ops_metrics_hourly SET definition_version = 1');
    for (let round = 0; round < 2; round += 1) {
      await app.refresh.maintain();
      expect(await app.refresh.tick()).toMatchObject({
        suspiciousHours: 0,
        pendingHours: 0,
        pendingDays: 0,
      });
      expect(await sides()).toEqual(errorsBefore);
    }
    expect(await database.dataSource.query(GROUP_SIDES)).toEqual(before);
    const [{ old } = { old: -1 }] = await database.dataSource.query<{ old: number }[]>(
      'SELECT count(*)::int AS old FROM ops_metrics_hourly WHERE definition_version <> 3',
    );
    expect(old).toBe(0);
  });

  it('keeps stored requests, with their latencies, where usage rows were purged first', async () => {
    await writeSixDays();
    const before = await database.dataSource.query<GroupSides[]>(GROUP_SIDES);
    await remove('usage_logs', await ago(48));
    for (const hours of [60, 100, 142]) {
      await scene.insertFailures(database.dataSource, await ago(hours), 2, 'gemini');
    }
    expect(await app.refresh.tick()).toMatchObject({
      drainedHours: 3,
      suspiciousHours: 0,
      pendingHours: 0,
    });
    const after =
      await database.dataSource.query<{ platform: string | null; group_id: string | null }[]>(GROUP_SIDES);
    expect(after.filter(({ platform }) => platform === 'gemini')).toEqual([
      { platform: 'gemini', group_id: null, requests: 0, errors: 6, ms: '0', latencies: null },
    ]);
    expect(after.filter(({ platform }) => platform === 'openai' || platform === 'anthropic')).toEqual(
      (before as { platform: string | null }[]).filter(
        ({ platform }) => platform === 'openai' || platform === 'anthropic',
      ),
    );
    const [overall] = before as { errors: number }[];
    expect(after[0]).toEqual({ ...overall, errors: (overall?.errors ?? 0) + 6 });
  });

  it('keeps what another program wrote when its database is adopted in that state', async () => {
    await writeSixDays();
    const before = await sides();
    await remove('ops_error_logs', await ago(48));
    // As another program left them: rows without anything of ours, and nothing remembered.
    await database.dataSource.query(
      'UPDATE ops_metrics_hourly SET definition_version = 0, written_at = NULL; UPDATE ops_metrics_daily SET definition_version = 0, written_at = NULL',
    );
    await database.dataSource.query('TRUNCATE ops_detect_state, ops_metrics_invalidations');
    await app.refresh.tick();
    await app.refresh.maintain();
    await app.refresh.tick();
    expect(await sides()).toEqual(before);
  });

  it('holds one back where it would vanish above the floor, and takes up the other', async () => {
    await writeSixDays();
    const hour = await ago(50);
    await database.dataSource.query('DELETE FROM ops_error_logs WHERE created_at = $1::timestamptz', [
      hour.toISOString(),
    ]);
    await scene.insertRequests(database.dataSource, hour, 2, 2);
    const stored = (await sides()).find((row) => row.hour === hour.toISOString().slice(0, 13));
    expect(await app.refresh.tick()).toMatchObject({ suspiciousHours: 1, pendingHours: 0 });
    expect((await sides()).find((row) => row.hour === stored?.hour)).toMatchObject({
      requests: (stored?.requests ?? 0) + 2,
      errors: stored?.errors,
    });
    expect((await app.status.status()).suspiciousBuckets).toMatchObject([
      { tier: 'hour', bucketStart: hour.toISOString() },
    ]);
    await app.rebuilds.request({ from: hour, to: new Date(hour.getTime() + HOUR_MS), force: true });
    await eventually(
      async () => (await app.status.status()).suspiciousBuckets.length === 0,
      'a forced rebuild',
    );
    await app.refresh.tick();
    await expectRight(database.url, await ago(240), await ago(0));
  });

  it('has a floor of its own for each table, where a retention is set', async () => {
    const keeper = await createOpsApp(database.url, { rawRetentionDays: { usageLogs: 5, errorLogs: 2 } });
    try {
      await writeSixDays(app);
      const before = await sides();
      // Not purged yet: the configured limit alone keeps the errors.
      const hour = await ago(100);
      await scene.insertFailures(database.dataSource, hour, 3);
      await scene.insertRequests(database.dataSource, hour, 1, 3);
      expect(await keeper.refresh.tick()).toMatchObject({ belowFloorRows: 3, drainedHours: 1 });
      const at = hour.toISOString().slice(0, 13);
      const [was, is] = [before, await sides()].map((rows) => rows.find((row) => row.hour === at));
      expect(is).toEqual({ ...was, requests: (was?.requests ?? 0) + 1 });
      const { rawFloor, rawFloors } = await keeper.status.status();
      expect(rawFloor).toBe(rawFloors.usageLogs);
      expect(Date.parse(rawFloors.errorLogs ?? '')).toBeGreaterThan(Date.parse(rawFloors.usageLogs ?? ''));
    } finally {
      await keeper.close();
    }
  });

  describe('under a purge', () => {
    const ORDERS = { 'oldest first': 'created_at, id', 'in any order': 'md5(id::text)' };

    it.each(Object.entries(ORDERS))(
      'in batches, %s, no hour shrinks, and rows deleted elsewhere are found',
      async (_name, order) => {
        await writeSixDays();
        const before = await sides();
        const elsewhere = await ago(20);
        const cutoff = await ago(70);
        for (const table of ['usage_logs', 'ops_error_logs']) {
          for (let left = true; left;) {
            const [, deleted] = await database.dataSource.query<[unknown, number]>(
              `DELETE FROM ${table} WHERE id IN (
               SELECT id FROM ${table} WHERE created_at < $1::timestamptz ORDER BY ${order} LIMIT 17)`,
              [cutoff.toISOString()],
            );
            left = deleted > 0;
            await app.refresh.tick();
            await app.refresh.maintain();
          }
        }
        expect(await sides()).toEqual(before);

        await database.dataSource.query(
          `DELETE FROM usage_logs WHERE id = (SELECT min(id) FROM usage_logs WHERE created_at = $1::timestamptz)`,
          [elsewhere.toISOString()],
        );
        expect(await app.refresh.tick()).toMatchObject({ differingHours: 1, losingHours: 1 });
        expect(await sides()).toEqual(before);
        const { losingBuckets } = await app.status.status();
        expect(losingBuckets.map(({ bucketStart }) => bucketStart)).toContain(elsewhere.toISOString());
        await database.dataSource.query(
          `UPDATE ops_metrics_invalidations SET loss_seen_at = loss_seen_at - interval '2 hours', next_attempt_at = clock_timestamp()`,
        );
        await app.refresh.tick();
        const at = elsewhere.toISOString().slice(0, 13);
        expect((await sides()).filter(({ hour }) => hour !== at)).toEqual(
          before.filter(({ hour }) => hour !== at),
        );
        expect((await sides()).find(({ hour }) => hour === at)?.requests).toBe(3);
      },
    );
  });

  it('is not emptied below a purge by a direct call, unless that is forced', async () => {
    await writeSixDays();
    const before = await sides();
    const [from, to] = [await ago(140), await ago(100)];
    await remove('ops_error_logs', await ago(48));
    await remove('usage_logs', await ago(48));
    expect(await app.preagg.upsertHourlyMetrics(from, to)).toBe(0);
    expect(await sides()).toEqual(before);
    await app.preagg.upsertHourlyMetrics(from, to, undefined, { force: true });
    expect(await sides()).toHaveLength(before.length - 20);
  });

  it('of a direct call that read before a drain and wrote after it are put right by the next one', async () => {
    await writeSixDays();
    const [first, second] = [await ago(32), await ago(30)];
    const holder = await scene.connect(database.url);
    try {
      // The call has read both hours, and waits before it writes the first.
      await holder.query('BEGIN');
      await holder.query('SELECT FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz FOR UPDATE', [
        first.toISOString(),
      ]);
      const direct = app.preagg.upsertHourlyMetrics(first, new Date(second.getTime() + HOUR_MS));
      await eventually(async () => {
        const rows = await database.dataSource.query<unknown[]>(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`,
        );
        return rows.length > 0;
      }, 'a call that waits');
      await scene.insertRequests(database.dataSource, second, 5, 1);
      expect(await app.refresh.tick()).toMatchObject({ drainedHours: 1 });
      await holder.query('COMMIT');
      await direct;
      expect(await scene.storedRequests(database.dataSource, second)).toBe(4); // what it had read
    } finally {
      await holder.end();
    }
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, second)).toBe(9);
    await expectRight(database.url, await ago(240), await ago(0));
  });
});
