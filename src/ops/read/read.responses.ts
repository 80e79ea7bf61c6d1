import { ApiProperty } from '@nestjs/swagger';
import type {
  Breakdown,
  BreakdownItem,
  Freshness,
  HistogramBin,
  LatencyDistribution,
  LatencyMetric,
  Overview,
  Trend,
  TrendBucket,
  TrendPoint,
} from './read.types.js';
import type { BreakdownBy } from './level.js';
import {
  LatencySummaryResponse,
  MeasuresResponse,
  PeriodMeasuresResponse,
  PreviousMeasuresResponse,
  RangeMeasuresResponse,
} from './measures.responses.js';
import { nullableInstant } from '../http/response-properties.js';

const FROM = { type: String, format: 'date-time', example: '2026-01-01T00:00:00.000Z' } as const;
const TO = { type: String, format: 'date-time', example: '2026-01-31T00:00:00.000Z' } as const;
const PLATFORM = { type: String, nullable: true, example: 'openai' } as const;
const GROUP_ID = { type: String, format: 'int64', nullable: true, example: '12' } as const;

export class FreshnessResponse implements Freshness {
  @ApiProperty({
    ...TO,
    description:
      'Everything before it is rolled up or was read live: the start of the first stale or missing hour, or the end of the range.',
  })
  readonly freshThrough!: string;

  @ApiProperty({
    type: 'integer',
    description: 'Closed hours that the answer takes whole and that are noted for recomputation.',
    example: 0,
  })
  readonly pendingHours!: number;

  @ApiProperty({
    type: 'integer',
    description:
      'Closed hours that the answer leaves out: not rolled up yet, and too many to be counted from raw rows.',
    example: 0,
  })
  readonly missingHours!: number;

  @nullableInstant('Start of the first hour that is left out; null where none is.', null)
  readonly missingFrom!: string | null;
}

export class OverviewResponse extends PeriodMeasuresResponse implements Overview {
  @ApiProperty(PLATFORM)
  readonly platform!: string | null;

  @ApiProperty(GROUP_ID)
  readonly groupId!: string | null;

  @ApiProperty({ type: PreviousMeasuresResponse, description: 'The period of equal length just before.' })
  readonly previous!: PreviousMeasuresResponse;

  @ApiProperty({ type: FreshnessResponse })
  readonly freshness!: FreshnessResponse;
}

export class TrendPointResponse extends RangeMeasuresResponse implements TrendPoint {}

export class TrendResponse implements Trend {
  @ApiProperty(FROM)
  readonly from!: string;

  @ApiProperty(TO)
  readonly to!: string;

  @ApiProperty(PLATFORM)
  readonly platform!: string | null;

  @ApiProperty(GROUP_ID)
  readonly groupId!: string | null;

  @ApiProperty({ enum: ['5m', 'hour', 'day'], example: 'hour', description: 'What auto came to.' })
  readonly bucket!: TrendBucket;

  @ApiProperty({
    type: [TrendPointResponse],
    description: 'Without gaps, up to the bucket that contains now.',
  })
  readonly points!: TrendPointResponse[];

  @ApiProperty({ type: FreshnessResponse })
  readonly freshness!: FreshnessResponse;
}

export class BreakdownItemResponse extends MeasuresResponse implements BreakdownItem {
  @ApiProperty({ ...PLATFORM, description: "The platform, or the group's; null for a group that is gone." })
  readonly platform!: string | null;

  @ApiProperty(GROUP_ID)
  readonly groupId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'premium' })
  readonly groupName!: string | null;
}

export class BreakdownResponse implements Breakdown {
  @ApiProperty(FROM)
  readonly from!: string;

  @ApiProperty(TO)
  readonly to!: string;

  @ApiProperty({ enum: ['platform', 'group'], example: 'group' })
  readonly by!: BreakdownBy;

  @ApiProperty({
    type: 'integer',
    description: 'How many there are; items has at most limit of them.',
    example: 40,
  })
  readonly total!: number;

  @ApiProperty({ type: [BreakdownItemResponse] })
  readonly items!: BreakdownItemResponse[];

  @ApiProperty({ type: FreshnessResponse })
  readonly freshness!: FreshnessResponse;
}

export class HistogramBinResponse implements HistogramBin {
  @ApiProperty({ description: 'Milliseconds, inclusive.', example: 1784 })
  readonly from!: number;

  @ApiProperty({ description: 'Milliseconds, exclusive.', example: 2040 })
  readonly to!: number;

  @ApiProperty({ type: 'integer', format: 'int64', example: 90_122 })
  readonly count!: number;
}

export class LatencyDistributionResponse implements LatencyDistribution {
  @ApiProperty(FROM)
  readonly from!: string;

  @ApiProperty(TO)
  readonly to!: string;

  @ApiProperty(PLATFORM)
  readonly platform!: string | null;

  @ApiProperty(GROUP_ID)
  readonly groupId!: string | null;

  @ApiProperty({ enum: ['duration', 'ttft'], example: 'ttft' })
  readonly metric!: LatencyMetric;

  @ApiProperty({
    type: [HistogramBinResponse],
    description:
      'Contiguous; four to each doubling from 8 ms on, with borders where stored latencies are told apart. Incomplete where percentilesComplete is false.',
  })
  readonly bins!: HistogramBinResponse[];

  @ApiProperty({ type: LatencySummaryResponse })
  readonly summary!: LatencySummaryResponse;

  @ApiProperty({ type: FreshnessResponse })
  readonly freshness!: FreshnessResponse;
}
