import {
  applyDecorators,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiAcceptedResponse } from '@nestjs/swagger';
import type { Type } from '@nestjs/common';
import { tap, type Observable } from 'rxjs';
import { adminRequest } from './admin-request.js';

/** Names in the Location header where the thing that was taken is to be looked up: below the path of the request. */
@Injectable()
class LocationOfAccepted implements NestInterceptor {
  public constructor(private readonly host: HttpAdapterHost) {}

  public intercept(context: ExecutionContext, next: CallHandler<{ id: string }>): Observable<{ id: string }> {
    const { originalUrl, url } = adminRequest(context);
    const [path = ''] = (originalUrl ?? url).split('?');
    const response: unknown = context.switchToHttp().getResponse();
    return next.handle().pipe(
      tap(({ id }) => {
        this.host.httpAdapter.setHeader(response, 'Location', `${path.replace(/\/$/, '')}/${id}`);
      }),
    );
  }
}

/** 202 with the thing that was taken, and the Location header. */
export const Accepted = (type: Type): MethodDecorator =>
  applyDecorators(
    UseInterceptors(LocationOfAccepted),
    ApiAcceptedResponse({
      type,
      headers: {
        Location: {
          description: 'Where it is to be looked up.',
          schema: { type: 'string', example: '/admin/ops/verify/42' },
        },
      },
    }),
  );
