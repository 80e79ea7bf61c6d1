import { Body, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { RefreshService, type DailyTick, type HourlyTick } from '../../refresh/refresh.service.js';
import { StatusService, type OpsStatus } from '../../refresh/status.service.js';
import { VerifyService, type VerifyReport } from '../../refresh/verify.service.js';
import { OpsAdminController } from '../ops-admin-controller.js';
import { VerifyRequestDto } from './rebuild.dto.js';

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
  public async status(): Promise<OpsStatus> {
    return this.statuses.status();
  }

  @Post('refresh')
  @HttpCode(200)
  @ApiOperation({ summary: 'Run one tick of both jobs now' })
  public async refresh(): Promise<{ hourly: HourlyTick; daily: DailyTick }> {
    const hourly = await this.refreshes.hourly();
    return { hourly, daily: await this.refreshes.daily() };
  }

  @Post('verify')
  @HttpCode(200)
  @ApiOperation({ summary: 'Recompute the closed buckets of a range another way and list every difference' })
  public async verify(@Body() body: VerifyRequestDto): Promise<VerifyReport> {
    return this.verifications.verify(body.from, body.to, body.fix);
  }
}
