import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { StatusService } from './status.service.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { OpsStatusResponse } from './status.responses.js';

@OpsAdminController()
export class OpsStatusController {
  public constructor(private readonly statuses: StatusService) {}

  @Get('status')
  @ApiOperation({
    summary: 'Where the rollup stands: pending, failing and suspicious buckets, jobs, raw tables',
  })
  @ApiOkResponse({ type: OpsStatusResponse })
  public async status(): Promise<OpsStatusResponse> {
    return this.statuses.status();
  }
}
