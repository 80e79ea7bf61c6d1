import { DEFINITION_VERSION } from '../../src/ops/definitions/definition-version.js';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { OpsScene } from '../support/ops-scene.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** Both sides of every hour: requests and errors, overall. */
const SIDES = `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24') AS hour, success_count::int AS requests,
  error_count_total::int AS errors, upstream_error_count_excl_429_529::int AS upstream
FROM ops_metrics_hourly WHERE platform IS NULL AND group_id IS NULL ORDER BY 1`;

const GROUP_SIDES = `SELECT platform, group_id, sum(success_count)::int AS requests, sum(error_count_total)::int AS errors,
  sum(duration_sum_ms)::bigint AS ms, sum(cardinality(duration_values))::int AS latencies
FROM ops_metrics_hourly GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST`;

interface Sides {
  requests: number;
  errors: number;
}
type HourSides = Sides & { hour: string };
type GroupSides = Sides & { platform: string | null };

describe('the two sides of an hour', () => {
  const scene = new OpsScene('history_sides');
  const { ago } = scene;
  const sides = (): Promise<HourSides[]> => scene.query(SIDES);
  const sidesOf = async (hour: Date): Promise<HourSides | undefined> =>
    (await sides()).find((row) => row.hour === hour.toISOString().slice(0, 13));
  const remove = (table: string, before: Date): Promise<unknown> =>
    scene.query(`DELETE FROM ${table} WHERE created_at < $1::timestamptz`, [before]);

  /** Six days of requests and errors in every second hour, rolled up. */
  async function writeSixDays(): Promise<void> {
    for (let hours = 6 * DAY_HOURS; hours > 0; hours -= 2) {
      await scene.insertRequests(await ago(hours), 4, 1 + (hours % 3));
      await scene.insertFailures(await ago(hours), 2, hours % 4 === 0 ? null : 'openai');
    }
    await scene.tick();
    await scene.maintain();
  }

  /** Late requests in nine old hours; what their hours come to. */
  async function insertLate(): Promise<void> {
    for (let hours = 60; hours < 60 + 9 * 8; hours += 8) {
      await scene.insertRequests(await ago(hours), 1, 2);
    }
  }

  it('keeps stored errors where error rows were purged first, and takes up late requests', async () => {
    await writeSixDays();
    const before = await sides();
    await remove('ops_error_logs', await ago(48));
    await insertLate();
    expect(await scene.tick()).toMatchObject({
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
    const [daily] = await scene.query<{ requests: number; errors: number }>(
      `SELECT sum(success_count)::int AS requests, sum(error_count_total)::int AS errors FROM ops_metrics_daily
        WHERE platform IS NULL AND bucket_date < $1::date`,
      [await ago(0)],
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
    const before = await scene.query<GroupSides>(GROUP_SIDES);
    const errorsBefore = await sides();
    await remove('ops_error_logs', await ago(48));
    await scene.query('UPDATE ops_metrics_hourly SET definition_version = 1');
    for (let round = 0; round < 2; round += 1) {
      await scene.maintain();
      expect(await scene.tick()).toMatchObject({
        suspiciousHours: 0,
        pendingHours: 0,
        pendingDays: 0,
      });
      expect(await sides()).toEqual(errorsBefore);
    }
    expect(await scene.query(GROUP_SIDES)).toEqual(before);
    const [{ old } = { old: -1 }] = await scene.query<{ old: number }>(
      `SELECT count(*)::int AS old FROM ops_metrics_hourly WHERE definition_version <> ${DEFINITION_VERSION}`,
    );
    expect(old).toBe(0);
  });

  it('keeps stored requests, with their latencies, where usage rows were purged first', async () => {
    await writeSixDays();
    const before = await scene.query<GroupSides>(GROUP_SIDES);
    await remove('usage_logs', await ago(48));
    for (const hours of [60, 100, 142]) {
      await scene.insertFailures(await ago(hours), 2, 'gemini');
    }
    expect(await scene.tick()).toMatchObject({
      drainedHours: 3,
      suspiciousHours: 0,
      pendingHours: 0,
    });
    const after = await scene.query<GroupSides>(GROUP_SIDES);
    expect(after.filter(({ platform }) => platform === 'gemini')).toEqual([
      { platform: 'gemini', group_id: null, requests: 0, errors: 6, ms: '0', latencies: null },
    ]);
    const isOfGroups = ({ platform }: GroupSides): boolean =>
      platform === 'openai' || platform === 'anthropic';
    expect(after.filter(isOfGroups)).toEqual(before.filter(isOfGroups));
    const [overall] = before;
    expect(after[0]).toEqual({ ...overall, errors: (overall?.errors ?? 0) + 6 });
  });

  it('keeps what another program wrote when its database is adopted in that state', async () => {
    await writeSixDays();
    const before = await sides();
    await remove('ops_error_logs', await ago(48));
    // As another program left them: rows without anything of ours, and nothing remembered.
    await scene.query(
      'UPDATE ops_metrics_hourly SET definition_version = 0, written_at = NULL; UPDATE ops_metrics_daily SET definition_version = 0, written_at = NULL',
    );
    await scene.query('TRUNCATE ops_detect_state, ops_metrics_invalidations');
    await scene.tick();
    await scene.maintain();
    await scene.tick();
    expect(await sides()).toEqual(before);
  });

  it('holds one back where it would vanish above the floor, and takes up the other', async () => {
    await writeSixDays();
    const hour = await ago(50);
    await scene.query('DELETE FROM ops_error_logs WHERE created_at = $1::timestamptz', [hour]);
    await scene.insertRequests(hour, 2, 2);
    const stored = await sidesOf(hour);
    expect(await scene.tick()).toMatchObject({ suspiciousHours: 1, pendingHours: 0 });
    expect(await sidesOf(hour)).toEqual({ ...stored, requests: (stored?.requests ?? 0) + 2 });
    expect((await scene.status()).suspiciousBuckets).toMatchObject([
      { tier: 'hour', bucketStart: hour.toISOString() },
      { tier: 'minute', bucketStart: hour.toISOString() },
    ]);
    await scene.rebuilt({ from: hour, to: new Date(hour.getTime() + HOUR_MS), force: true });
    expect((await scene.status()).suspiciousBuckets).toEqual([]);
    await scene.tick();
    await scene.expectRight();
  });

  it('has a floor of its own for each table, where a retention is set', async () => {
    const keeper = await scene.start({ rawRetentionDays: { usageLogs: 5, errorLogs: 2 } });
    await writeSixDays();
    // Not purged yet: the configured limit alone keeps the errors.
    const hour = await ago(100);
    const was = await sidesOf(hour);
    await scene.insertFailures(hour, 3);
    await scene.insertRequests(hour, 1, 3);
    expect(await keeper.refresh.tick()).toMatchObject({ belowFloorRows: 3, drainedHours: 1 });
    expect(await sidesOf(hour)).toEqual({ ...was, requests: (was?.requests ?? 0) + 1 });
    const { rawFloor, rawFloors } = await keeper.status.status();
    expect(rawFloor).toBe(rawFloors.usageLogs);
    expect(Date.parse(rawFloors.errorLogs ?? '')).toBeGreaterThan(Date.parse(rawFloors.usageLogs ?? ''));
  });

  const ORDERS = { 'oldest first': 'created_at, id', 'in any order': 'md5(id::text)' };

  it.each(Object.entries(ORDERS))(
    'under a purge in batches, %s, no hour shrinks, and rows deleted elsewhere are found',
    async (_name, order) => {
      await writeSixDays();
      const before = await sides();
      const elsewhere = await ago(20);
      const cutoff = await ago(70);
      for (const table of ['usage_logs', 'ops_error_logs']) {
        for (let left = true; left;) {
          const [, deleted] = await scene.dataSource.query<[unknown, number]>(
            `DELETE FROM ${table} WHERE id IN (
             SELECT id FROM ${table} WHERE created_at < $1::timestamptz ORDER BY ${order} LIMIT 17)`,
            [cutoff],
          );
          left = deleted > 0;
          await scene.tick();
          await scene.maintain();
        }
      }
      expect(await sides()).toEqual(before);

      await scene.query(
        `DELETE FROM usage_logs WHERE id = (SELECT min(id) FROM usage_logs WHERE created_at = $1::timestamptz)`,
        [elsewhere],
      );
      expect(await scene.tick()).toMatchObject({ differingHours: 1, losingHours: 1 });
      expect(await sides()).toEqual(before);
      const { losingBuckets } = await scene.status();
      expect(losingBuckets.map(({ bucketStart }) => bucketStart)).toContain(elsewhere.toISOString());
      await scene.query(
        `UPDATE ops_metrics_invalidations SET loss_seen_at = loss_seen_at - interval '2 hours', next_attempt_at = clock_timestamp()`,
      );
      await scene.tick();
      const at = elsewhere.toISOString().slice(0, 13);
      expect(await sides()).toEqual(before.map((row) => (row.hour === at ? { ...row, requests: 3 } : row)));
    },
  );

  it('is not emptied below a purge by a direct call, unless that is forced', async () => {
    await writeSixDays();
    const before = await sides();
    const [from, to] = [await ago(140), await ago(100)];
    await remove('ops_error_logs', await ago(48));
    await remove('usage_logs', await ago(48));
    expect(await scene.app.preagg.upsertHourlyMetrics(from, to)).toBe(0);
    expect(await sides()).toEqual(before);
    await scene.app.preagg.upsertHourlyMetrics(from, to, undefined, { force: true });
    expect(await sides()).toHaveLength(before.length - 20);
  });

  it('of a direct call that read before a drain and wrote after it are put right by the next one', async () => {
    await writeSixDays();
    const [first, second] = [await ago(32), await ago(30)];
    // The call has read both hours, and waits before it writes the first.
    const holder = await scene.begin(
      `SELECT FROM ops_metrics_hourly WHERE bucket_start = '${first.toISOString()}' FOR UPDATE`,
    );
    const direct = scene.app.preagg.upsertHourlyMetrics(first, new Date(second.getTime() + HOUR_MS));
    await eventually(async () => (await scene.waiting()) > 0, 'a call that waits');
    await scene.insertRequests(second, 5, 1);
    expect(await scene.tick()).toMatchObject({ drainedHours: 1 });
    await holder.query('COMMIT');
    await direct;
    expect(await scene.storedRequests(second)).toBe(4); // what it had read
    await scene.tick();
    expect(await scene.storedRequests(second)).toBe(9);
    await scene.expectRight();
  });
});
