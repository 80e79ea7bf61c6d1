import {
  Catch,
  HttpException,
  HttpStatus,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { z } from 'zod';
import { OpsError } from '../common/ops.error.js';
import { words } from '../common/schemas.js';
import { errorText, isUnreachable, sqlState } from '../sql/database-errors.js';

/** The one shape of every error answer. */
export const errorSchema = z
  .object({
    code: words('For programs: what kind of error it is.', 'INVALID_INPUT'),
    message: words('For people.', 'to must be after from'),
    field: words('The field that was wrong.', 'to').nullable(),
  })
  .meta({ id: 'OpsErrorResponse' });

export type OpsErrorBody = z.infer<typeof errorSchema>;

/** undefined_table, undefined_column and invalid_schema_name: what a database without the migrations answers. */
const NOT_MIGRATED_STATES = ['42P01', '42703', '3F000'];

/** The database lacks what the migrations create. */
export class OpsNotMigratedError extends OpsError {
  public readonly status = 503;
  public readonly code = 'NOT_MIGRATED';

  public constructor(reason: string) {
    super(
      'The database lacks a table or a column that is needed: run the migrations (the command migrate), ' +
        `which also say what a raw table lacks. (${reason})`,
    );
  }
}

/** The database does not answer: it may be starting, or the way to it broken, or there is no connection left. */
export class OpsDatabaseUnavailableError extends OpsError {
  public readonly status = 503;
  public readonly code = 'DATABASE_UNAVAILABLE';
  public override readonly retryAfterSeconds = 5;

  public constructor(cause: unknown) {
    super('The database cannot be reached at the moment; the log says why.', cause);
  }
}

/** Answers every error in one shape: `{ code, message, field }`. */
@Catch()
export class OpsErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('OpsHttp');

  public constructor(private readonly host: HttpAdapterHost) {}

  public catch(thrown: unknown, host: ArgumentsHost): void {
    const error = isUnreachable(thrown) ? new OpsDatabaseUnavailableError(thrown) : thrown;
    const { httpAdapter } = this.host;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response); // what has begun cannot be answered otherwise
      return;
    }
    const [status, body] = answerTo(error);
    if (error instanceof OpsError && error.retryAfterSeconds !== null) {
      httpAdapter.setHeader(response, 'Retry-After', String(error.retryAfterSeconds));
    }
    // A 503 is an answer, not an accident: whoever gives it knows why.
    if (error instanceof OpsDatabaseUnavailableError) {
      this.logger.warn(errorText(thrown));
    } else if (status >= 500 && status !== 503) {
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    httpAdapter.reply(response, body, status);
  }
}

/** The status and the body that an error is answered with. */
export function answerTo(error: unknown): [status: number, body: OpsErrorBody] {
  if (error instanceof OpsError) {
    return [error.status, { code: error.code, message: error.message, field: error.field }];
  }
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return [status, { code: HttpStatus[status] ?? 'HTTP_ERROR', message: error.message, field: null }];
  }
  if (NOT_MIGRATED_STATES.includes(sqlState(error) ?? '')) {
    return answerTo(new OpsNotMigratedError(errorText(error)));
  }
  return [
    500,
    { code: 'INTERNAL_SERVER_ERROR', message: 'The request failed; the log says why.', field: null },
  ];
}
