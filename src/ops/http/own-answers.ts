import {
  Injectable,
  Res,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { map, type Observable } from 'rxjs';

/** The innermost interceptor: what it gets is what the handler has answered, and nobody has changed it. */
@Injectable()
class SendAnswer implements NestInterceptor {
  public constructor(private readonly host: HttpAdapterHost) {}

  public intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response: unknown = context.switchToHttp().getResponse();
    return next.handle().pipe(
      // Passed on, it could be cached by the host's, which would then answer without asking the handler.
      map((answer: unknown) => {
        this.host.httpAdapter.reply(response, answer);
      }),
    );
  }
}

/**
 * The routes of the controller send their answers themselves. Clients of this module rely on its shapes, and many hosts
 * have a global interceptor that wraps every answer (`{ data }`): that one still runs, and changes nothing, since Nest
 * sends nothing for a handler that takes the response.
 */
export const OwnAnswers = (): ClassDecorator => (controller) => {
  const prototype = controller.prototype as Record<string, (...args: unknown[]) => unknown>;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const handler = prototype[name];
    if (name !== 'constructor' && handler !== undefined) {
      Res()(prototype, name, handler.length); // one more than it declares
    }
  }
  UseInterceptors(SendAnswer)(controller);
};
