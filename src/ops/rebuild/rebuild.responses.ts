import { ApiProperty } from '@nestjs/swagger';
import type { RebuildProgress } from './rebuild.service.js';
import { count, instant, nullableInstant, nullableText } from '../http/response-properties.js';

export class RebuildHoursResponse {
  @count('Closed hours of the range.', 720)
  readonly total!: number;

  @count('Hours recomputed.', 312)
  readonly done!: number;

  @count('Hours that are failing or held back; failing ones are still tried again.', 0)
  readonly failed!: number;

  @count('Hours that were left when it was cancelled.', 0)
  readonly cancelled!: number;
}

export class RebuildProgressResponse implements RebuildProgress {
  @ApiProperty({ type: String, format: 'int64', example: '42' })
  readonly id!: string;

  @ApiProperty({ enum: ['running', 'finished', 'cancelled'], example: 'running' })
  readonly state!: RebuildProgress['state'];

  @instant('2026-01-01T00:00:00.000Z', 'The range, widened to whole UTC hours.')
  readonly from!: string;

  @instant('2026-01-31T00:00:00.000Z', 'Exclusive; cut at the last closed hour.')
  readonly to!: string;

  @ApiProperty({ example: false })
  readonly force!: boolean;

  @nullableText('As given.', 'price list imported late')
  readonly reason!: string | null;

  @nullableText("The user of the host's guard, else `admin@` and the address.", 'admin@127.0.0.1')
  readonly requestedBy!: string | null;

  @instant('2026-01-31T12:00:00.000Z')
  readonly startedAt!: string;

  @nullableInstant('Null until then.', null)
  readonly finishedAt!: string | null;

  @nullableInstant('Null unless it was.', null)
  readonly cancelledAt!: string | null;

  @ApiProperty({ type: RebuildHoursResponse })
  readonly hours!: RebuildHoursResponse;

  @nullableInstant(
    'Extrapolated from the hours done so far; null before the first, and after the end.',
    '2026-01-31T12:00:09.200Z',
  )
  readonly estimatedEnd!: string | null;
}
