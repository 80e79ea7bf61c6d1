import { Get } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { ErrorAnswer, UNSERVED_EXAMPLES } from '../http/error-answers.js';
import { Answers } from '../http/openapi.js';
import { OpsReadTimeoutError } from '../read/read-errors.js';
import { statusSchema, type OpsStatus } from './status.schemas.js';
import { StatusService } from './status.service.js';

@OpsAdminController()
export class OpsStatusController {
  public constructor(private readonly statuses: StatusService) {}

  @Get('status')
  @ApiOperation({
    summary: 'Where the rollup stands: pending, failing and suspicious buckets, jobs, raw tables',
  })
  @Answers(statusSchema)
  @ErrorAnswer(
    'It took too long (`readTimeoutMs`), or something holds a lock on a table.',
    new OpsReadTimeoutError('lock', 2000, null),
    ...UNSERVED_EXAMPLES,
  )
  public async status(): Promise<OpsStatus> {
    return this.statuses.status();
  }
}
