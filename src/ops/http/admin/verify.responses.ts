import { ApiProperty } from '@nestjs/swagger';
import { MAX_LISTED_DIFFERENCES, type Difference, type VerifyReport } from '../../refresh/verify.service.js';
import { count, instant, nullableText } from '../response-properties.js';

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

  @nullableText('What the table has, as text.', '1204')
  readonly stored!: string | null;

  @nullableText('What the raw rows (for a day: its hourly rows) give.', '1205')
  readonly computed!: string | null;

  @ApiProperty({ description: 'Known to be stale: the next drain recomputes it.', example: false })
  readonly pending!: boolean;
}

export class VerifyReportResponse implements VerifyReport {
  @instant('2026-01-01T00:00:00.000Z', 'The range, widened to whole UTC hours.')
  readonly from!: string;

  @instant('2026-01-31T00:00:00.000Z', 'Exclusive; cut at the last closed hour.')
  readonly to!: string;

  @count('Closed hours that were recomputed and compared.', 720)
  readonly hours!: number;

  @count('Closed hours that were not, since their raw rows may have been purged.', 0)
  readonly hoursBelowFloor!: number;

  @count('All of them, also those that are not listed.', 1)
  readonly differenceCount!: number;

  @ApiProperty({ type: [DifferenceResponse], description: `The first ${MAX_LISTED_DIFFERENCES}.` })
  readonly differences!: readonly DifferenceResponse[];

  @count('Hours noted for recomputation; 0 without `fix`.', 0)
  readonly notedHours!: number;
}
