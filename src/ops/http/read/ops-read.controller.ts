import { Get, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ReadService } from '../../read/read.service.js';
import type { Breakdown, LatencyDistribution, Overview, Trend } from '../../read/read.types.js';
import { OpsAdminController } from '../ops-admin-controller.js';
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
  ReadErrorResponse,
  TrendResponse,
} from './read.responses.js';

const WRONG_QUERY = { description: 'A parameter is wrong, missing or unknown.', type: ReadErrorResponse };

@OpsAdminController()
export class OpsReadController {
  public constructor(private readonly reads: ReadService) {}

  @Get('overview')
  @ApiOperation({ summary: 'Counts, rates and latency of a range, beside those of the period before it' })
  @ApiOkResponse({ type: OverviewResponse })
  @ApiBadRequestResponse(WRONG_QUERY)
  public async overview(@Query() query: ReadLevelDto): Promise<Overview> {
    return this.reads.overview(query);
  }

  @Get('trend')
  @ApiOperation({ summary: 'The same measures over time, without gaps' })
  @ApiOkResponse({ type: TrendResponse })
  @ApiBadRequestResponse(WRONG_QUERY)
  public async trend(@Query() query: TrendQueryDto): Promise<Trend> {
    return this.reads.trend(query);
  }

  @Get('breakdown')
  @ApiOperation({ summary: 'The same measures for each platform or group, most requests first' })
  @ApiOkResponse({ type: BreakdownResponse })
  @ApiBadRequestResponse(WRONG_QUERY)
  public async breakdown(@Query() query: BreakdownQueryDto): Promise<Breakdown> {
    return this.reads.breakdown(query);
  }

  @Get('latency-distribution')
  @ApiOperation({ summary: 'A histogram of one latency, ready to draw' })
  @ApiOkResponse({ type: LatencyDistributionResponse })
  @ApiBadRequestResponse(WRONG_QUERY)
  public async latencyDistribution(
    @Query() query: LatencyDistributionQueryDto,
  ): Promise<LatencyDistribution> {
    return this.reads.latencyDistribution(query);
  }
}
