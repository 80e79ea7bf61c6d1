import { Body, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { OpsBelowFloorError } from '../ranges/below-floor.error.js';
import { OpsRebuildEndedError, OpsRebuildNotFoundError } from './rebuild.errors.js';
import { RebuildService } from './rebuild.service.js';
import { ApiWrongId, ApiWrongRange } from '../http/error-answers.js';
import { Requester } from '../http/admin-request.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { errorAnswer } from '../http/ops-error.response.js';
import { RebuildRequestDto } from '../ranges/range.dto.js';
import { RebuildProgressResponse } from './rebuild.responses.js';

const ID = { name: 'id', description: 'As the request was answered.', example: '42' };

const NOT_FOUND = errorAnswer('There is no rebuild of that id.', {
  'an unknown id': {
    code: 'REBUILD_NOT_FOUND',
    message: new OpsRebuildNotFoundError(ID.example).message,
    field: 'id',
  },
});

const ENDED = errorAnswer('It has ended.', {
  'an ended rebuild': {
    code: 'REBUILD_ENDED',
    message: new OpsRebuildEndedError(ID.example).message,
    field: 'id',
  },
});

const BELOW_FLOOR = errorAnswer('It reaches below the raw floor, and is not forced.', {
  'a start below the floor': {
    code: 'BELOW_RAW_FLOOR',
    message: new OpsBelowFloorError(new Date('2026-01-08T00:00:00Z')).message,
    field: 'from',
  },
});

@OpsAdminController('rebuilds')
export class OpsRebuildsController {
  public constructor(private readonly rebuilds: RebuildService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Recompute every closed hour of a range; draining starts at once' })
  @ApiAcceptedResponse({ type: RebuildProgressResponse })
  @ApiWrongRange()
  @ApiConflictResponse(BELOW_FLOOR)
  public async request(
    @Body() body: RebuildRequestDto,
    @Requester() requestedBy: string,
  ): Promise<RebuildProgressResponse> {
    const { from, to, force, reason } = body;
    return this.rebuilds.request({ from, to, force, reason, requestedBy });
  }

  @Get()
  @ApiOperation({ summary: 'The latest rebuilds, newest first' })
  @ApiOkResponse({ type: [RebuildProgressResponse] })
  public async list(): Promise<RebuildProgressResponse[]> {
    return this.rebuilds.list();
  }

  @Get(':id')
  @ApiOperation({ summary: 'A rebuild and its progress' })
  @ApiParam(ID)
  @ApiWrongId()
  @ApiOkResponse({ type: RebuildProgressResponse })
  @ApiNotFoundResponse(NOT_FOUND)
  public async progress(@Param('id') id: string): Promise<RebuildProgressResponse> {
    return this.rebuilds.progress(id);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Cancel what is left of a rebuild' })
  @ApiParam(ID)
  @ApiWrongId()
  @ApiOkResponse({ type: RebuildProgressResponse })
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(ENDED)
  public async cancel(@Param('id') id: string): Promise<RebuildProgressResponse> {
    return this.rebuilds.cancel(id);
  }
}
