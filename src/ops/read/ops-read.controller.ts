import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ReadService } from './read.service.js';
import type { Breakdown, LatencyDistribution, Overview, Trend } from './read.types.js';
import { ApiReadErrors, ApiWrongQuery } from '../http/error-answers.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import {
  BreakdownQueryDto,
  LatencyDistributionQueryDto,
  ReadLevelDto,
  TrendQueryDto,
} from './read-query.dto.js';
import {
  BreakdownResponse,
  LatencyDistributionResponse,
  OverviewResponse,
  TrendResponse,
} from './read.responses.js';

@OpsAdminController()
export class OpsReadController {
  public constructor(private readonly reads: ReadService) {}

  @Get('overview')
  @ApiOperation({ summary: 'Counts, rates and latency of a range, beside those of the period before it' })
  @ApiOkResponse({ type: OverviewResponse })
  @ApiWrongQuery()
  @ApiReadErrors()
  public async overview(@Query() query: ReadLevelDto): Promise<Overview> {
    return this.reads.overview(query);
  }

  @Get('trend')
  @ApiOperation({ summary: 'The same measures over time, without gaps' })
  @ApiOkResponse({ type: TrendResponse })
  @ApiWrongQuery()
  @ApiReadErrors()
  public async trend(@Query() query: TrendQueryDto): Promise<Trend> {
    return this.reads.trend(query);
  }

  @Get('breakdown')
  @ApiOperation({ summary: 'The same measures for each platform or group, most requests first' })
  @ApiOkResponse({ type: BreakdownResponse })
  @ApiWrongQuery()
  @ApiReadErrors()
  public async breakdown(@Query() query: BreakdownQueryDto): Promise<Breakdown> {
    return this.reads.breakdown(query);
  }

  @Get('latency-distribution')
  @ApiOperation({ summary: 'A histogram of one latency, ready to draw' })
  @ApiOkResponse({ type: LatencyDistributionResponse })
  @ApiWrongQuery()
  @ApiReadErrors()
  public async latencyDistribution(
    @Query() query: LatencyDistributionQueryDto,
  ): Promise<LatencyDistribution> {
    return this.reads.latencyDistribution(query);
  }
}
