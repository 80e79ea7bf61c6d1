import { beforeEach, describe, expect, it } from '@jest/globals';
import { MinutesScene } from '../support/minutes-scene.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('minutes in trouble', () => {
  const scene = new MinutesScene('minutes_trouble', { retryBaseSeconds: 1_000, retryMaxSeconds: 3_000 });
  let bad: Date;
  let others: Date[];

  beforeEach(async () => {
    bad = new Date(+(await scene.ago(4)) + 30 * MINUTE_MS);
    others = [-1, 1, 2, 150, -3_000].map((minutes) => new Date(+bad + minutes * MINUTE_MS));
    await scene.insertRequests([bad, ...others], 6);
    await scene.insertFailures([bad, ...others], 2);
    // The purge edge lies far below.
    await scene.insertRequests(await scene.ago(70), 1);
    await scene.insertFailures(await scene.ago(70), 1);
    await scene.tick();
  });

  const throughAfter = async (before: Date): Promise<boolean> =>
    +((await scene.live()).through ?? NaN) >= +before;

  it('a failing one holds up no other, nor what minutes are complete to, and is stale until it is mended', async () => {
    await scene.query(
      `ALTER TABLE ops_metrics_minutely ADD CONSTRAINT broken CHECK (bucket_start <> '${bad.toISOString()}') NOT VALID`,
    );
    try {
      await scene.insertRequests([bad, ...others], 1);
      const before = await scene.now();
      expect(await scene.tick()).toMatchObject({
        failedBuckets: 1,
        drainedMinutes: others.length,
        pendingMinutes: 1,
        pendingHours: 0,
      });
      for (const minute of others) expect(await scene.requestsOf(minute)).toBe(7);
      expect(await scene.requestsOf(bad)).toBe(6);
      expect(await throughAfter(before)).toBe(true);
      expect(await scene.noted()).toEqual([{ at: bad.toISOString(), reason: 'new_rows', stale: true }]);
      expect((await scene.status()).failingBuckets).toMatchObject([
        { tier: 'minute', bucketStart: bad.toISOString(), attempts: 1 },
      ]);
      // Nor before its time, and the others go on.
      await scene.insertRequests([bad, ...others], 1);
      expect(await scene.tick()).toMatchObject({ failedBuckets: 0, drainedMinutes: others.length });
    } finally {
      await scene.query('ALTER TABLE ops_metrics_minutely DROP CONSTRAINT broken');
    }
    await scene.endPauses();
    expect(await scene.tick()).toMatchObject({ drainedMinutes: 1, pendingMinutes: 0 });
    expect(await scene.requestsOf(bad)).toBe(8);
    await scene.expectEverythingRight();
  });

  it('one that would lose more than half is held back, and the others go on', async () => {
    await scene.query('DELETE FROM usage_logs WHERE created_at = $1', [bad]);
    const before = await scene.now();
    await scene.tick();
    expect(await scene.requestsOf(bad)).toBe(6);
    const { suspiciousBuckets } = await scene.status();
    expect(suspiciousBuckets).toContainEqual(
      expect.objectContaining({ tier: 'minute', bucketStart: bad.toISOString(), reason: 'audit' }),
    );
    expect((await scene.noted()).filter(({ at }) => at === bad.toISOString())).toMatchObject([
      { stale: true },
    ]);
    await scene.insertRequests(others, 1);
    expect(await scene.tick()).toMatchObject({ drainedMinutes: others.length });
    for (const minute of others) expect(await scene.requestsOf(minute)).toBe(7);
    expect(await throughAfter(before)).toBe(true);

    const hour = new Date(Math.floor(+bad / HOUR_MS) * HOUR_MS);
    await scene.rebuilt({ from: hour, to: new Date(+hour + HOUR_MS), force: true });
    expect((await scene.status()).suspiciousBuckets).toEqual([]);
    expect((await scene.noted()).filter(({ stale }) => stale)).toEqual([]);
    await scene.expectEverythingRight();
  });

  it('an hour that late rows keep coming for rests between two recomputations, its minutes do not', async () => {
    const patient = await scene.start({ recomputeIntervalSeconds: 3_600 });
    const next = others[1] ?? bad;
    await scene.insertRequests([bad, next], 2);
    expect(await patient.refresh.tick()).toMatchObject({
      drainedMinutes: 2,
      drainedHours: 0,
      pendingHours: 1,
    });
    expect(await scene.requestsOf(next)).toBe(8);
    await scene.expectMinutesRight();
    await scene.insertRequests(bad, 1);
    expect(await patient.refresh.tick()).toMatchObject({
      drainedMinutes: 1,
      drainedHours: 0,
      pendingHours: 1,
    });
    await scene.expectMinutesRight();

    await scene.endPauses();
    expect(await patient.refresh.tick()).toMatchObject({ drainedHours: 1, pendingHours: 0 });
    // Its day may be over (in the first hours after midnight), and rests in its turn.
    await scene.endPauses();
    await patient.refresh.tick();
    await scene.expectEverythingRight();
  });
});

describe('minutes and several ticks', () => {
  const scene = new MinutesScene('minutes_ticks', { auditPercent: 0 });

  /** Every row of the module's tables, by where it lies and who wrote it. */
  async function written(): Promise<Map<string, readonly string[]>> {
    const tables = await scene.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'ops\\_%' AND relname <> 'ops_error_logs' ORDER BY 1`,
    );
    const versions = new Map<string, readonly string[]>();
    for (const { name } of tables) {
      const rows = await scene.query<{ row: string }>(
        `SELECT ctid::text || ' by ' || xmin::text AS row FROM ${name} ORDER BY 1`,
      );
      versions.set(
        name,
        rows.map(({ row }) => row),
      );
    }
    return versions;
  }

  async function tablesWrittenBy(work: () => Promise<unknown>): Promise<string[]> {
    const before = await written();
    await work();
    const after = await written();
    return [...after.keys()].filter((name) => after.get(name)?.join() !== before.get(name)?.join());
  }

  it('with nothing new write nothing, but for a heartbeat and live_through now and then', async () => {
    await scene.insertRequests([await scene.now(), await scene.ago(3)], 2);
    await scene.tick();
    await scene.tick();
    expect(await tablesWrittenBy(() => scene.tick())).toEqual([]);

    await scene.query(`UPDATE ops_metrics_live SET live_through = live_through - interval '45 seconds'`);
    const before = await scene.now();
    expect(await tablesWrittenBy(() => scene.tick())).toEqual(['ops_metrics_live']);
    expect(+((await scene.live()).through ?? NaN)).toBeGreaterThanOrEqual(+before);

    await scene.query(`UPDATE ops_job_heartbeats SET last_run_at = last_run_at - interval '1 minute'`);
    expect(await tablesWrittenBy(() => scene.tick())).toEqual(['ops_job_heartbeats']);
  });

  it('of two replicas at once leave every minute right', async () => {
    const apps = [scene.app, await scene.start({ auditPercent: 0 })];
    await scene.insertRequests(await scene.ago(30), 2);
    for (let round = 0; round < 6; round += 1) {
      const before = await scene.now();
      await scene.insertRequests(
        [before, await scene.minuteAgo(round), await scene.minuteAgo(90 + round)],
        2,
        1 + (round % 3),
      );
      const ticks = apps.map((app) => app.refresh.tick());
      await scene.insertRequests([await scene.now(), await scene.minuteAgo(30)], 1);
      for (const tick of await Promise.all(ticks)) expect(tick).toMatchObject({ failedBuckets: 0 });
    }
    await scene.tick();
    expect(await scene.noted()).toEqual([]);
    await scene.expectEverythingRight();
  });
});
