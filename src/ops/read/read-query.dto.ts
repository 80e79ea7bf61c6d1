import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import type { BreakdownBy } from './level.js';
import type { LatencyMetric, TrendBucket } from './read.types.js';
import { FitsRange, TREND_BUCKETS } from './fits-bucket.js';
import { IsGroupId } from './is-group-id.js';
import { IsMinuteInstant } from './is-minute-instant.js';
import { IsRangeEnd, LONGEST_RANGE_DAYS } from './is-range-end.js';

export class ReadRangeDto {
  @ApiProperty({
    type: String,
    format: 'date-time',
    description: 'Start, inclusive: ISO 8601 with a zone (Z or an offset), on a whole minute.',
    example: '2026-01-01T00:00:00Z',
  })
  @IsMinuteInstant()
  readonly from!: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    description: `End, exclusive; after from, by at most ${LONGEST_RANGE_DAYS} days. The future is empty.`,
    example: '2026-01-31T12:30:00+08:00',
  })
  @IsMinuteInstant()
  @IsRangeEnd()
  readonly to!: Date;
}

export class ReadLevelDto extends ReadRangeDto {
  @ApiPropertyOptional({
    description: "Only this platform; 'unknown' has the errors that were not routed.",
    maxLength: 32,
    example: 'openai',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(32)
  readonly platform?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'int64',
    description: 'Only this group; alone, under whatever platform its rows are.',
    example: '12',
  })
  @IsOptional()
  @IsGroupId()
  readonly groupId?: string;
}

export class TrendQueryDto extends ReadLevelDto {
  @ApiPropertyOptional({
    enum: TREND_BUCKETS,
    default: 'auto',
    description:
      'Width of a point, in UTC. 5m: at most 1 day; hour: at most 31 days. auto: 5m up to 12 hours, hour up to 14 days.',
  })
  @FitsRange()
  readonly bucket: TrendBucket | 'auto' = 'auto';
}

export class BreakdownQueryDto extends ReadRangeDto {
  @ApiProperty({ enum: ['platform', 'group'] })
  @IsIn(['platform', 'group'])
  readonly by!: BreakdownBy;

  @ApiPropertyOptional({ default: 20, minimum: 1, maximum: 1000, description: 'How many, busiest first.' })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly limit: number = 20;
}

export class LatencyDistributionQueryDto extends ReadLevelDto {
  @ApiProperty({ enum: ['duration', 'ttft'], description: 'The whole request, or its time to first token.' })
  @IsIn(['duration', 'ttft'])
  readonly metric!: LatencyMetric;
}
