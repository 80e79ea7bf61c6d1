import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpsModuleOptions } from '../../src/ops/index.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { selectRows } from '../../src/ops/sql/sql-runner.js';
import { recordFailure } from '../../src/ops/drain/sql/release.sql.js';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { databaseNow, expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const RETRY = { retryBaseSeconds: 1_000, retryMaxSeconds: 3_000 };

describe('a bucket that fails', () => {
  let database: TestDatabase;
  let app: OpsApp;
  /** The hour that fails; hours before, after and of other days do not. */
  let bad: Date;
  let others: Date[];

  beforeAll(async () => {
    database = await createTestDatabase('refresh_failing_bucket');
    app = await createOpsApp(database.url, RETRY);
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
    // Two days ago, 05:00: closed neighbours on both sides within its day.
    const today = Math.floor((await databaseNow(database.dataSource)).getTime() / (24 * HOUR_MS));
    bad = new Date((today - 2) * 24 * HOUR_MS + 5 * HOUR_MS);
    others = [-1, 1, 2, -24, -48, 24].map((hours) => new Date(bad.getTime() + hours * HOUR_MS));
    for (const hour of [bad, ...others]) {
      await scene.insertRequests(database.dataSource, hour);
      await scene.insertFailures(database.dataSource, hour);
    }
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  /** Breaks every write of the hour's rows, as a constraint or a trigger of the host might. */
  async function breakHour(): Promise<() => Promise<unknown>> {
    await database.dataSource.query(
      `ALTER TABLE ops_metrics_hourly ADD CONSTRAINT broken CHECK (bucket_start <> '${bad.toISOString()}') NOT VALID`,
    );
    return () => database.dataSource.query('ALTER TABLE ops_metrics_hourly DROP CONSTRAINT broken');
  }

  async function expectOthersStored(): Promise<void> {
    for (const hour of others) expect(await scene.storedRequests(database.dataSource, hour)).toBe(3);
  }

  async function expectAllRight(): Promise<void> {
    const now = await hoursAgo(database.dataSource, 0);
    const stale = await scene.staleHours(database.dataSource);
    expect(stale.filter((hour) => new Date(hour) < now)).toEqual([]);
    await app.refresh.maintain();
    await expectRight(database.url, await hoursAgo(database.dataSource, 240), now);
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
        const before = await databaseNow(database.dataSource);
        const tick = await app.refresh.tick();
        const after = await databaseNow(database.dataSource);
        expect(tick).toMatchObject({ failedBuckets: 1, pendingHours: 1 });
        await expectOthersStored();
        const logged = await scene.loggedHour(database.dataSource, bad, before);
        expect(logged).toMatchObject({ attempts, last_error: expect.stringContaining('23514') });
        expect(logged?.pause).toBeGreaterThanOrEqual(pause);
        expect(logged?.pause).toBeLessThanOrEqual(pause + (after.getTime() - before.getTime()) / 1000 + 1);

        // Not again before its time, not even for new rows.
        await scene.insertRequests(database.dataSource, bad, 1);
        expect(await app.refresh.tick()).toMatchObject({
          failedBuckets: 0,
          drainedHours: 0,
          pendingHours: 1,
        });
        expect(await scene.loggedHour(database.dataSource, bad)).toMatchObject({ attempts });
        await scene.endPauses(database.dataSource);
      }
      const status = await app.status.status();
      expect(status.invalidations).toMatchObject({ pending: 1, failing: 1, suspicious: 0 });
      expect(status.failingBuckets).toMatchObject([{ bucketStart: bad.toISOString(), attempts: 4 }]);
    } finally {
      await mend();
    }
    expect(await app.refresh.tick()).toMatchObject({ failedBuckets: 0, drainedHours: 1, pendingHours: 0 });
    expect(await scene.storedRequests(database.dataSource, bad)).toBe(7);
    expect((await app.status.status()).failingBuckets).toEqual([]);
    await expectAllRight();
  });

  it('has failed once where two workers have tried it at the same time', async () => {
    await database.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ($1::timestamptz, 'verify')`,
      [bad.toISOString()],
    );
    const bucket = { tier: 'hour', start: bad.toISOString() } as const;
    const failures = await Promise.all(
      ['one', 'other'].map((error) => {
        const pause = { baseSeconds: 1_000, maxSeconds: 3_000 };
        return selectRows(database.dataSource, recordFailure(OPS_TABLES, bucket, error, pause));
      }),
    );
    expect(failures.map((rows) => rows.length).toSorted()).toEqual([0, 1]);
    expect(await scene.loggedHour(database.dataSource, bad)).toMatchObject({ attempts: 1 });
  });

  it('is tried at once by a rebuild, which ends and counts it as failed while it fails', async () => {
    const mend = await breakHour();
    const range = { from: new Date(bad.getTime() - 2 * HOUR_MS), to: new Date(bad.getTime() + 3 * HOUR_MS) };
    const ended = async (id: string): Promise<boolean> =>
      (await app.rebuilds.progress(id)).state === 'finished';
    try {
      await app.refresh.tick();
      const { id } = await app.rebuilds.request(range);
      await eventually(() => ended(id), 'an ended rebuild');
      expect((await app.rebuilds.progress(id)).hours).toEqual({ total: 5, done: 4, failed: 1, cancelled: 0 });
      expect(await scene.loggedHour(database.dataSource, bad)).toMatchObject({ attempts: 1 });
    } finally {
      await mend();
    }
    const { id } = await app.rebuilds.request(range);
    await eventually(() => ended(id), 'an ended rebuild');
    expect((await app.rebuilds.progress(id)).hours).toEqual({ total: 5, done: 5, failed: 0, cancelled: 0 });
    await expectAllRight();
  });

  it('holds up no other day when every hour of its day fails', async () => {
    await database.dataSource.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'refused' USING ERRCODE = 'QQ001';
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ops_metrics_hourly FOR EACH ROW
        WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse()`);
    try {
      const tick = await app.refresh.tick();
      expect(tick.failedBuckets).toBe(others.length + 1);
      expect(tick.pendingHours).toBe(others.length + 1);
      // The hours without a row have nothing to write, so nothing to fail on.
      expect(tick.drainedHours).toBeGreaterThan(24);
      expect(await scene.loggedHour(database.dataSource, bad)).toMatchObject({
        attempts: 1,
        last_error: expect.stringContaining('QQ001'),
      });
    } finally {
      await database.dataSource.query('DROP TRIGGER refuse ON ops_metrics_hourly; DROP FUNCTION refuse');
    }
    await scene.endPauses(database.dataSource);
    expect(await app.refresh.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
    await expectAllRight();
  });

  /** The row of the bad hour is locked, as by somebody who edits it; every hour has new rows. */
  async function withLockedRow(
    limits: OpsModuleOptions,
    work: (impatient: OpsApp, release: () => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    await app.refresh.tick();
    const impatient = await createOpsApp(database.url, { ...RETRY, ...limits });
    const holder = await scene.connect(database.url);
    try {
      for (const hour of [bad, ...others]) await scene.insertRequests(database.dataSource, hour, 1, 2);
      await holder.query('BEGIN');
      await holder.query('SELECT FROM ops_metrics_hourly WHERE bucket_start = $1::timestamptz FOR UPDATE', [
        bad.toISOString(),
      ]);
      await work(impatient, () => holder.query('COMMIT'));
    } finally {
      await holder.end();
      await impatient.close();
    }
    await expectAllRight();
  }

  it('gives up a row that somebody has locked after statement_timeout, and gets it later', async () => {
    await withLockedRow({ statementTimeoutMs: 250 }, async (impatient, release) => {
      expect(await impatient.refresh.tick()).toMatchObject({ failedBuckets: 1, pendingHours: 1 });
      expect(await scene.loggedHour(database.dataSource, bad)).toMatchObject({
        attempts: 1,
        last_error: expect.stringContaining('57014'),
      });
      for (const hour of others) expect(await scene.storedRequests(database.dataSource, hour)).toBe(4);
      await release();
      await scene.endPauses(database.dataSource);
      expect(await impatient.refresh.tick()).toMatchObject({ drainedHours: 1, pendingHours: 0 });
    });
  });

  it('is nobody’s failure where a lock_timeout ends it: the day is left to the next tick, the others are not', async () => {
    await withLockedRow({ lockTimeoutMs: 60 }, async (impatient, release) => {
      const tick = await impatient.refresh.tick();
      expect(tick).toMatchObject({ failedBuckets: 0 });
      expect(await scene.loggedHour(database.dataSource, bad)).toMatchObject({
        attempts: 0,
        last_error: null,
      });
      for (const hour of others.filter((other) => !isSameDay(other, bad))) {
        expect(await scene.storedRequests(database.dataSource, hour)).toBe(4);
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
