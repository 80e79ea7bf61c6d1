import {
  Catch,
  HttpException,
  HttpStatus,
  Logger,
  ServiceUnavailableException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  OpsBelowFloorError,
  OpsInputError,
  OpsRebuildEndedError,
  OpsRebuildNotFoundError,
} from '../refresh/ops-input.error.js';
import { OpsRunError } from '../runs/run.errors.js';

/** The one shape of every error answer. */
export interface OpsErrorBody {
  readonly code: string;
  readonly message: string;
  /** The field that was wrong, or null. */
  readonly field: string | null;
}

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
    // A 503 is an answer, not an accident: whoever gives it knows why.
    if (status >= 500 && !(error instanceof ServiceUnavailableException)) {
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    httpAdapter.reply(response, body, status);
  }
}

function answerTo(error: unknown): [status: number, body: OpsErrorBody] {
  if (error instanceof OpsInputError) {
    return [400, { code: 'INVALID_INPUT', message: error.message, field: error.field }];
  }
  if (error instanceof OpsBelowFloorError) {
    return [409, { code: 'BELOW_RAW_FLOOR', message: error.message, field: error.field }];
  }
  if (error instanceof OpsRebuildNotFoundError) {
    return [404, { code: 'REBUILD_NOT_FOUND', message: error.message, field: 'id' }];
  }
  if (error instanceof OpsRebuildEndedError) {
    return [409, { code: 'REBUILD_ENDED', message: error.message, field: 'id' }];
  }
  if (error instanceof OpsRunError) {
    return [error.status, { code: error.code, message: error.message, field: error.field }];
  }
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return [status, { code: HttpStatus[status] ?? 'HTTP_ERROR', message: error.message, field: null }];
  }
  return [
    500,
    { code: 'INTERNAL_SERVER_ERROR', message: 'The request failed; the log says why.', field: null },
  ];
}
