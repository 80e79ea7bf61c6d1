import type { CanActivate, INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { App } from 'supertest/types.js';
import type { DataSource } from 'typeorm';
import { OpsAdminDoor } from '../../../src/ops/http/ops-admin-door.js';
import { OPS_ADMIN_GUARD } from '../../../src/ops/http/ops-admin.guard.js';
import { OpsReadController } from '../../../src/ops/read/ops-read.controller.js';
import { RefusalDelays } from '../../../src/ops/http/refusal-delays.js';
import { OPS_TABLES, OPS_TABLES_TOKEN } from '../../../src/ops/definitions/ops-tables.js';
import { OpsOptions, resolveOptions } from '../../../src/ops/options/ops.options.js';
import { ReadService } from '../../../src/ops/read/read.service.js';

/** The read endpoints alone, behind a guard, on a real database; an hour is closed when it ends. */
export async function createReadApp(
  dataSource: DataSource,
  guard: CanActivate,
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
): Promise<INestApplication<App>> {
  const module = await Test.createTestingModule({
    controllers: [OpsReadController],
    providers: [
      ReadService,
      { provide: getDataSourceToken(), useValue: dataSource },
      { provide: OPS_TABLES_TOKEN, useValue: OPS_TABLES },
      { provide: OpsOptions, useValue: resolveOptions({ safeDelaySeconds: 0 }) },
      { provide: OPS_ADMIN_GUARD, useValue: guard },
      OpsAdminDoor,
      RefusalDelays,
    ],
  }).compile();
  const app = module.createNestApplication<INestApplication<App>>(adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}
