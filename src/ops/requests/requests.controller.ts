import { Get, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { ErrorAnswer, UNSERVED_EXAMPLES, WrongQueryAnswer } from '../http/error-answers.js';
import { Answers, QueryOf } from '../http/openapi.js';
import { OpsBusyError, OpsReadTimeoutError } from '../read/read-errors.js';
import { OpsRequestsTimeoutError, OpsRequestsUnservedError } from './requests.errors.js';
import { requestsQuerySchema, type RequestsQuery } from './requests-query.schemas.js';
import { requestsSchema, type Requests } from './requests.schemas.js';
import { RequestsService } from './requests.service.js';

/** What comes in is passed on as it is: the service validates it. */
@OpsAdminController('requests')
export class OpsRequestsController {
  public constructor(private readonly requests: RequestsService) {}

  @Get()
  @ApiOperation({ summary: 'The raw usage and error rows behind the numbers of a range, newest first' })
  @QueryOf(requestsQuerySchema)
  @Answers(requestsSchema)
  @WrongQueryAnswer()
  @ErrorAnswer(
    'A raw table lacks the index that the list would be read by, or the column of a filter; the message says which.',
    new OpsRequestsUnservedError(
      null,
      'usage_logs has no index that its rows could be listed by; one would serve: usage_logs (created_at)',
    ),
  )
  @ErrorAnswer(
    'Too many reads at the same time (`maxConcurrentReads`), or it took too long (`readTimeoutMs`).',
    new OpsBusyError(4),
    new OpsRequestsTimeoutError(15_000, ['usage_logs (account_id, created_at)'], null),
    new OpsReadTimeoutError('lock', 2000, null),
    ...UNSERVED_EXAMPLES,
  )
  public async list(@Query() query: RequestsQuery): Promise<Requests> {
    return this.requests.list(query);
  }
}
