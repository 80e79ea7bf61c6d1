import { Body, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { RefreshService } from '../../refresh/refresh.service.js';
import { StatusService } from '../../refresh/status.service.js';
import { VerifyService } from '../../refresh/verify.service.js';
import { ApiWrongRange } from '../admin-answers.js';
import { OpsAdminController } from '../ops-admin-controller.js';
import { VerifyRequestDto } from './rebuild.dto.js';
import { RefreshResponse } from './refresh.responses.js';
import { OpsStatusResponse } from './status.responses.js';
import { VerifyReportResponse } from './verify.responses.js';

@OpsAdminController()
export class OpsAdminOperationsController {
  public constructor(
    private readonly refreshes: RefreshService,
    private readonly statuses: StatusService,
    private readonly verifications: VerifyService,
  ) {}

  @Get('status')
  @ApiOperation({
    summary: 'Where the rollup stands: pending, failing and suspicious buckets, jobs, raw tables',
  })
  @ApiOkResponse({ type: OpsStatusResponse })
  public async status(): Promise<OpsStatusResponse> {
    return this.statuses.status();
  }

  @Post('refresh')
  @HttpCode(200)
  @ApiOperation({ summary: 'Run one tick of both jobs now' })
  @ApiOkResponse({ type: RefreshResponse })
  public async refresh(): Promise<RefreshResponse> {
    const hourly = await this.refreshes.hourly();
    return { hourly, daily: await this.refreshes.daily() };
  }

  @Post('verify')
  @HttpCode(200)
  @ApiOperation({ summary: 'Recompute the closed buckets of a range another way and list every difference' })
  @ApiOkResponse({ type: VerifyReportResponse })
  @ApiWrongRange()
  public async verify(@Body() body: VerifyRequestDto): Promise<VerifyReportResponse> {
    return this.verifications.verify(body.from, body.to, body.fix);
  }
}
