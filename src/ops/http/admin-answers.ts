import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiInternalServerErrorResponse,
  ApiServiceUnavailableResponse,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { errorAnswer } from './ops-error.response.js';

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
    ApiInternalServerErrorResponse(
      errorAnswer('It failed, for instance because the database cannot be reached.', {
        'a failure': {
          code: 'INTERNAL_SERVER_ERROR',
          message: 'The request failed; the log says why.',
          field: null,
        },
      }),
    ),
  );

/** Documents the limit that every admin route that changes something has. */
export const ApiWriteLimit = (): MethodDecorator =>
  ApiTooManyRequestsResponse({
    ...errorAnswer('More writes in a minute than one requester has (`adminWritesPerMinute`).', {
      'too many writes': {
        code: 'TOO_MANY_REQUESTS',
        message: 'At most 30 writes a minute are taken: try again in 12 s.',
        field: null,
      },
    }),
    headers: {
      'Retry-After': { description: 'Seconds.', schema: { type: 'integer', example: 12 } },
    },
  });

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
