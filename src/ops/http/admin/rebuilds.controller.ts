import { Body, Delete, Get, HttpCode, Param, Post, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { defer, distinctUntilChanged, map, repeat, takeWhile, type Observable } from 'rxjs';
import { RebuildService, type RebuildProgress } from '../../refresh/rebuild.service.js';
import { Requester } from '../admin-request.js';
import { OpsAdminController } from '../ops-admin-controller.js';
import { RebuildRequestDto } from './rebuild.dto.js';

/** How often the progress of a rebuild is read for its event stream, in milliseconds. */
const EVENT_INTERVAL_MS = 500;

@OpsAdminController('rebuilds')
export class OpsRebuildsController {
  public constructor(private readonly rebuilds: RebuildService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Recompute every closed hour of a range; draining starts at once' })
  public async request(
    @Body() body: RebuildRequestDto,
    @Requester() requestedBy: string,
  ): Promise<RebuildProgress> {
    const { from, to, force, reason } = body;
    return this.rebuilds.request({ from, to, force, reason, requestedBy });
  }

  @Get()
  @ApiOperation({ summary: 'The latest rebuilds, newest first' })
  public async list(): Promise<RebuildProgress[]> {
    return this.rebuilds.list();
  }

  @Get(':id')
  @ApiOperation({ summary: 'A rebuild and its progress' })
  public async progress(@Param('id') id: string): Promise<RebuildProgress> {
    return this.rebuilds.progress(id);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Cancel what is left of a rebuild' })
  public async cancel(@Param('id') id: string): Promise<RebuildProgress> {
    return this.rebuilds.cancel(id);
  }

  @Sse(':id/events')
  @ApiOperation({ summary: 'The progress of a rebuild as server-sent events, until it ends' })
  public async events(@Param('id') id: string): Promise<Observable<MessageEvent>> {
    await this.rebuilds.progress(id); // an unknown id is a 404, not an empty stream
    return defer(() => this.rebuilds.progress(id)).pipe(
      repeat({ delay: EVENT_INTERVAL_MS }),
      takeWhile(({ state }) => state === 'running', true),
      distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
      map((progress) => ({ type: 'progress', data: progress })),
    );
  }
}
