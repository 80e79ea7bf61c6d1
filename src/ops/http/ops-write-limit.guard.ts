import {
  HttpException,
  HttpStatus,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OpsOptions } from '../ops.options.js';
import { adminRequest, isWrite, requesterOf } from './admin-request.js';
import { WriteBudget } from './write-budget.js';

/**
 * At most `adminWritesPerMinute` writes a minute from one requester, counted in this instance, over all admin
 * endpoints together. It comes after the host's guard: whom that refuses cannot use up an admin's share.
 *
 * It needs no throttling module, which would be global to the application and change the host's own limits.
 */
@Injectable()
export class OpsWriteLimit implements CanActivate {
  private readonly budget: WriteBudget;

  public constructor(
    private readonly options: OpsOptions,
    private readonly host: HttpAdapterHost,
  ) {
    this.budget = new WriteBudget(options.adminWritesPerMinute);
  }

  /** @throws HttpException 429, with Retry-After in seconds */
  public canActivate(context: ExecutionContext): boolean {
    const request = adminRequest(context);
    const seconds = isWrite(request) ? this.budget.take(requesterOf(request)) : 0;
    if (seconds === 0) {
      return true;
    }
    this.host.httpAdapter.setHeader(context.switchToHttp().getResponse(), 'Retry-After', String(seconds));
    throw new HttpException(
      `At most ${this.options.adminWritesPerMinute} writes a minute are taken: try again in ${seconds} s.`,
      HttpStatus.TOO_MANY_REQUESTS,
    );
  }
}
