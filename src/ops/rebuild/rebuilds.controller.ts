import { Body, Param } from '@nestjs/common';
import { Requester } from '../http/admin-request.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { CancelRoute, ListRoute, ItemRoute, RequestRoute } from '../http/routes.js';
import { OpsBelowFloorError } from '../ranges/below-floor.error.js';
import { OpsRebuildEndedError, OpsRebuildNotFoundError } from './rebuild.errors.js';
import {
  rebuildProgressSchema,
  rebuildRequestSchema,
  type RebuildProgress,
  type RebuildRequest,
} from './rebuild.schemas.js';
import { RebuildService } from './rebuild.service.js';

const NOT_FOUND = new OpsRebuildNotFoundError('42');

@OpsAdminController('rebuilds')
export class OpsRebuildsController {
  public constructor(private readonly rebuilds: RebuildService) {}

  @RequestRoute({
    summary: 'Recompute every closed hour of a range; draining starts at once',
    body: rebuildRequestSchema,
    answer: rebuildProgressSchema,
    conflict: [
      'It reaches below the raw floor, and is not forced.',
      new OpsBelowFloorError(new Date('2026-01-08T00:00:00Z')),
    ],
  })
  public async request(
    @Body() body: RebuildRequest,
    @Requester() requestedBy: string,
  ): Promise<RebuildProgress> {
    return this.rebuilds.request(body, requestedBy);
  }

  @ListRoute('The latest rebuilds, newest first', rebuildProgressSchema)
  public async list(): Promise<RebuildProgress[]> {
    return this.rebuilds.list();
  }

  @ItemRoute('A rebuild and its progress', rebuildProgressSchema, NOT_FOUND)
  public async progress(@Param('id') id: string): Promise<RebuildProgress> {
    return this.rebuilds.progress(id);
  }

  @CancelRoute(
    'Cancel what is left of a rebuild',
    rebuildProgressSchema,
    NOT_FOUND,
    new OpsRebuildEndedError('42'),
  )
  public async cancel(@Param('id') id: string): Promise<RebuildProgress> {
    return this.rebuilds.cancel(id);
  }
}
