import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OpsBelowFloorError } from '../../src/ops/index.js';
import type { OpsApp } from '../support/ops-app.js';
import { OpsScene } from '../support/ops-scene.js';
import { databaseNow } from '../support/rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const hourLater = (hour: Date): Date => new Date(hour.getTime() + HOUR_MS);

describe('history whose raw rows are gone, with a retention', () => {
  const scene = new OpsScene('refresh_floor');
  const { ago } = scene;
  const daysAgo = (days: number): Promise<Date> => ago(days * DAY_HOURS);
  /** Knows that usage and error rows are kept for 10 days: below nothing is recomputed. */
  let keeper: OpsApp;
  /** Knows that usage rows are kept for 10 days and error rows for 20. */
  let lopsided: OpsApp;
  beforeAll(async () => {
    keeper = await scene.start({ rawRetentionDays: { usageLogs: 10, errorLogs: 10 } });
    lopsided = await scene.start({ rawRetentionDays: { usageLogs: 10, errorLogs: 20 } });
  });

  let below: Date;
  let floor: Date;

  beforeEach(async () => {
    below = await daysAgo(15);
    for (const days of [15, 14, 12, 5, 2]) {
      await scene.insertRequests(await daysAgo(days));
      await scene.insertFailures(await daysAgo(days));
    }
    await scene.tick();
    await scene.maintain();
    floor = await daysAgo(10);
    await scene.query('DELETE FROM usage_logs WHERE created_at < $1::timestamptz', [floor]);
  });

  /** Every column of the hours below the floor; and of the days, which may be merged anew, all that they say. */
  const frozen = async (): Promise<string[]> => [
    await scene.frozen(floor),
    (await scene.frozen(floor, 'daily')).replaceAll(
      /,"(?:definition_version|computed_at|written_at)":[^,}]*/g,
      '',
    ),
  ];

  it('is not changed by anything automatic: late rows, definitions, the audit, verify, old notes', async () => {
    await scene.query('UPDATE ops_metrics_hourly SET definition_version = 0');
    await scene.query('UPDATE ops_metrics_daily SET definition_version = 0');
    const before = await frozen();
    for (const text of before) expect(text).toContain(below.toISOString().slice(0, 10));

    await scene.insertRequests(below, 2);
    await scene.insertFailures(await daysAgo(14), 1);
    await scene.insertRequests(await daysAgo(5), 1);
    expect(await keeper.refresh.tick()).toMatchObject({
      belowFloorRows: 3,
      belowFloorHours: 0, // not even noted
      drainedHours: 1,
      pendingHours: 0,
    });
    const { rawTables, rawFloor } = await keeper.status.status();
    expect(rawTables.map(({ belowFloorRows }) => belowFloorRows)).toEqual(['2', '1']);
    expect(Date.parse(rawFloor ?? '')).toBeGreaterThanOrEqual(floor.getTime());

    // Counted once, also when the same rows are looked at again.
    expect(await keeper.refresh.tick()).toMatchObject({ belowFloorRows: 0 });
    expect((await keeper.refresh.maintain()).oldDefinitionHours).toBe(1); // of 2: one has just been recomputed
    expect(await keeper.refresh.tick()).toMatchObject({ drainedHours: 1 });

    // The audit, which each tick runs, has looked at none of them.
    expect(await keeper.refresh.tick()).toMatchObject({ differingHours: 0, differingDays: 0 });
    const report = await keeper.verify.verify(await daysAgo(20), await ago(0), true);
    expect(report).toMatchObject({
      differenceCount: 0,
      notedHours: 0,
      // The purged ones, and the one of the late error row.
      unjudgedCount: 3,
    });

    // Noted when the limit did not exist yet.
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason)
       SELECT bucket_start, 'new_rows' FROM ops_metrics_hourly WHERE platform IS NULL`,
    );
    expect(await keeper.refresh.tick()).toMatchObject({
      belowFloorHours: 3,
      drainedHours: 2,
      pendingHours: 0,
    });
    await keeper.refresh.maintain();
    expect(await frozen()).toEqual(before);
  });

  it('is not touched by a first run either', async () => {
    const before = await frozen();
    await scene.query('TRUNCATE ops_detect_state');
    expect(await keeper.refresh.tick()).toMatchObject({ belowFloorHours: 0 });
    await keeper.refresh.maintain();
    expect(await frozen()).toEqual(before);
  });

  it('keeps only the side whose retention is over, and takes up the other', async () => {
    const at14 = await daysAgo(14);
    await scene.insertRequests(at14, 2);
    await scene.insertFailures(at14, 1);
    await scene.insertFailures(await daysAgo(21), 1);
    expect(await lopsided.refresh.tick()).toMatchObject({ belowFloorRows: 3, drainedHours: 1 });
    const rows = await scene.query<object>(
      `SELECT platform, group_id, success_count AS requests, error_count_total AS errors, token_consumed AS tokens,
              duration_p50_ms AS p50
         FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz ORDER BY platform NULLS FIRST, group_id NULLS FIRST`,
      [at14],
    );
    const usage = { requests: '3', tokens: '66', p50: 174 };
    expect(rows).toEqual([
      { platform: null, group_id: null, errors: '3', ...usage },
      { platform: 'openai', group_id: null, errors: '3', ...usage },
      { platform: 'openai', group_id: '1', errors: '0', ...usage },
    ]);
    expect(await scene.stored(at14, 'daily')).toEqual({ requests: 3, errors: 3 });

    const { rawFloor, rawFloors } = await lopsided.status.status();
    expect(rawFloor).toBe(rawFloors.errorLogs);
    expect(Date.parse(rawFloors.errorLogs ?? '')).toBeLessThan(Date.parse(rawFloors.usageLogs ?? ''));
    // Below both floors a rebuild is refused, below one of them it does what it can.
    await expect(lopsided.rebuilds.request({ from: await daysAgo(21), to: at14 })).rejects.toBeInstanceOf(
      OpsBelowFloorError,
    );
    const { hours } = await scene.rebuilt({ from: at14, to: hourLater(at14) }, lopsided);
    expect(hours).toMatchObject({ done: 1, failed: 0 });
    expect(await scene.storedRequests(at14)).toBe(3);
  });

  it('refuses a rebuild below the floor and names it; a forced one works, and is on record', async () => {
    const before = await frozen();
    const request = { from: below, to: hourLater(below), reason: 'asked by finance' };
    const refused = await keeper.rebuilds.request(request).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OpsBelowFloorError);
    const named = (refused as OpsBelowFloorError).floor;
    expect(named.getTime()).toBeGreaterThan(floor.getTime());
    expect(named.getTime()).toBeLessThanOrEqual(
      (await databaseNow(scene.dataSource)).getTime() - 10 * DAY_HOURS * HOUR_MS,
    );
    // One hour of the range below the floor is enough.
    await expect(
      keeper.rebuilds.request({ from: await daysAgo(11), to: await daysAgo(1) }),
    ).rejects.toBeInstanceOf(OpsBelowFloorError);
    expect(await keeper.rebuilds.list()).toEqual([]);
    await keeper.refresh.tick();
    expect(await frozen()).toEqual(before);

    const { id } = await scene.rebuilt({ ...request, force: true }, keeper, 'ann');
    // Its usage rows are gone, and that is what it was told to see; its error rows are still there.
    expect(await scene.storedRequests(below)).toBe(0);
    const [record] = await scene.query<object>(
      'SELECT forced, requested_by, reason FROM ops_rebuilds WHERE id = $1::bigint',
      [id],
    );
    expect(record).toEqual({ forced: true, requested_by: 'ann', reason: 'asked by finance' });
    expect(await scene.stored(below, 'daily')).toMatchObject({ requests: 0 });
  });
});
