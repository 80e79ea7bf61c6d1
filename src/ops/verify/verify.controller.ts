import { Body, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { OpsRunActiveError, OpsRunEndedError, OpsRunNotFoundError } from '../runs/run.errors.js';
import { VerificationsService } from './verifications.service.js';
import { Accepted } from '../http/accepted.js';
import { ApiWrongId, ApiWrongRange } from '../http/error-answers.js';
import { Requester } from '../http/admin-request.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { VerifyRequestDto } from '../ranges/range.dto.js';
import { RUN_ID, runErrorAnswer } from '../runs/run.responses.js';
import { VerificationResponse, VerificationSummaryResponse } from './verify.responses.js';

const RUNNING = runErrorAnswer(
  'One is running on this instance.',
  new OpsRunActiveError('verify', RUN_ID.example),
);
const NOT_FOUND = runErrorAnswer(
  'There is none of that id.',
  new OpsRunNotFoundError('verify', RUN_ID.example),
);
const ENDED = runErrorAnswer('It has ended.', new OpsRunEndedError('verify', RUN_ID.example));

@OpsAdminController('verify')
export class OpsVerificationsController {
  public constructor(private readonly verifications: VerificationsService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary:
      'Recompute the closed buckets of a range another way and list every difference, in the background',
  })
  @Accepted(VerificationResponse)
  @ApiWrongRange()
  @ApiConflictResponse(RUNNING)
  public async request(
    @Body() body: VerifyRequestDto,
    @Requester() requestedBy: string,
  ): Promise<VerificationResponse> {
    const { from, to, fix } = body;
    return this.verifications.request({ from, to, fix, requestedBy });
  }

  @Get()
  @ApiOperation({ summary: 'The latest verifications, newest first, without their lists' })
  @ApiOkResponse({ type: [VerificationSummaryResponse] })
  public async list(): Promise<VerificationSummaryResponse[]> {
    return this.verifications.list();
  }

  @Get(':id')
  @ApiOperation({ summary: 'A verification, its progress and what it has found so far' })
  @ApiParam(RUN_ID)
  @ApiWrongId()
  @ApiOkResponse({ type: VerificationResponse })
  @ApiNotFoundResponse(NOT_FOUND)
  public async progress(@Param('id') id: string): Promise<VerificationResponse> {
    return this.verifications.progress(id);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Cancel a verification after the UTC day under way' })
  @ApiParam(RUN_ID)
  @ApiWrongId()
  @ApiOkResponse({ type: VerificationResponse })
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(ENDED)
  public async cancel(@Param('id') id: string): Promise<VerificationResponse> {
    return this.verifications.cancel(id);
  }
}
