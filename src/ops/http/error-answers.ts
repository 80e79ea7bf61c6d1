import {
  applyDecorators,
  BadRequestException,
  HttpException,
  HttpStatus,
  UnauthorizedException,
} from '@nestjs/common';
import { OpsError, OpsInputError } from '../common/ops.error.js';
import { STORABLE_EXPECTED } from '../common/schemas.js';
import { Answers } from './openapi.js';
import {
  answerTo,
  errorSchema,
  OpsDatabaseUnavailableError,
  OpsNotMigratedError,
} from './ops-error.filter.js';

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds.', schema: { type: 'integer', example: 2 } },
} as const;

/** Documents an error answer by errors as they are thrown, all of one status. */
export function ErrorAnswer(
  description: string,
  ...errors: readonly Error[]
): MethodDecorator & ClassDecorator {
  const answers = errors.map(answerTo);
  const status = answers[0]?.[0] ?? HttpStatus.INTERNAL_SERVER_ERROR;
  const mayRetry = errors.some((error) => error instanceof OpsError && error.retryAfterSeconds !== null);
  return Answers(errorSchema, {
    status,
    description,
    examples: Object.fromEntries(
      answers.map(([, value]) => [value.message, { summary: value.message, value }]),
    ),
    ...((mayRetry || status === HttpStatus.TOO_MANY_REQUESTS.valueOf()) && { headers: RETRY_AFTER }),
  });
}

/** What every admin route may say with a 503. */
export const UNSERVED_EXAMPLES = [
  new OpsDatabaseUnavailableError(null),
  new OpsNotMigratedError('42P01: relation "ops_rebuilds" does not exist'),
];

/** Documents what every admin route may answer. */
export const AdminErrorAnswers = (): ClassDecorator =>
  applyDecorators(
    ErrorAnswer(
      "Refused by the host's guard; 403 (`FORBIDDEN`) where that one says just no.",
      new UnauthorizedException(
        'The admin endpoints need the header Authorization: Bearer <OPS_ADMIN_TOKEN>.',
      ),
    ),
    ErrorAnswer(
      'Not looked at: too many refused requests of its address wait for their answers.',
      new HttpException(
        'Too many requests of this address were refused: try again in 2 s.',
        HttpStatus.TOO_MANY_REQUESTS,
      ),
    ),
    ErrorAnswer('It failed.', new Error()),
    ErrorAnswer('The database cannot be reached, or lacks what is needed.', ...UNSERVED_EXAMPLES),
  );

const ENDS_BEFORE_IT_STARTS = new OpsInputError('to', 'must be after from');

/** Documents the query of a read endpoint that is refused. */
export const WrongQueryAnswer = (): MethodDecorator =>
  ErrorAnswer(
    'A parameter is wrong, missing or unknown; the first one is named.',
    ENDS_BEFORE_IT_STARTS,
    new OpsInputError('from', 'must be on a whole minute'),
  );

/** Documents the body with a range that is refused. */
export const WrongBodyAnswer = (): MethodDecorator =>
  ErrorAnswer(
    'A property is wrong, missing or unknown, and the first one is named; or it is no JSON.',
    ENDS_BEFORE_IT_STARTS,
    new OpsInputError('to', 'must be at most 366 days after from (maxRebuildDays)'),
    new OpsInputError('to', "must not be in the future (the database's clock says 2026-01-31T12:00:00.123Z)"),
    new BadRequestException('Unexpected end of JSON input'),
  );

/** Documents the id in the path that is refused. */
export const WrongIdAnswer = (): MethodDecorator =>
  ErrorAnswer('It holds a character that no id has.', new OpsInputError('id', STORABLE_EXPECTED));
