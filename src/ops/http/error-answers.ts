import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiInternalServerErrorResponse,
  ApiServiceUnavailableResponse,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { STORABLE_EXPECTED } from './ops-validation.pipe.js';
import { NOT_MIGRATED } from './ops-error.filter.js';
import { errorAnswer } from './ops-error.response.js';

const NOT_MIGRATED_EXAMPLE = {
  'a database without the migrations': {
    code: 'NOT_MIGRATED',
    message: `${NOT_MIGRATED} (42P01: relation "ops_rebuilds" does not exist)`,
    field: null,
  },
};

/** Documents what every admin route may answer. */
export const ApiAdminErrors = (): ClassDecorator & MethodDecorator =>
  applyDecorators(
    ApiUnauthorizedResponse(
      errorAnswer("Refused by the host's guard; 403 (`FORBIDDEN`) where that one says just no.", {
        'without the token': {
          code: 'UNAUTHORIZED',
          message: 'The admin endpoints need the header Authorization: Bearer <OPS_ADMIN_TOKEN>.',
          field: null,
        },
      }),
    ),
    ApiTooManyRequestsResponse({
      ...errorAnswer('Not looked at: too many refused requests of its address wait for their answers.', {
        'too many refusals': {
          code: 'TOO_MANY_REQUESTS',
          message: 'Too many requests of this address were refused: try again in 2 s.',
          field: null,
        },
      }),
      headers: {
        'Retry-After': { description: 'Seconds.', schema: { type: 'integer', example: 2 } },
      },
    }),
    ApiInternalServerErrorResponse(
      errorAnswer('It failed, for instance because the database cannot be reached.', {
        'a failure': {
          code: 'INTERNAL_SERVER_ERROR',
          message: 'The request failed; the log says why.',
          field: null,
        },
      }),
    ),
    ApiServiceUnavailableResponse(
      errorAnswer('The database lacks a table or a column that is needed.', {
        ...NOT_MIGRATED_EXAMPLE,
      }),
    ),
  );

/** Documents what every read may answer instead of numbers. */
export const ApiReadErrors = (): MethodDecorator =>
  applyDecorators(
    ApiUnprocessableEntityResponse(
      errorAnswer('A sum of the range is past what its type holds: 64 bits, or 2^53 - 1 for counts.', {
        'too many tokens': {
          code: 'SUM_OUT_OF_RANGE',
          message: 'The sum of tokens is past 64 bits: ask for a shorter range',
          field: null,
        },
      }),
    ),
    ApiServiceUnavailableResponse({
      ...errorAnswer(
        'Too many reads at the same time (`maxConcurrentReads`), or it took too long (`readTimeoutMs`).',
        {
          'too many reads': {
            code: 'READS_BUSY',
            message: '4 reads run at the same time, and too many are waiting: try again in 2 s',
            field: null,
          },
          'a locked table': {
            code: 'READ_TIMEOUT',
            message: 'A table is locked: the read waited 2000 ms for it',
            field: null,
          },
          ...NOT_MIGRATED_EXAMPLE,
        },
      ),
      headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer', example: 2 } } },
    }),
  );

/** Documents the query of a read endpoint that is refused. */
export const ApiWrongQuery = (): MethodDecorator =>
  ApiBadRequestResponse(
    errorAnswer('A parameter is wrong, missing or unknown; the first one is named.', {
      'an end before the start': { code: 'INVALID_INPUT', message: 'to must be after from', field: 'to' },
      'a time within a minute': {
        code: 'INVALID_INPUT',
        message: 'from must be on a whole minute',
        field: 'from',
      },
    }),
  );

/** Documents the id in the path that is refused. */
export const ApiWrongId = (): MethodDecorator =>
  ApiBadRequestResponse(
    errorAnswer('It holds a character that no id has.', {
      'a NUL': { code: 'INVALID_INPUT', message: `id ${STORABLE_EXPECTED}`, field: 'id' },
    }),
  );

/** Documents the body with a range that is refused. */
export const ApiWrongRange = (): MethodDecorator =>
  ApiBadRequestResponse(
    errorAnswer('A property is wrong, missing or unknown, and the first one is named; or it is no JSON.', {
      'an end before the start': { code: 'INVALID_INPUT', message: 'to must be after from', field: 'to' },
      'a range that is too long': {
        code: 'INVALID_INPUT',
        message: 'to must be at most 366 days after from (maxRebuildDays)',
        field: 'to',
      },
      'an end in the future': {
        code: 'INVALID_INPUT',
        message: "to must not be in the future (the database's clock says 2026-01-31T12:00:00.123Z)",
        field: 'to',
      },
      'no JSON': {
        code: 'BAD_REQUEST',
        message: 'Unexpected end of JSON input',
        field: null,
      },
    }),
  );
