import {
  Catch,
  HttpException,
  HttpStatus,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OpsError } from '../common/ops.error.js';
import { errorText, sqlState } from '../sql/database-errors.js';

/** The one shape of every error answer. */
export interface OpsErrorBody {
  readonly code: string;
  readonly message: string;
  /** The field that was wrong, or null. */
  readonly field: string | null;
}

/** undefined_table, undefined_column and invalid_schema_name: what a database without the migrations answers. */
const NOT_MIGRATED_STATES = ['42P01', '42703', '3F000'];

export const NOT_MIGRATED =
  'The database lacks a table or a column that is needed: run the migrations (the command migrate), ' +
  'which also say what a raw table lacks.';

/** Answers every error in one shape: `{ code, message, field }`. */
@Catch()
export class OpsErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('OpsHttp');

  public constructor(private readonly host: HttpAdapterHost) {}

  public catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response); // a stream that has begun cannot be answered otherwise
      return;
    }
    const [status, body] = answerTo(error);
    if (error instanceof OpsError && error.retryAfterSeconds !== null) {
      httpAdapter.setHeader(response, 'Retry-After', String(error.retryAfterSeconds));
    }
    // A 503 is an answer, not an accident: whoever gives it knows why.
    if (status >= 500 && status !== 503) {
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    httpAdapter.reply(response, body, status);
  }
}

function answerTo(error: unknown): [status: number, body: OpsErrorBody] {
  if (error instanceof OpsError) {
    return [error.status, { code: error.code, message: error.message, field: error.field }];
  }
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return [status, { code: HttpStatus[status] ?? 'HTTP_ERROR', message: error.message, field: null }];
  }
  if (NOT_MIGRATED_STATES.includes(sqlState(error) ?? '')) {
    return [503, { code: 'NOT_MIGRATED', message: `${NOT_MIGRATED} (${errorText(error)})`, field: null }];
  }
  return [
    500,
    { code: 'INTERNAL_SERVER_ERROR', message: 'The request failed; the log says why.', field: null },
  ];
}
