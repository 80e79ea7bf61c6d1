import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OpsModuleOptions } from '../../src/ops/index.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { selectRows } from '../../src/ops/sql/sql-runner.js';
import { recordFailure } from '../../src/ops/drain/sql/release.sql.js';
import type { OpsApp } from '../support/ops-app.js';
import { OpsScene } from '../support/ops-scene.js';
import { databaseNow } from '../support/rollup-check.js';

const HOUR_MS = 3_600_000;
const RETRY = { retryBaseSeconds: 1_000, retryMaxSeconds: 3_000 };

describe('a bucket that fails', () => {
  const scene = new OpsScene('refresh_failing_bucket', RETRY);
  /** The hour that fails; hours before, after and of other days do not. */
  let bad: Date;
  let others: Date[];

  beforeEach(async () => {
    // Two days ago, 05:00: closed neighbours on both sides within its day.
    const today = Math.floor((await databaseNow(scene.dataSource)).getTime() / (24 * HOUR_MS));
    bad = new Date((today - 2) * 24 * HOUR_MS + 5 * HOUR_MS);
    others = [-1, 1, 2, -24, -48, 24].map((hours) => new Date(bad.getTime() + hours * HOUR_MS));
    for (const hour of [bad, ...others]) {
      await scene.insertRequests(hour);
      await scene.insertFailures(hour);
    }
  });

  /** Breaks every write of the hour's rows, as a constraint or a trigger of the host might. */
  async function breakHour(): Promise<() => Promise<unknown>> {
    await scene.query(
      `ALTER TABLE ops_metrics_hourly ADD CONSTRAINT broken CHECK (bucket_start <> '${bad.toISOString()}') NOT VALID`,
    );
    return () => scene.query('ALTER TABLE ops_metrics_hourly DROP CONSTRAINT broken');
  }

  async function expectOthersStored(): Promise<void> {
    for (const hour of others) expect(await scene.storedRequests(hour)).toBe(3);
  }

  async function expectAllRight(): Promise<void> {
    await scene.maintain();
    await scene.expectAllRight();
  }

  it('holds up no other, is tried again after growing pauses, and recovers when the cause is gone', async () => {
    const mend = await breakHour();
    try {
      for (const [attempts, pause] of [
        [1, 1_000],
        [2, 2_000],
        [3, 3_000],
        [4, 3_000],
      ] as const) {
        const before = await databaseNow(scene.dataSource);
        const tick = await scene.tick();
        const after = await databaseNow(scene.dataSource);
        expect(tick).toMatchObject({ failedBuckets: 1, pendingHours: 1 });
        await expectOthersStored();
        const logged = await scene.loggedHour(bad, before);
        expect(logged).toMatchObject({ attempts, last_error: expect.stringContaining('23514') });
        expect(logged?.pause).toBeGreaterThanOrEqual(pause);
        expect(logged?.pause).toBeLessThanOrEqual(pause + (after.getTime() - before.getTime()) / 1000 + 1);

        // Not again before its time, not even for new rows.
        await scene.insertRequests(bad, 1);
        expect(await scene.tick()).toMatchObject({
          failedBuckets: 0,
          drainedHours: 0,
          pendingHours: 1,
        });
        expect(await scene.loggedHour(bad)).toMatchObject({ attempts });
        await scene.endPauses();
      }
      const status = await scene.status();
      expect(status.invalidations).toMatchObject({ pending: 1, failing: 1, suspicious: 0 });
      expect(status.failingBuckets).toMatchObject([{ bucketStart: bad.toISOString(), attempts: 4 }]);
    } finally {
      await mend();
    }
    expect(await scene.tick()).toMatchObject({ failedBuckets: 0, drainedHours: 1, pendingHours: 0 });
    expect(await scene.storedRequests(bad)).toBe(7);
    expect((await scene.status()).failingBuckets).toEqual([]);
    await expectAllRight();
  });

  it('has failed once where two workers have tried it at the same time', async () => {
    await scene.note(bad);
    const bucket = { tier: 'hour', start: bad.toISOString() } as const;
    const failures = await Promise.all(
      ['one', 'other'].map((error) => {
        const pause = { baseSeconds: 1_000, maxSeconds: 3_000 };
        return selectRows(scene.dataSource, recordFailure(OPS_TABLES, bucket, error, pause));
      }),
    );
    expect(failures.map((rows) => rows.length).toSorted()).toEqual([0, 1]);
    expect(await scene.loggedHour(bad)).toMatchObject({ attempts: 1 });
  });

  it('is tried at once by a rebuild, which ends and counts it as failed while it fails', async () => {
    const mend = await breakHour();
    const range = { from: new Date(bad.getTime() - 2 * HOUR_MS), to: new Date(bad.getTime() + 3 * HOUR_MS) };
    try {
      await scene.tick();
      expect((await scene.rebuilt(range)).hours).toEqual({ total: 5, done: 4, failed: 1, cancelled: 0 });
      expect(await scene.loggedHour(bad)).toMatchObject({ attempts: 1 });
    } finally {
      await mend();
    }
    expect((await scene.rebuilt(range)).hours).toEqual({ total: 5, done: 5, failed: 0, cancelled: 0 });
    await expectAllRight();
  });

  it('holds up no other day when every hour of its day fails', async () => {
    await scene.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'refused' USING ERRCODE = 'QQ001';
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ops_metrics_hourly FOR EACH ROW
        WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse()`);
    try {
      const tick = await scene.tick();
      expect(tick.failedBuckets).toBe(others.length + 1);
      expect(tick.pendingHours).toBe(others.length + 1);
      // The hours without a row have nothing to write, so nothing to fail on.
      expect(tick.drainedHours).toBeGreaterThan(24);
      expect(await scene.loggedHour(bad)).toMatchObject({
        attempts: 1,
        last_error: expect.stringContaining('QQ001'),
      });
    } finally {
      await scene.query('DROP TRIGGER refuse ON ops_metrics_hourly; DROP FUNCTION refuse');
    }
    await scene.endPauses();
    expect(await scene.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
    await expectAllRight();
  });

  /** The row of the bad hour is locked, as by somebody who edits it; every hour has new rows. */
  async function withLockedRow(
    limits: OpsModuleOptions,
    work: (impatient: OpsApp, release: () => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    await scene.tick();
    const impatient = await scene.start({ ...RETRY, ...limits });
    for (const hour of [bad, ...others]) await scene.insertRequests(hour, 1, 2);
    const holder = await scene.begin(
      `SELECT FROM ops_metrics_hourly WHERE bucket_start = '${bad.toISOString()}' FOR UPDATE`,
    );
    await work(impatient, () => holder.query('COMMIT'));
    await expectAllRight();
  }

  it('gives up a row that somebody has locked after statement_timeout, and gets it later', async () => {
    await withLockedRow({ statementTimeoutMs: 250 }, async (impatient, release) => {
      expect(await impatient.refresh.tick()).toMatchObject({ failedBuckets: 1, pendingHours: 1 });
      expect(await scene.loggedHour(bad)).toMatchObject({
        attempts: 1,
        last_error: expect.stringContaining('57014'),
      });
      for (const hour of others) expect(await scene.storedRequests(hour)).toBe(4);
      await release();
      await scene.endPauses();
      expect(await impatient.refresh.tick()).toMatchObject({ drainedHours: 1, pendingHours: 0 });
    });
  });

  it('is nobody’s failure where a lock_timeout ends it: the day is left to the next tick, the others are not', async () => {
    await withLockedRow({ lockTimeoutMs: 60 }, async (impatient, release) => {
      const tick = await impatient.refresh.tick();
      expect(tick).toMatchObject({ failedBuckets: 0 });
      expect(await scene.loggedHour(bad)).toMatchObject({
        attempts: 0,
        last_error: null,
      });
      for (const hour of others.filter((other) => !isSameDay(other, bad))) {
        expect(await scene.storedRequests(hour)).toBe(4);
      }
      await release();
      // At once: nobody was given a pause.
      expect(await impatient.refresh.tick()).toMatchObject({
        drainedHours: tick.pendingHours,
        pendingHours: 0,
      });
    });
  });
});

const isSameDay = (one: Date, other: Date): boolean =>
  one.toISOString().slice(0, 10) === other.toISOString().slice(0, 10);
