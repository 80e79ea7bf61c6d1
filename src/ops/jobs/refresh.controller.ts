import { Param } from '@nestjs/common';
import { Requester } from '../http/admin-request.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { ListRoute, ItemRoute, RequestRoute } from '../http/routes.js';
import { OpsRunActiveError, OpsRunNotFoundError } from '../runs/run.errors.js';
import { RefreshRuns } from './refresh-runs.service.js';
import { refreshSchema, type Refresh } from './refresh.schemas.js';

@OpsAdminController('refresh')
export class OpsRefreshController {
  public constructor(private readonly refreshes: RefreshRuns) {}

  @RequestRoute({
    summary: 'Run one tick of both jobs now, in the background',
    answer: refreshSchema,
    conflict: ['One is running on this instance.', new OpsRunActiveError('refresh', '42')],
  })
  public async request(@Requester() requestedBy: string): Promise<Refresh> {
    return this.refreshes.request(requestedBy);
  }

  @ListRoute('The latest ticks that were asked for, newest first', refreshSchema)
  public async list(): Promise<Refresh[]> {
    return this.refreshes.list();
  }

  @ItemRoute(
    'A tick that was asked for, and what it has done',
    refreshSchema,
    new OpsRunNotFoundError('refresh', '42'),
  )
  public async progress(@Param('id') id: string): Promise<Refresh> {
    return this.refreshes.progress(id);
  }
}
