import {
  applyDecorators,
  Module,
  type CanActivate,
  type DynamicModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DashboardController } from './dashboard/dashboard.controller.js';
import { OpsStatusController } from './status/status.controller.js';
import { OpsRebuildsController } from './rebuild/rebuilds.controller.js';
import { OpsAdminDoor } from './http/ops-admin-door.js';
import { OpsRefreshController } from './jobs/refresh.controller.js';
import { OpsVerificationsController } from './verify/verify.controller.js';
import { OPS_ADMIN_GUARD } from './http/ops-admin.guard.js';
import { RefusalDelays } from './http/refusal-delays.js';
import { OpsReadController } from './read/ops-read.controller.js';
import { DefinedTables } from './definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, opsTables } from './definitions/ops-tables.js';
import { OpsOptions, resolveOptions, type OpsModuleOptions } from './options/ops.options.js';
import { OpsPrometheusController } from './prometheus/ops-prometheus.controller.js';
import { OpsPrometheusService } from './prometheus/ops-prometheus.service.js';
import { ReadService } from './read/read.service.js';
import { ReadTransactions } from './read/read-transactions.js';
import { RawShapes } from './requests/raw-shapes.service.js';
import { OpsRequestsController } from './requests/requests.controller.js';
import { RequestsService } from './requests/requests.service.js';
import { AuditService } from './audit/audit.service.js';
import { BucketRecomputer } from './drain/bucket-recomputer.service.js';
import { RawBuckets } from './drain/raw-buckets.service.js';
import { DetectService } from './detection/detect.service.js';
import { DrainService } from './drain/drain.service.js';
import { OpsJobs } from './jobs/ops-jobs.service.js';
import { RangeChecker } from './ranges/range-checker.service.js';
import { RawTableChecker } from './detection/raw-table-checker.service.js';
import { RebuildService } from './rebuild/rebuild.service.js';
import { RefreshRuns } from './jobs/refresh-runs.service.js';
import { RefreshService } from './jobs/refresh.service.js';
import { RetentionService } from './retention/retention.service.js';
import { StatusService } from './status/status.service.js';
import { OpsPreaggService } from './rollup/ops-preagg.service.js';
import { RunsService } from './runs/runs.service.js';
import { VerificationsService } from './verify/verifications.service.js';
import { VerifyService } from './verify/verify.service.js';

/** What must be known before anything is instantiated. */
export interface OpsModuleStructure {
  /**
   * The host's guard for the admin endpoints. Without one they are not mounted. Its dependencies are looked up in
   * `imports` and in global modules.
   */
  readonly adminGuard?: Type<CanActivate>;
  /**
   * Whether `GET /metrics` is mounted, without the guard and below the host's global prefix. Switch it off where the
   * host has such an endpoint: it can serve OpsPrometheusService's registry there. Default: true.
   */
  readonly metricsEndpoint?: boolean;
  /**
   * Whether the dashboard is served at `GET /ops`. It holds no data of its own: what it shows comes from the admin
   * endpoints, so it is mounted together with them only. Default: true.
   */
  readonly dashboard?: boolean;
  /**
   * Decorators of the host for the controllers that anybody may ask, which are those of `GET /metrics` and of the
   * dashboard's page: what makes a global guard of the host let them through, such as its own `Public()`. Their
   * metadata is found on the class (`context.getClass()`). Default: none, so that a global guard decides.
   */
  readonly publicDecorators?: readonly ClassDecorator[];
  /** Name of the TypeORM DataSource to use. Default: the application's default DataSource. */
  readonly dataSourceName?: string;
  /** Modules whose exports the guard or the options factory need. */
  readonly imports?: NonNullable<DynamicModule['imports']>;
}

export interface OpsModuleAsyncOptions extends OpsModuleStructure {
  /** Tokens of what the factory takes. */
  readonly inject?: NonNullable<Extract<Provider, { inject?: unknown }>['inject']>;
  readonly useFactory: (...dependencies: never[]) => OpsModuleOptions | Promise<OpsModuleOptions>;
}

