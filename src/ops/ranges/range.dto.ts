import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, MaxLength } from 'class-validator';
import { IsIsoInstant } from './is-iso-instant.js';

export class RangeDto {
  @ApiProperty({ type: String, format: 'date-time', example: '2026-01-01T00:00:00Z' })
  @IsIsoInstant()
  readonly from!: Date;

  /** Exclusive; must be after from and not in the future. */
  @ApiProperty({ type: String, format: 'date-time', example: '2026-01-31T00:00:00Z' })
  @IsIsoInstant()
  readonly to!: Date;
}

export class RebuildRequestDto extends RangeDto {
  /** Also below the raw floor, and also where the result would shrink. */
  @ApiPropertyOptional({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  readonly force?: boolean;

  @ApiPropertyOptional({ maxLength: 500, example: 'price list imported late' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  readonly reason?: string;
}

export class VerifyRequestDto extends RangeDto {
  /** Note every bucket with a difference for recomputation. */
  @ApiPropertyOptional({ default: false, example: false })
  @IsOptional()
  @IsBoolean()
  readonly fix?: boolean;
}
