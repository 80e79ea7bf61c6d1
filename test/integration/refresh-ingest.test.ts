import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { DatabaseScene } from '../support/database-scene.js';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import { insertFailures, insertRequests, resetScene, staleHours } from '../support/refresh-scene.js';
import { expectRight } from '../support/rollup-check.js';

const DAYS = 12;
const ROWS_PER_HOUR = 150;
const HOUR_MS = 3_600_000;

/** One look at the server: who waits for whom, and what the rollup holds on the raw tables. */
const LOOK = `SELECT
  (SELECT count(*)::int FROM pg_stat_activity a
    WHERE a.application_name = 'test-writer' AND cardinality(pg_blocking_pids(a.pid)) > 0) AS waiting,
  (SELECT count(*)::int FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE a.application_name = 'rollup' AND l.relation IN ('usage_logs'::regclass, 'ops_error_logs'::regclass, 'groups'::regclass)
      AND l.mode = 'AccessShareLock') AS reading,
  (SELECT count(*)::int FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE a.application_name = 'rollup' AND l.relation IN ('usage_logs'::regclass, 'ops_error_logs'::regclass, 'groups'::regclass)
      AND l.mode <> 'AccessShareLock') AS stronger`;

interface Look {
  readonly waiting: number;
  readonly reading: number;
  readonly stronger: number;
}

describe('ingest during a rebuild of everything', () => {
  const scene = new DatabaseScene('refresh_ingest');
  /** Its sessions are told apart by their name. */
  let app: OpsApp;
  let from: Date;
  let to: Date;

  beforeAll(async () => {
    const url = new URL(scene.url);
    url.searchParams.set('application_name', 'rollup');
    app = await createOpsApp(url.href, { maxRebuildDays: 100 });
    scene.defer(() => app.close());
    await resetScene(scene.dataSource);
    [from, to] = [await scene.ago(DAYS * 24), await scene.ago(0)];
    for (const table of [
      `usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, created_at) SELECT 1, 1, 1, 'm', 1 + i % 3, i % 997`,
      `ops_error_logs (error_phase, error_type, platform, status_code, created_at) SELECT 'upstream', 'e', 'openai', 500`,
    ]) {
      await scene.query(
        `INSERT INTO ${table}, h + i * interval '1 second'
           FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS h,
                generate_series(1, $3::int) AS i`,
        [from, to, ROWS_PER_HOUR],
      );
    }
    await scene.query('ANALYZE');
    await app.refresh.tick();
  });

  const isEnded = async (id: string): Promise<boolean> =>
    (await app.rebuilds.progress(id)).state === 'finished';

  it('never waits for a lock of the rollup, which only reads the raw tables', async () => {
    const looks: Look[] = [];
    let writing = true;
    const write = async (writer: pg.Client, index: number): Promise<number> => {
      let written = 0;
      // Current, late, and in transactions of several statements; in all hours that are being rebuilt.
      for (; writing; written += 1) {
        const at = new Date(to.getTime() - ((written * 37 + index) % (DAYS * 24)) * HOUR_MS);
        await writer.query('BEGIN');
        await insertRequests(writer, at, 2, 1 + (written % 3));
        await insertFailures(writer, at, 1);
        await writer.query('COMMIT');
      }
      return written;
    };
    const written = [await scene.connect(), await scene.connect()].map(write);
    try {
      for (let round = 0; round < 2; round += 1) {
        const { id } = await app.rebuilds.request({ from, to });
        const tick = app.refresh.tick();
        while (!(await isEnded(id))) looks.push(...(await scene.query<Look>(LOOK)));
        await tick;
      }
    } finally {
      writing = false;
    }
    for (const count of await Promise.all(written)) expect(count).toBeGreaterThan(20);
    expect(looks.some(({ reading }) => reading > 0)).toBe(true); // it was looked at while it read
    expect(looks.filter(({ waiting, stronger }) => waiting > 0 || stronger > 0)).toEqual([]);
    expect((await app.refresh.tick()).failedBuckets).toBe(0);
    await app.refresh.maintain();
    const { differences } = await app.verify.verify(from, to);
    expect(differences).toEqual([]);
  });

  it.each(['usage_logs', 'ops_error_logs', 'groups'])(
    'lets LOCK TABLE %s IN ACCESS EXCLUSIVE MODE through in the middle',
    async (table) => {
      const migration = await scene.connect();
      const { id } = await app.rebuilds.request({ from, to });
      await eventually(async () => (await app.rebuilds.progress(id)).hours.done > 24, 'a day rebuilt');
      // Waits for the transactions that read just now: at most one on each of two connections.
      await migration.query('BEGIN');
      await migration.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const left = (await staleHours(scene.dataSource)).filter((hour) => new Date(hour) < to).length;
      await migration.query('COMMIT');
      expect(left).toBeGreaterThan(24);
      await eventually(() => isEnded(id), 'an ended rebuild');
      expect((await app.rebuilds.progress(id)).hours).toEqual({
        total: DAYS * 24,
        done: DAYS * 24,
        failed: 0,
        cancelled: 0,
      });
    },
  );

  it('waits for a migration that keeps its lock, and goes on without loss when it ends', async () => {
    const impatient = await createOpsApp(scene.url, {
      lockTimeoutMs: 50,
      retryBaseSeconds: 1,
      retryMaxSeconds: 1,
    });
    scene.defer(() => impatient.close());
    const migration = await scene.connect();
    await insertRequests(migration, new Date(to.getTime() - 30 * HOUR_MS), 5);
    await impatient.refresh.tick();
    await impatient.rebuilds.request({ from: new Date(to.getTime() - 30 * HOUR_MS), to });
    await migration.query('BEGIN; LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE');
    await impatient.rebuilds.resume(); // after the drain that the request has started
    await expect(impatient.refresh.tick()).rejects.toMatchObject({ driverError: { code: '55P03' } });
    // Somebody was in the way, which is nobody's failure.
    const { invalidations } = await impatient.status.status();
    expect(invalidations).toMatchObject({ pending: expect.any(Number), failing: 0 });
    expect(invalidations.pending).toBeGreaterThan(0);
    await migration.query('COMMIT');
    await eventually(
      async () => (await impatient.refresh.tick()).pendingHours === 0,
      'every hour drained after the migration',
    );
    await app.refresh.maintain();
    await expectRight(scene.url, from, to);
  });
});
