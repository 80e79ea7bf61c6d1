import { ApiProperty, type ApiResponseNoStatusOptions } from '@nestjs/swagger';
import type { OpsRunError } from './run.errors.js';
import type { RunState } from './runs.service.js';
import { errorAnswer } from '../http/ops-error.response.js';
import { instant, nullableInstant, nullableText } from '../http/response-properties.js';

export class RunStateResponse implements RunState {
  @ApiProperty({ type: String, format: 'int64', example: '42' })
  readonly id!: string;

  @ApiProperty({
    enum: ['running', 'finished', 'cancelled', 'failed', 'interrupted'],
    description: '`interrupted`: its instance stopped, or is not heard of any more.',
    example: 'running',
  })
  readonly state!: RunState['state'];

  @nullableText("The user of the host's guard, else `admin@` and the address.", 'admin@127.0.0.1')
  readonly requestedBy!: string | null;

  @instant('2026-01-31T12:00:00.000Z')
  readonly startedAt!: string;

  @nullableInstant('Null until then.', null)
  readonly finishedAt!: string | null;

  @nullableInstant(
    'Since when it is to stop after the step under way; null unless somebody asked for it.',
    null,
  )
  readonly cancelRequestedAt!: string | null;

  @nullableText('SQLSTATE and message, where it failed.', null)
  readonly error!: string | null;
}

/** The path parameter of a run. */
export const RUN_ID = { name: 'id', description: 'As the request was answered.', example: '42' };

export const runErrorAnswer = (
  description: string,
  { code, message, field }: OpsRunError,
): ApiResponseNoStatusOptions => errorAnswer(description, { example: { code, message, field } });
