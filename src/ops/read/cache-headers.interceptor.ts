import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { map, type Observable } from 'rxjs';
import { adminRequest } from '../http/admin-request.js';
import { entityTag, namesTag } from '../http/entity-tag.js';
import { addVary } from '../http/vary.js';
import { freshMs, type RangeAnswer } from './answer-freshness.js';

/**
 * Says for how long an answer may be taken for the present one, and answers 304 to who has it already. Express has tags
 * of its own where the host has not switched them off; Fastify has none.
 */
@Injectable()
export class CacheHeaders implements NestInterceptor {
  /** Of answers that are shared, once. */
  private readonly tags = new WeakMap<RangeAnswer, string>();

  public constructor(private readonly host: HttpAdapterHost) {}

  public intercept(
    context: ExecutionContext,
    next: CallHandler<RangeAnswer>,
  ): Observable<RangeAnswer | undefined> {
    const { httpAdapter } = this.host;
    const { headers } = adminRequest(context);
    const response: unknown = context.switchToHttp().getResponse();
    return next.handle().pipe(
      map((answer) => {
        const seconds = Math.floor(freshMs(answer, Date.now()) / 1000);
        const tag = this.tagOf(answer);
        httpAdapter.setHeader(response, 'Cache-Control', `private, max-age=${seconds}`);
        httpAdapter.setHeader(response, 'ETag', `W/${tag}`);
        // A browser's cache asks again, and so does the guard, when somebody else is logged in.
        addVary(httpAdapter, response, 'Authorization, Cookie');
        if (!namesTag(headers['if-none-match'], tag)) {
          return answer;
        }
        httpAdapter.status(response, 304);
        return undefined;
      }),
    );
  }

  private tagOf(answer: RangeAnswer): string {
    const tag = this.tags.get(answer) ?? entityTag(JSON.stringify(answer));
    this.tags.set(answer, tag);
    return tag;
  }
}
