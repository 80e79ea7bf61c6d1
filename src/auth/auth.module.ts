import { Module, type DynamicModule } from '@nestjs/common';
import type { Environment } from '../config/environment.js';
import { OPENED_DATABASE } from '../database/database.module.js';
import { ADMIN_TOKEN, adminToken } from './admin-token.js';

/** The gateway's own admin access; the token's file lies in the data folder, which opening the database creates. */
@Module({})
export class AuthModule {
  public static register(environment: Environment, database: DynamicModule): DynamicModule {
    return {
      module: AuthModule,
      imports: [database],
      providers: [
        { provide: ADMIN_TOKEN, inject: [OPENED_DATABASE], useFactory: () => adminToken(environment) },
      ],
      exports: [ADMIN_TOKEN],
    };
  }
}
