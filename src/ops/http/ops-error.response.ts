import { ApiProperty, type ApiResponseNoStatusOptions } from '@nestjs/swagger';
import type { OpsErrorBody } from './ops-error.filter.js';

/** The one shape of every error answer, as OpenAPI shows it. */
export class OpsErrorResponse implements OpsErrorBody {
  @ApiProperty({ description: 'For programs: what kind of error it is.', example: 'INVALID_INPUT' })
  readonly code!: string;

  @ApiProperty({ description: 'For people.', example: 'to must be after from' })
  readonly message!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The field that was wrong.', example: 'to' })
  readonly field!: string | null;
}

/**
 * Options for the decorators of error answers.
 *
 * @param bodies examples, by what they are an example of
 */
export function errorAnswer(
  description: string,
  bodies: Readonly<Record<string, OpsErrorBody>>,
): ApiResponseNoStatusOptions {
  return {
    description,
    type: OpsErrorResponse,
    examples: Object.fromEntries(
      Object.entries(bodies).map(([summary, value]) => [summary, { summary, value }]),
    ),
  };
}
