import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AdminTokenGuard } from './auth/admin-token.guard.js';
import { AuthModule } from './auth/auth.module.js';
import type { Environment } from './config/environment.js';
import { DatabaseModule } from './database/database.module.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthModule } from './health/health.module.js';
import { OpsModule, type OpsModuleOptions } from './ops/index.js';

/** The gateway monolith: its raw logs, and the OpsModule that rolls them up. */
@Module({})
export class AppModule {
  /** With schedule, endpoints and admin access: what `npm start` serves. */
  public static forHttp(environment: Environment, overrides: OpsModuleOptions = {}): DynamicModule {
    const database = DatabaseModule.register(environment);
    return {
      module: AppModule,
      imports: [
        database,
        ScheduleModule.forRoot(),
        GatewayModule,
        OpsModule.forRoot({
          ...environment.options,
          ...overrides,
          adminGuard: AdminTokenGuard,
          metricsEndpoint: environment.OPS_METRICS_ENDPOINT,
          imports: [AuthModule.register(environment, database)],
        }),
        HealthModule,
      ],
    };
  }

  /** The same services without schedule and doors: what the command line runs on. */
  public static forCommandLine(environment: Environment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.register(environment, { pendingMigrations: 'leave' }),
        GatewayModule,
        OpsModule.forRoot({ ...environment.options, jobsEnabled: false }),
      ],
    };
  }
}
