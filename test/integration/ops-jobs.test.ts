import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConsoleLogger } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { OpsModule, OpsOptionsError, type OpsModuleOptions } from '../../src/ops/index.js';
import { OpsJobs } from '../../src/ops/jobs/ops-jobs.service.js';
import { eventually } from '../support/eventually.js';
import { usage } from '../support/spec-rows.js';
import * as rows from '../support/raw-rows.js';
import { DatabaseScene } from '../support/database-scene.js';
import { insertRequests } from '../support/refresh-scene.js';

const HOURLY = 'ops_rollup_refresh';
const DAILY = 'ops_rollup_maintenance';
const EVERY_SECOND = '* * * * * *';
/** Once in a long while: not during a test. */
const NEVER = '0 0 29 2 *';

interface Heartbeat {
  job_name: string;
  last_run_at: Date;
  last_success_at: Date | null;
  last_error_at: Date | null;
  last_error: string | null;
  last_duration_ms: string;
  last_result: string | null;
}

describe('scheduled jobs', () => {
  const scene = new DatabaseScene('ops_jobs');

  beforeAll(async () => {
    await rows.insertGroups(scene.dataSource, [{ id: 1, name: 'one', platform: 'openai' }]);
  });
  beforeEach(async () => {
    await scene.query(
      `TRUNCATE usage_logs, ops_job_heartbeats, ops_metrics_invalidations, ops_detect_state, ops_metrics_hourly,
        ops_metrics_daily`,
    );
  });

  async function start(options: OpsModuleOptions, withSchedule = true): Promise<TestingModule> {
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRoot(dataSourceOptions(scene.url)),
        ...(withSchedule ? [ScheduleModule.forRoot()] : []),
        OpsModule.forRoot({ safeDelaySeconds: 0, refreshCron: NEVER, maintenanceCron: NEVER, ...options }),
      ],
    })
      .setLogger(new ConsoleLogger({ logLevels: [] }))
      .compile();
    scene.defer(() => module.close());
    return module.init();
  }

  async function heartbeats(): Promise<Map<string, Heartbeat>> {
    const found = await scene.query<Heartbeat>('SELECT * FROM ops_job_heartbeats');
    return new Map(found.map((row) => [row.job_name, row]));
  }

  const jobOf = (app: TestingModule, name: string) => app.get(SchedulerRegistry).getCronJob(name);

  it('run at start: first the hourly one, then the daily one', async () => {
    const date = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    await insertUsageOn(`${date}T05:10:00Z`);
    await start({});
    await eventually(async () => (await heartbeats()).has(DAILY), 'the maintenance job');
    const beats = await heartbeats();
    expect(beats.get(HOURLY)).toMatchObject({ last_error: null, last_error_at: null });
    expect(JSON.parse(beats.get(HOURLY)?.last_result ?? '')).toMatchObject({
      failedBuckets: 0,
      pendingHours: 0,
    });
    expect(beats.get(DAILY)?.last_success_at).toBeInstanceOf(Date);
    expect(Number(beats.get(DAILY)?.last_duration_ms)).toBeGreaterThanOrEqual(0);
    expect((await rows.readDaily(scene.dataSource)).map((row) => row.bucket_date)).toEqual(
      Array<string>(3).fill(date),
    );
  });

  it('run by their cron options', async () => {
    await start({ runJobsAtStart: false, refreshCron: EVERY_SECOND, maintenanceCron: EVERY_SECOND });
    const first = await eventually(async () => (await heartbeats()).get(HOURLY), 'the refresh job');
    await eventually(async () => (await heartbeats()).has(DAILY), 'the maintenance job');
    await eventually(
      async () => (await heartbeats()).get(HOURLY)?.last_run_at.getTime() !== first.last_run_at.getTime(),
      'a second run',
    );
  });

  it('take each the expression that is theirs, in UTC', async () => {
    const app = await start({
      runJobsAtStart: false,
      refreshCron: '3 4 * * *',
      maintenanceCron: '5 6 * * *',
    });
    expect(jobOf(app, HOURLY).nextDate().toUTC().toFormat('HH:mm')).toBe('04:03');
    expect(jobOf(app, DAILY).nextDate().toUTC().toFormat('HH:mm')).toBe('06:05');
    expect(jobOf(app, HOURLY).isActive).toBe(true);
    expect(await heartbeats()).toEqual(new Map());
  });

  it('do not run when they are switched off', async () => {
    const app = await start({ jobsEnabled: false, refreshCron: EVERY_SECOND, maintenanceCron: EVERY_SECOND });
    expect([jobOf(app, HOURLY).isActive, jobOf(app, DAILY).isActive]).toEqual([false, false]);
    await sleep(1_100); // can only make it pass wrongly, never fail
    expect(await heartbeats()).toEqual(new Map());
  });

  it('say which cron option is wrong', () => {
    expect(() => OpsModule.forRoot({ refreshCron: 'at ten' })).toThrow(/refreshCron/);
    expect(() => OpsModule.forRoot({ maintenanceCron: '* * *' })).toThrow(OpsOptionsError);
  });

  it('say that they need ScheduleModule', async () => {
    const attempt = start({}, false);
    await expect(attempt).rejects.toThrow(OpsOptionsError);
    await expect(attempt).rejects.toThrow(/jobsEnabled.*ScheduleModule\.forRoot\(\)/);
  });

  it('need no ScheduleModule when they are switched off', async () => {
    await expect(start({ jobsEnabled: false }, false)).resolves.toBeDefined();
  });

  it('record a failure, keep the last success, and recover', async () => {
    await start({ refreshCron: EVERY_SECOND });
    const succeeded = await eventually(async () => (await heartbeats()).get(HOURLY), 'a first success');
    expect(succeeded.last_error).toBeNull();
    await scene.query('ALTER TABLE ops_metrics_invalidations RENAME TO gone');
    let failed: Heartbeat;
    try {
      failed = await eventually(async () => {
        const beat = (await heartbeats()).get(HOURLY);
        return beat?.last_error === null ? undefined : beat;
      }, 'a failure');
    } finally {
      await scene.query('ALTER TABLE gone RENAME TO ops_metrics_invalidations');
    }
    expect(failed.last_error).toMatch(/^42P01: .*ops_metrics_invalidations/);
    expect(failed.last_error_at).toEqual(failed.last_run_at);
    expect(failed.last_success_at?.getTime()).toBeLessThan(failed.last_error_at?.getTime() ?? 0);
    expect(failed.last_result).not.toBeNull();

    const healed = await eventually(async () => {
      const beat = (await heartbeats()).get(HOURLY);
      return (beat?.last_success_at ?? 0) > (beat?.last_error_at ?? 0) ? beat : undefined;
    }, 'a success after it');
    expect(healed.last_error).toBe(failed.last_error); // what the last failure was stays known
  });

  it('never run twice at once in one process', async () => {
    const app = await start({ runJobsAtStart: false, refreshCron: EVERY_SECOND, lockTimeoutMs: 60_000 });
    await eventually(async () => (await heartbeats()).has(HOURLY), 'a first run');
    await holding('ops_detect_state', async (waiting) => {
      await eventually(async () => (await waiting()) > 0, 'a run that waits');
      const ticks = new Set<number>();
      await eventually(() => {
        ticks.add(jobOf(app, HOURLY).lastDate()?.getTime() ?? 0);
        return Promise.resolve(ticks.size > 3);
      }, 'three more ticks');
      expect(await waiting()).toBe(1);
    });
  });

  it('finish the hours in work when the application closes, and leave the rest, their day included', async () => {
    await insertUsageOn('2026-03-01T05:10:00Z', '2026-03-02T06:10:00Z');
    // By these, the newer hour has as many as one statement takes.
    await insertRequests(scene.dataSource, new Date('2026-03-02T06:31:00Z'), 9_000);
    // Detection has seen everything: these two hours are all that there is to do.
    await scene.query(
      `INSERT INTO ops_detect_state (raw_table, safe_id, closed_through, late_before)
       SELECT name, (SELECT max(id) FROM usage_logs), now() + interval '1 day', now()
         FROM unnest(ARRAY['usage_logs', 'ops_error_logs']) AS name`,
    );
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason)
       VALUES ('2026-03-01T05:00:00Z', 'verify'), ('2026-03-02T06:00:00Z', 'verify')`,
    );
    const app = await start({
      drainConcurrency: 1,
      lockTimeoutMs: 60_000,
      jobsEnabled: false,
      auditPercent: 0,
    });
    let closed = false;
    const closing = await holding(
      'ops_metrics_hourly',
      async (waiting) => {
        void app.get(OpsJobs).tick();
        await eventually(async () => (await waiting()) > 0, 'a drain that waits');
        const close = app.close().then(() => {
          closed = true;
        });
        await sleep(200); // can only make it pass wrongly, never fail
        expect(closed).toBe(false);
        return { close };
      },
      'EXCLUSIVE',
    );
    await closing.close;

    const stored = await rows.readHourly(scene.dataSource);
    expect(new Set(stored.map((row) => row.bucket_start))).toEqual(new Set(['2026-03-02T06:00:00Z']));
    const left = await scene.query<unknown>(
      'SELECT tier, bucket_start AS start FROM ops_metrics_invalidations ORDER BY bucket_start',
    );
    expect(left).toEqual([
      { tier: 'hour', start: new Date('2026-03-01T05:00:00Z') },
      { tier: 'day', start: new Date('2026-03-02T00:00:00Z') },
    ]);
  });

  async function insertUsageOn(...instants: string[]): Promise<void> {
    await rows.insertUsage(
      scene.dataSource,
      instants.map((createdAt) => usage({ createdAt })),
    );
  }

  /** Holds a table so that nobody can write it, or even read it; `waiting` tells how many sessions wait for a lock. */
  async function holding<T>(
    table: string,
    work: (waiting: () => Promise<number>) => Promise<T>,
    mode: 'EXCLUSIVE' | 'ACCESS EXCLUSIVE' = 'ACCESS EXCLUSIVE',
  ): Promise<T> {
    const holder = await scene.begin(`LOCK TABLE ${table} IN ${mode} MODE`);
    const result = await work(() => scene.waiting());
    await holder.query('ROLLBACK');
    return result;
  }
});