const SERVICES = [
  OpsPreaggService,
  RefreshService,
  RebuildService,
  StatusService,
  VerifyService,
  VerificationsService,
  ReadService,
  RequestsService,
  OpsPrometheusService,
  OpsJobs,
];
const ADMIN_CONTROLLERS = [
  OpsStatusController,
  OpsRefreshController,
  OpsVerificationsController,
  OpsRebuildsController,
  OpsReadController,
  OpsRequestsController,
];

/**
 * The rollup of a gateway's raw logs. The host imports TypeOrmModule with a DataSource whose `entities` and
 * `migrations` include this module's, and ScheduleModule.forRoot() where the jobs are to run.
 */
@Module({})
export class OpsModule {
  /** @throws OpsOptionsError naming each wrong option */
  public static forRoot(options: OpsModuleOptions & OpsModuleStructure = {}): DynamicModule {
    const { adminGuard, metricsEndpoint, dashboard, publicDecorators, dataSourceName, imports, ...rest } =
      options;
    const resolved = resolveOptions(rest);
    return assemble(
      {
        ...(adminGuard && { adminGuard }),
        ...(metricsEndpoint !== undefined && { metricsEndpoint }),
        ...(dashboard !== undefined && { dashboard }),
        ...(publicDecorators && { publicDecorators }),
        ...(dataSourceName !== undefined && { dataSourceName }),
        ...(imports && { imports }),
      },
      { provide: OpsOptions, useValue: resolved },
    );
  }

  /** Like {@link forRoot}, with options from a factory; a wrong one fails the application's start. */
  public static forRootAsync(options: OpsModuleAsyncOptions): DynamicModule {
    const factory = options.useFactory as (
      ...dependencies: unknown[]
    ) => OpsModuleOptions | Promise<OpsModuleOptions>;
    return assemble(options, {
      provide: OpsOptions,
      inject: options.inject ?? [],
      useFactory: async (...dependencies: unknown[]) => resolveOptions(await factory(...dependencies)),
    });
  }
}

function assemble(structure: OpsModuleStructure, options: Provider): DynamicModule {
  const { adminGuard, metricsEndpoint = true, dashboard = true, dataSourceName, imports = [] } = structure;
  const open = (controller: Type): Type => decorated(controller, structure.publicDecorators ?? []);
  return {
    module: OpsModule,
    imports,
    controllers: [
      ...(adminGuard === undefined ? [] : ADMIN_CONTROLLERS),
      ...(adminGuard !== undefined && dashboard ? [open(DashboardController)] : []),
      ...(metricsEndpoint ? [open(OpsPrometheusController)] : []),
    ],
    providers: [
      options,
      {
        provide: OPS_TABLES_TOKEN,
        inject: [OpsOptions],
        useFactory: (options: OpsOptions) => opsTables(options),
      },
      ...(adminGuard === undefined ? [] : [{ provide: OPS_ADMIN_GUARD, useClass: adminGuard }]),
      // Within the module the chosen DataSource is the default one.
      ...(dataSourceName === undefined
        ? []
        : [{ provide: getDataSourceToken(), useExisting: getDataSourceToken(dataSourceName) }]),
      ...SERVICES,
      { provide: RefusalDelays, useFactory: () => new RefusalDelays() },
      OpsAdminDoor,
      DefinedTables,
      ReadTransactions,
      RawShapes,
      RangeChecker,
      DetectService,
      RawTableChecker,
      AuditService,
      RawBuckets,
      BucketRecomputer,
      DrainService,
      RetentionService,
      RunsService,
      RefreshRuns,
    ],
    exports: SERVICES,
  };
}

/** A class of its own where there is something to add: two apps in one process may differ. */
function decorated(controller: Type, decorators: readonly ClassDecorator[]): Type {
  if (decorators.length === 0) {
    return controller;
  }
  const own = class extends controller {};
  Object.defineProperty(own, 'name', { value: controller.name }); // shown by OpenAPI, as operation id
  applyDecorators(...decorators)(own);
  return own;
}
