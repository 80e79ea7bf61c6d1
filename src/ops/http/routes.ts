import {
  applyDecorators,
  Delete,
  Get,
  HttpCode,
  Injectable,
  Post,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiOperation, ApiParam } from '@nestjs/swagger';
import { tap, type Observable } from 'rxjs';
import { z } from 'zod';
import type { OpsError } from '../common/ops.error.js';
import { givenId } from '../common/schemas.js';
import { adminRequest } from './admin-request.js';
import { ErrorAnswer, WrongBodyAnswer, WrongIdAnswer } from './error-answers.js';
import { Answers, BodyOf } from './openapi.js';

const LOCATION = {
  Location: {
    description: 'Where it is to be looked up.',
    schema: { type: 'string', example: '/admin/ops/verify/42' },
  },
} as const;

/** Names in the Location header where the thing that was taken is to be looked up: below the path of the request. */
@Injectable()
class LocationOfRequested implements NestInterceptor {
  public constructor(private readonly host: HttpAdapterHost) {}

  public intercept(context: ExecutionContext, next: CallHandler<{ id: string }>): Observable<{ id: string }> {
    const { originalUrl, url } = adminRequest(context);
    const path = (originalUrl ?? url).replace(/\/?(\?.*)?$/s, '');
    const response: unknown = context.switchToHttp().getResponse();
    return next.handle().pipe(
      tap(({ id }) => {
        this.host.httpAdapter.setHeader(response, 'Location', `${path}/${id}`);
      }),
    );
  }
}

/** `POST /`: takes work that goes on after the answer, 202. */
export const RequestRoute = (route: {
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  /** When it is refused, 409, and the error. */
  readonly conflict: readonly [description: string, OpsError];
}): MethodDecorator =>
  applyDecorators(
    Post(),
    HttpCode(202),
    ApiOperation({ summary: route.summary }),
    UseInterceptors(LocationOfRequested),
    Answers(route.answer, { status: 202, headers: LOCATION }),
    ...(route.body === undefined ? [] : [BodyOf(route.body), WrongBodyAnswer()]),
    ErrorAnswer(...route.conflict),
  );

/** `GET /`: the latest ones. */
export const ListRoute = (summary: string, item: z.ZodType): MethodDecorator =>
  applyDecorators(Get(), ApiOperation({ summary }), Answers(z.array(item)));

const OneOfThem = (summary: string, answer: z.ZodType, notFound: OpsError): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary }),
    ApiParam({ name: 'id', description: givenId.description ?? '', example: givenId.meta()?.example }),
    Answers(answer),
    WrongIdAnswer(),
    ErrorAnswer('There is none of that id.', notFound),
  );

/** `GET /:id`: one of them. */
export const ItemRoute = (summary: string, answer: z.ZodType, notFound: OpsError): MethodDecorator =>
  applyDecorators(Get(':id'), OneOfThem(summary, answer, notFound));

/** `DELETE /:id`: cancels what is left of one of them. */
export const CancelRoute = (
  summary: string,
  answer: z.ZodType,
  notFound: OpsError,
  ended: OpsError,
): MethodDecorator =>
  applyDecorators(Delete(':id'), OneOfThem(summary, answer, notFound), ErrorAnswer('It has ended.', ended));
