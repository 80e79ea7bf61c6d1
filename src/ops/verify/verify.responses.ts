import { ApiProperty, OmitType } from '@nestjs/swagger';
import type { Verification } from './verifications.service.js';
import {
  MAX_LISTED_DIFFERENCES,
  MAX_LISTED_UNJUDGED,
  UNJUDGED_REASONS,
  type Difference,
  type UnjudgedBucket,
  type UnjudgedReason,
} from './verify.types.js';
import { count, instant, nullableText } from '../http/response-properties.js';
import { RunStateResponse } from '../runs/run.responses.js';

export class DifferenceResponse implements Difference {
  @ApiProperty({ enum: ['hourly', 'daily'], example: 'hourly' })
  readonly table!: Difference['table'];

  @ApiProperty({
    description: 'Start of the UTC hour, or the UTC day (YYYY-MM-DD).',
    example: '2026-01-12T07:00:00.000Z',
  })
  readonly bucket!: string;

  @ApiProperty({ enum: ['overall', 'platform', 'group'], example: 'group' })
  readonly level!: Difference['level'];

  @nullableText('Null at the overall level.', 'openai')
  readonly platform!: string | null;

  @ApiProperty({
    type: String,
    format: 'int64',
    nullable: true,
    description: 'Null but at the group level.',
    example: '12',
  })
  readonly groupId!: string | null;

  @ApiProperty({
    description: '`(row)` where the whole row is missing on one side.',
    example: 'success_count',
  })
  readonly column!: string;

  @nullableText(
    'What the table has, as text; of a distribution the rounded form that is compared, shortened.',
    '1204',
  )
  readonly stored!: string | null;

  @nullableText('What the raw rows (for a day: its hourly rows) give.', '1205')
  readonly computed!: string | null;

  @ApiProperty({ description: 'Known to be stale: the next drain recomputes it.', example: false })
  readonly pending!: boolean;
}

const whyNot = (table: string): PropertyDecorator =>
  ApiProperty({
    enum: UNJUDGED_REASONS,
    nullable: true,
    description:
      `Why the columns that come from ${table} were not; null where they were. \`raw_rows_purged\`: below the table's ` +
      'floor, and more is stored than its raw rows give; `held_back`: by the shrink guard; `late_rows_not_applied`: below ' +
      'the configured floor, and less is stored; `hourly_rows_dropped`: by the retention; `timed_out`: it takes longer ' +
      'than a statement may.',
    example: 'raw_rows_purged',
  });

export class UnjudgedBucketResponse implements UnjudgedBucket {
  @ApiProperty({ enum: ['hourly', 'daily'], example: 'hourly' })
  readonly table!: UnjudgedBucket['table'];

  @ApiProperty({
    description: 'Start of the UTC hour, or the UTC day (YYYY-MM-DD).',
    example: '2026-01-02T07:00:00.000Z',
  })
  readonly bucket!: string;

  @whyNot('usage_logs')
  readonly usage!: UnjudgedReason | null;

  @whyNot('ops_error_logs')
  readonly errors!: UnjudgedReason | null;
}

export class VerificationResponse extends RunStateResponse implements Verification {
  @ApiProperty({ description: 'Whether buckets with a difference are noted.', example: false })
  readonly fix!: boolean;

  @instant('2026-01-01T00:00:00.000Z', 'The range, widened to whole UTC hours.')
  readonly from!: string;

  @instant('2026-01-31T00:00:00.000Z', 'Exclusive; cut at the last closed hour.')
  readonly to!: string;

  @count('Closed hours of the range.', 720)
  readonly hoursTotal!: number;

  @count('Of them, the ones that have been looked at so far.', 312)
  readonly hours!: number;

  @count('Hours and days of which columns could not be judged.', 1)
  readonly unjudgedCount!: number;

  @ApiProperty({ type: [UnjudgedBucketResponse], description: `The first ${MAX_LISTED_UNJUDGED} of them.` })
  readonly unjudged!: readonly UnjudgedBucketResponse[];

  @count('All of them, also those that are not listed.', 1)
  readonly differenceCount!: number;

  @ApiProperty({ type: [DifferenceResponse], description: `The first ${MAX_LISTED_DIFFERENCES}.` })
  readonly differences!: readonly DifferenceResponse[];

  @count('Hours noted for recomputation; 0 without `fix`.', 0)
  readonly notedHours!: number;

  @count('Days noted for recomputation; 0 without `fix`.', 0)
  readonly notedDays!: number;
}

export class VerificationSummaryResponse extends OmitType(VerificationResponse, [
  'unjudged',
  'differences',
]) {}
