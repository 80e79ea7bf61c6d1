import { applyDecorators, Get, Query, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { ErrorAnswer, UNSERVED_EXAMPLES, WrongQueryAnswer } from '../http/error-answers.js';
import { Answers, QueryOf } from '../http/openapi.js';
import { keptMs } from './answer-freshness.js';
import { CacheHeaders } from './cache-headers.interceptor.js';
import { OpsBusyError, OpsReadTimeoutError, OpsSumOutOfRangeError } from './read-errors.js';
import * as asked from './read-query.schemas.js';
import * as shapes from './read.schemas.js';
import { ReadService } from './read.service.js';
import { seriesQuerySchema, seriesSchema, type Series, type SeriesQuery } from './series.schemas.js';
import { SingleFlight } from './single-flight.js';

const CACHE_HEADERS = {
  'Cache-Control': {
    description: 'For how many seconds no other answer is to be expected.',
    schema: { type: 'string', example: 'private, max-age=10' },
  },
  ETag: {
    description: 'Given in If-None-Match, it is answered by 304 while the answer is the same.',
    schema: { type: 'string', example: 'W/"Qm9keSBvZiB0aGUgYW5zd2Vy"' },
  },
} as const;

const Reads = (path: string, summary: string, query: z.ZodObject, answer: z.ZodType): MethodDecorator =>
  applyDecorators(
    Get(path),
    ApiOperation({ summary }),
    QueryOf(query),
    UseInterceptors(CacheHeaders),
    Answers(answer, { headers: CACHE_HEADERS }),
    ApiResponse({ status: 304, description: 'The answer is the one that If-None-Match names.' }),
    WrongQueryAnswer(),
    ErrorAnswer(
      'A sum of the range is past what its type holds: 64 bits, or 2^53 - 1 for counts.',
      new OpsSumOutOfRangeError('The sum of tokens is past 64 bits'),
    ),
    ErrorAnswer(
      'Too many reads at the same time (`maxConcurrentReads`), or it took too long (`readTimeoutMs`).',
      new OpsBusyError(4),
      new OpsReadTimeoutError('lock', 2000, null),
      ...UNSERVED_EXAMPLES,
    ),
  );

/**
 * What comes in is passed on as it is: the service validates it. Who asks the same at the same moment, or a moment
 * after, shares an answer: ten dashboards cost the database what one does.
 */
@OpsAdminController()
export class OpsReadController {
  private readonly overviews = new SingleFlight<shapes.Overview>(keptMs);
  private readonly trends = new SingleFlight<shapes.Trend>(keptMs);
  private readonly breakdowns = new SingleFlight<shapes.Breakdown>(keptMs);
  private readonly serieses = new SingleFlight<Series>(keptMs);
  private readonly distributions = new SingleFlight<shapes.LatencyDistribution>(keptMs);

  public constructor(private readonly reads: ReadService) {}

  @Reads(
    'overview',
    'Counts, rates and latency of a range, beside those of the period before it',
    asked.overviewQuerySchema,
    shapes.overviewSchema,
  )
  public async overview(@Query() query: asked.OverviewQuery): Promise<shapes.Overview> {
    return this.overviews.run(JSON.stringify(query), () => this.reads.overview(query));
  }

  @Reads('trend', 'The same measures over time, without gaps', asked.trendQuerySchema, shapes.trendSchema)
  public async trend(@Query() query: asked.TrendQuery): Promise<shapes.Trend> {
    return this.trends.run(JSON.stringify(query), () => this.reads.trend(query));
  }

  @Reads(
    'breakdown',
    'The same measures for each platform, group, or key of a set, most requests first; or the kinds of errors',
    asked.breakdownQuerySchema,
    shapes.breakdownSchema,
  )
  public async breakdown(@Query() query: asked.BreakdownQuery): Promise<shapes.Breakdown> {
    return this.breakdowns.run(JSON.stringify(query), () => this.reads.breakdown(query));
  }

  @Reads(
    'series',
    'Measures over time of the busiest platforms, groups, or keys of a set, and of all others together',
    seriesQuerySchema,
    seriesSchema,
  )
  public async series(@Query() query: SeriesQuery): Promise<Series> {
    return this.serieses.run(JSON.stringify(query), () => this.reads.series(query));
  }

  @Reads(
    'latency-distribution',
    'A histogram of one latency, ready to draw',
    asked.latencyDistributionQuerySchema,
    shapes.latencyDistributionSchema,
  )
  public async latencyDistribution(
    @Query() query: asked.LatencyDistributionQuery,
  ): Promise<shapes.LatencyDistribution> {
    return this.distributions.run(JSON.stringify(query), () => this.reads.latencyDistribution(query));
  }
}
