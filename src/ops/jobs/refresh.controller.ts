import { Get, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { RefreshRuns } from './refresh-runs.service.js';
import { OpsRunActiveError, OpsRunNotFoundError } from '../runs/run.errors.js';
import { Accepted } from '../http/accepted.js';
import { ApiWrongId } from '../http/error-answers.js';
import { Requester } from '../http/admin-request.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { RefreshResponse } from './refresh.responses.js';
import { RUN_ID, runErrorAnswer } from '../runs/run.responses.js';

@OpsAdminController('refresh')
export class OpsRefreshController {
  public constructor(private readonly refreshes: RefreshRuns) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Run one tick of both jobs now, in the background' })
  @Accepted(RefreshResponse)
  @ApiConflictResponse(
    runErrorAnswer('One is running on this instance.', new OpsRunActiveError('refresh', RUN_ID.example)),
  )
  public async request(@Requester() requestedBy: string): Promise<RefreshResponse> {
    return this.refreshes.request(requestedBy);
  }

  @Get()
  @ApiOperation({ summary: 'The latest ticks that were asked for, newest first' })
  @ApiOkResponse({ type: [RefreshResponse] })
  public async list(): Promise<RefreshResponse[]> {
    return this.refreshes.list();
  }

  @Get(':id')
  @ApiOperation({ summary: 'A tick that was asked for, and what it has done' })
  @ApiParam(RUN_ID)
  @ApiWrongId()
  @ApiOkResponse({ type: RefreshResponse })
  @ApiNotFoundResponse(
    runErrorAnswer('There is none of that id.', new OpsRunNotFoundError('refresh', RUN_ID.example)),
  )
  public async progress(@Param('id') id: string): Promise<RefreshResponse> {
    return this.refreshes.progress(id);
  }
}
