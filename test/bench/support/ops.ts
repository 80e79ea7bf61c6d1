import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions } from '../../../src/database/data-source.js';
import {
  OpsModule,
  OpsOptions,
  OpsPrometheusService,
  ReadService,
  RebuildService,
  RefreshService,
  StatusService,
  VerifyService,
  type OpsModuleOptions,
} from '../../../src/ops/index.js';
import { AuditService } from '../../../src/ops/audit/audit.service.js';
import type { Scene } from './scene.js';

@Module({})
class BenchModule {}

/** The module as a host runs it, without its schedule; an hour is closed when it ends. */
export interface Ops {
  readonly refresh: RefreshService;
  readonly reads: ReadService;
  readonly audits: AuditService;
  readonly verifies: VerifyService;
  readonly statuses: StatusService;
  readonly prometheus: OpsPrometheusService;
  readonly options: OpsOptions;
  /** Recomputes every hour of the scene, and waits for the end. Throws where an hour was not recomputed. */
  rebuildAll(): Promise<void>;
  close(): Promise<void>;
}

export async function startOps(scene: Scene, options: OpsModuleOptions = {}): Promise<Ops> {
  const { from, to, days, url } = scene;
  const app = await NestFactory.createApplicationContext(
    {
      module: BenchModule,
      imports: [
        TypeOrmModule.forRoot(dataSourceOptions(url)),
        OpsModule.forRoot({ jobsEnabled: false, safeDelaySeconds: 0, backfillDays: days + 2, ...options }),
      ],
    },
    { logger: false, abortOnError: false },
  );
  const rebuilds = app.get(RebuildService, { strict: false });
  return {
    refresh: app.get(RefreshService, { strict: false }),
    reads: app.get(ReadService, { strict: false }),
    audits: app.get(AuditService, { strict: false }),
    verifies: app.get(VerifyService, { strict: false }),
    statuses: app.get(StatusService, { strict: false }),
    prometheus: app.get(OpsPrometheusService, { strict: false }),
    options: app.get(OpsOptions, { strict: false }),
    async rebuildAll() {
      const { id } = await rebuilds.request({ from, to });
      // The request drains in the background; this drain is taken after it.
      await rebuilds.resume();
      const { state, hours } = await rebuilds.progress(id);
      if (state !== 'finished' || hours.done !== hours.total) {
        throw new Error(`Rebuild ${id} is ${state}, with ${hours.done} of ${hours.total} hours done`);
      }
    },
    close: () => app.close(),
  };
}

/** Runs work on the module and closes it. */
export async function withOps<T>(
  scene: Scene,
  options: OpsModuleOptions,
  work: (ops: Ops) => Promise<T>,
): Promise<T> {
  const ops = await startOps(scene, options);
  try {
    return await work(ops);
  } finally {
    await ops.close();
  }
}

/** Everything rolled up and nothing pending: the first tick notes the backfill and starts to follow the ids. */
export async function rollUp(scene: Scene, ops: Ops): Promise<void> {
  const { pendingHours, pendingDays } = await ops.refresh.tick({ asked: true });
  if (pendingHours + pendingDays > 0) {
    throw new Error(`${pendingHours} hours and ${pendingDays} days are still pending`);
  }
  await scene.client.query(
    'VACUUM (ANALYZE) ops_metrics_hourly, ops_metrics_daily, ops_metrics_invalidations',
  );
}
