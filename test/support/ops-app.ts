import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source.js';
import {
  OpsModule,
  OpsPreaggService,
  RebuildService,
  ReadService,
  RefreshService,
  RequestsService,
  StatusService,
  VerificationsService,
  VerifyService,
  type OpsModuleOptions,
} from '../../src/ops/index.js';

export interface OpsApp {
  readonly refresh: RefreshService;
  readonly rebuilds: RebuildService;
  readonly status: StatusService;
  readonly verify: VerifyService;
  readonly verifications: VerificationsService;
  readonly preagg: OpsPreaggService;
  readonly reads: ReadService;
  readonly requests: RequestsService;
  readonly dataSource: DataSource;
  close(): Promise<void>;
}

/** The module's services on a real database, without jobs; an hour is closed when it ends, every tick audits all, and late rows count with the next tick. */
export async function createOpsApp(
  url: string,
  options: OpsModuleOptions = {},
  poolSize?: number,
): Promise<OpsApp> {
  const module = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot(dataSourceOptions(url, poolSize)),
      OpsModule.forRoot({
        jobsEnabled: false,
        safeDelaySeconds: 0,
        auditPercent: 100,
        auditIntervalSeconds: 0,
        recomputeIntervalSeconds: 0,
        ...options,
      }),
    ],
  }).compile();
  await module.init();
  return {
    refresh: module.get(RefreshService),
    rebuilds: module.get(RebuildService),
    status: module.get(StatusService),
    verify: module.get(VerifyService),
    verifications: module.get(VerificationsService),
    preagg: module.get(OpsPreaggService),
    reads: module.get(ReadService),
    requests: module.get(RequestsService),
    dataSource: module.get(DataSource),
    close: () => module.close(),
  };
}
